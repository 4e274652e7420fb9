"""Kustomizations are rendered by the real kubectl, charts by what is called helm; neither may do more."""

import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from gitops.git.foreign import RENDERED, _confined
from gitops.git.source import Source, SourceError, Special
from tests.gitops.repository import Repository

BASE: dict[str, str | None] = {
    "base/kustomization.yaml": "resources: [map.yaml]\n",
    "base/map.yaml": json.dumps({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "conf"}}),
    "live/kustomization.yaml": "namePrefix: live-\nresources: [../base]\n",
}
CHART: dict[str, str | None] = {"Chart.yaml": "apiVersion: v2\nname: shop\nversion: 1.0.0\n"}


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository(tmp_path / "site")


def rendered(repository: Repository, files: dict[str, str | None], **more: Any) -> Mapping[str, bytes]:
    """Commit these files and read the manifests of the commit."""
    sha = repository.commit("Change", files)
    special = Special(render=more.pop("render", ""))
    state = repository.directory.parent / "state"
    source = Source(str(repository.directory), state=state, special=special, **more)
    source.resolve()
    return source.files(sha)


@pytest.mark.parametrize("render", ["kustomize", "auto"])
def test_a_kustomization_is_deployed_as_it_is_rendered_with_bases_of_its_repository(
    repository: Repository, render: str
) -> None:
    found = rendered(repository, BASE, path="live", render=render)

    assert list(found) == [RENDERED]
    assert b"name: live-conf" in found[RENDERED]


def test_files_are_read_as_they_are_where_there_is_nothing_to_render(repository: Repository) -> None:
    assert list(rendered(repository, {"map.yaml": "{}"}, render="auto")) == ["map.yaml"]


@pytest.mark.parametrize(
    ("files", "more", "words"),
    [
        (
            BASE,
            {"path": "live"},
            "live holds a kustomization.yaml, which has to be rendered\nsay `render: kus",
        ),
        (CHART, {}, "holds a Chart.yaml, which has to be rendered\nsay `render: helm`"),
        (BASE, {"render": "kustomize"}, "holds no kustomization.yaml, though `render` says kustomize"),
        (BASE, {"path": "live", "render": "helm"}, "live holds no Chart.yaml, though"),
        (
            {"kustomization.yaml": "resources: [gone.yaml]"},
            {"render": "auto"},
            "kustomize can't render the rep",
        ),
        ({"kustomization.yaml": "resources: [/etc/hostname]"}, {"render": "auto"}, "kustomize can't render"),
        ({"kustomization.yaml": "nonsense: ["}, {"render": "auto"}, "kustomize can't render"),
    ],
)
def test_what_cannot_be_rendered_says_why_and_the_way_out(
    repository: Repository, files: dict[str, str | None], more: dict[str, str], words: str
) -> None:
    with pytest.raises(SourceError) as found:
        rendered(repository, files, **more)
    assert words in str(found.value)
    assert len(str(found.value).splitlines()) == 2
    assert "sloop-render-" not in str(found.value)


def test_a_link_out_of_the_repository_is_not_followed(repository: Repository, tmp_path: Path) -> None:
    (tmp_path / "secret.yaml").write_text(str(BASE["base/map.yaml"]))
    (repository.directory / "map.yaml").symlink_to(tmp_path / "secret.yaml")
    repository.git("add", "map.yaml")

    with pytest.raises(SourceError, match="kustomize can't render"):
        rendered(repository, {"kustomization.yaml": "resources: [map.yaml]"}, render="kustomize")


def test_who_renders_has_neither_network_nor_rights() -> None:
    script = "grep -c : /proc/net/dev; id -u; grep -E 'NoNewPrivs|CapEff' /proc/self/status; ulimit -t"
    told = subprocess.run(
        [*_confined(), "sh", "-c", script], capture_output=True, text=True, check=True, cwd="/"
    ).stdout.splitlines()

    assert told == ["1", "65534", "CapEff:\t0000000000000000", "NoNewPrivs:\t1", "60"]


@pytest.fixture
def helm(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Put something else in Helm's place that says what it is asked for, where nobody may read it."""
    with tempfile.TemporaryDirectory() as directory:
        program = Path(directory, "helm")
        Path(directory).chmod(0o755)
        program.write_text('#!/bin/sh\necho "# $1 $2 $4 $5 $6"\ncat "$3/values.yaml"\n')
        program.chmod(0o755)
        monkeypatch.setenv("PATH", directory, prepend=os.pathsep)
        yield program


@pytest.mark.usefixtures("helm")
def test_a_chart_is_rendered_as_a_release_of_its_own_name_or_told_to_have_one(
    repository: Repository,
) -> None:
    found = rendered(repository, {**CHART, "values.yaml": "a: 1\n"}, render="auto")

    assert found == {RENDERED: b"# template shop --namespace default --skip-tests\na: 1\n"}
    with pytest.raises(SourceError, match=r"Chart\.yaml has no usable name"):
        rendered(repository, {"Chart.yaml": "name: -x\n"}, render="helm")


def test_a_program_that_is_not_there_is_told_with_how_to_get_it(
    repository: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/git").symlink_to(str(shutil.which("git")))
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))

    with pytest.raises(SourceError, match=r"neither kustomize nor kubectl is installed.*\n.*apt install"):
        rendered(repository, BASE, path="live", render="kustomize")
    with pytest.raises(SourceError, match=r"helm is not installed.*\n.*https"):
        rendered(repository, CHART, render="helm")
