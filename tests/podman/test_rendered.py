"""An overlay, rendered by the real kubectl, and a chart are deployed, changed and rolled back."""

import json
import os
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.podman.manifests import ONE, TWO, deployment
from tests.podman.program import Program

Files = dict[str, str | None]

# What `helm template NAME DIRECTORY --namespace default --skip-tests` does, for charts as simple as this one.
HELM = """\
#!/bin/sh
test "$1 $4 $5 $6" = "template --namespace default --skip-tests" || exit 1
image=$(sed -n 's/^image: //p' "$3/values.yaml")
sed -e "s|{{ .Release.Name }}|$2|g" -e "s|{{ .Values.image }}|$image|g" "$3"/templates/*.yaml
"""


def base() -> Files:
    """Return what all places have in common: a pod that reads what an overlay generates."""
    key = {"configMapKeyRef": {"name": "settings", "key": "color"}}
    web = deployment(env=[{"name": "COLOR", "valueFrom": key}])
    return {
        "base/kustomization.yaml": "resources: [web.yaml]\n",
        "base/web.yaml": json.dumps(web),
    }


def overlay(color: str, tag: str) -> Files:
    """Return what one place has otherwise: its name before all, another image, generated configuration."""
    lines = (
        "namePrefix: live-",
        "resources: [../../base]",
        f"configMapGenerator: [{{name: settings, literals: [color={color}]}}]",
        f"images: [{{name: localhost/sloop/busybox, newTag: '{tag}'}}]",
    )
    return {"places/live/kustomization.yaml": "\n".join(lines) + "\n"}


def chart(image: str) -> Files:
    """Return a chart of one Deployment, that is called as its release."""
    made = deployment("NAME", "IMAGE")
    template = json.dumps(made).replace("NAME", "{{ .Release.Name }}").replace("IMAGE", "{{ .Values.image }}")
    return {
        "Chart.yaml": "apiVersion: v2\nname: shop\nversion: 1.0.0\n",
        "values.yaml": f"image: {image}\n",
        "templates/web.yaml": template + "\n",
    }


def configured(program: Program, **said: str) -> Program:
    """Return the program with a configuration that says this of its source."""
    file = program.state.parent / "sloop.yaml"
    source = {"name": "site", "url": str(program.repository.directory), **said}
    file.write_text(json.dumps({"sources": [source]}))
    return replace(program, config=file)


def color(program: Program) -> str:
    """Return what the one pod was given by the overlay."""
    (name,) = program.running()
    return program.do(name, "sh", "-c", "echo $COLOR").strip()


@pytest.mark.parametrize("render", ["kustomize", "auto"])
def test_an_overlay_is_deployed_changed_and_rolled_back(program: Program, render: str) -> None:
    program = configured(program, path="places/live", render=render)
    program.repository.commit("Blue", {**base(), **overlay("blue", "1")})
    assert program.run("apply").code == 0
    assert (program.images(), color(program)) == ([ONE], "blue")
    assert [one["name"] for one in program.json("status")["objects"] if one["kind"] == "Deployment"] == [
        "live-web"
    ]
    blue = program.ids()
    assert program.run("apply").code == 0
    assert program.ids() == blue

    program.repository.commit("Green", overlay("green", "2"))
    told = program.json("diff")
    assert {(one["kind"], one["name"], one["verdict"]) for one in told["changes"]} >= {
        ("Deployment", "live-web", "update")
    }
    assert program.run("apply").code == 0
    assert (program.images(), color(program)) == ([TWO], "green")

    assert program.run("rollback").code == 0
    assert (program.images(), color(program)) == ([ONE], "blue")
    assert program.run("diff").code == 0


def test_an_overlay_that_cannot_be_rendered_changes_nothing(program: Program) -> None:
    program = configured(program, path="places/live", render="kustomize")
    program.repository.commit("Blue", {**base(), **overlay("blue", "1")})
    assert program.run("apply").code == 0
    before = program.ids()

    program.repository.commit("Broken", {"base/web.yaml": None})
    said = program.run("apply")

    assert said.code in {2, 4}
    assert "kustomize can't render places/live" in said.err
    assert "web.yaml" in said.err
    assert program.ids() == before


@pytest.fixture
def helm() -> Iterator[str]:
    """Put something in Helm's place that fills in as it does, where nobody may read it."""
    with tempfile.TemporaryDirectory() as directory:
        program = Path(directory, "helm")
        Path(directory).chmod(0o755)
        program.write_text(HELM)
        program.chmod(0o755)
        yield f"{directory}{os.pathsep}{os.environ['PATH']}"


def test_a_chart_is_deployed_changed_and_rolled_back(program: Program, helm: str) -> None:
    program = configured(program, render="helm")
    program.repository.commit("One", chart(ONE))
    assert program.run("apply", PATH=helm).code == 0
    assert program.images() == [ONE]

    program.repository.commit("Two", chart(TWO))
    assert program.run("apply", PATH=helm).code == 0
    assert program.images() == [TWO]

    assert program.run("rollback", PATH=helm).code == 0
    assert program.images() == [ONE]
