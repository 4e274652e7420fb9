"""Loading never raises: whatever the files hold, there are objects, problems and notices."""

import json
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from schemas.apps import Deployment
from schemas.core import Secret
from schemas.load import load
from schemas.problems import Problem

DEPLOYMENT: dict[str, Any] = {
    "apiVersion": "apps/v1",
    "kind": "Deployment",
    "metadata": {"name": "web", "labels": {"a": "b"}},
    "spec": {
        "replicas": 2,
        "selector": {"matchLabels": {"app": "web"}},
        "strategy": {"rollingUpdate": {"maxSurge": "25%", "maxUnavailable": 0}},
        "template": {
            "metadata": {"labels": {"app": "web"}},
            "spec": {
                "affinity": {"nodeAffinity": {}},
                "securityContext": {"runAsUser": 1},
                "volumes": [{"name": "a", "emptyDir": {"sizeLimit": "1Gi"}}],
                "containers": [
                    {
                        "name": "web",
                        "image": "nginx",
                        "env": [{"name": "A", "value": "x"}],
                        "ports": [{"containerPort": 80, "name": "http"}],
                        "livenessProbe": {"httpGet": {"port": "http"}},
                        "resources": {"limits": {"cpu": "1", "memory": "1Gi"}},
                        "volumeMounts": [{"name": "a", "mountPath": "/a"}],
                    }
                ],
            },
        },
    },
}
SCALARS = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.sampled_from(["1Gi", "25%", "a"])
)
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=8
)
NAMES = st.sampled_from(
    ["name", "spec", "env", "value", "key", "items", "kind", "apiVersion", "metadata", "List"]
)
YAML_ISH = st.text(alphabet="ab:-?[]{},&*!|>'\"%#@ \n\t0.~<", max_size=60)


def _paths(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(each for key, inner in items for each in _paths(inner, (*path, key)))]


def _changed(value: Any, path: tuple[Any, ...], new: Any) -> Any:
    if not path:
        return new
    copy = value.copy()
    copy[path[0]] = _changed(value[path[0]], path[1:], new)
    return copy


def _complete(problem: Problem) -> bool:
    return bool(problem.file == "f.yaml" and problem.message and problem.line >= 0 and problem.column >= 0)


@given(st.binary(max_size=200) | YAML_ISH.map(str.encode))
def test_any_bytes_are_loaded_or_told(content: bytes) -> None:
    loaded = load({"f.yaml": content})

    assert all(_complete(problem) for problem in loaded.problems + loaded.notices)
    assert loaded.problems == tuple(sorted(loaded.problems))


@given(st.sampled_from(_paths(DEPLOYMENT)), VALUES | st.dictionaries(NAMES, VALUES))
def test_any_change_of_a_manifest_is_loaded_or_told(path: tuple[Any, ...], new: Any) -> None:
    text = yaml.safe_dump(_changed(DEPLOYMENT, path, new), allow_unicode=True)

    loaded = load({"f.yaml": text.encode("utf-8", "replace")})

    assert all(problem.line > 0 and problem.column > 0 for problem in loaded.problems)
    assert all(_complete(problem) for problem in loaded.problems + loaded.notices)


@pytest.mark.parametrize("path", _paths(DEPLOYMENT))
@pytest.mark.parametrize(
    "new", [None, True, 7, -1, 1.5, "", "x y", [], [None], {}, {"x": 1}, [[]], {"name": {}}]
)
def test_any_value_at_any_place_is_loaded_or_told(path: tuple[Any, ...], new: Any) -> None:
    text = json.dumps(_changed(DEPLOYMENT, path, new))

    loaded = load({"f.yaml": text.encode()})

    assert all(problem.line > 0 and problem.column > 0 for problem in loaded.problems)


def test_a_manifest_carries_object_place_and_document() -> None:
    text = "# first\n---\n" + yaml.safe_dump(DEPLOYMENT)

    (manifest,) = load({"web.yaml": text.encode()}).manifests

    assert isinstance(manifest.object, Deployment)
    assert (manifest.file, manifest.line) == ("web.yaml", 3)
    assert manifest.document == DEPLOYMENT


def test_an_object_of_a_list_has_its_own_line() -> None:
    text = b"apiVersion: v1\nkind: List\nitems:\n  - {apiVersion: v1, kind: ConfigMap, metadata: {name: a}}\n"

    (manifest,) = load({"f.yaml": text}).manifests

    assert manifest.line == 4
    assert manifest.document["kind"] == "ConfigMap"


@pytest.mark.parametrize(
    "metadata", [{"name": "a"}, {"name": "a", "namespace": None}, {"name": "a", "namespace": ""}]
)
def test_a_namespace_that_is_not_said_is_the_default(metadata: dict[str, Any]) -> None:
    text = yaml.safe_dump({"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata})

    (manifest,) = load({"f.yaml": text.encode()}, default_namespace="shop").manifests

    assert manifest.object.metadata.namespace == "shop"
    assert manifest.document["metadata"] == metadata


def test_a_secret_is_never_shown() -> None:
    text = b"""\
apiVersion: v1
kind: Secret
metadata: {name: s, annotations: {x: hunter0}}
stringData: {a: hunter1}
data: {b: aHVudGVyMg==}
"""

    loaded = load({"f.yaml": text})

    (manifest,) = loaded.manifests
    assert isinstance(manifest.object, Secret)
    assert manifest.object.values == {"a": b"hunter1", "b": b"hunter2"}
    shown = f"{loaded!r} {manifest!r} {manifest.object!r} {manifest.object}"
    assert "hunter" not in shown
    assert "aHVudGVyMg" not in shown


def test_files_are_read_in_the_order_of_their_names() -> None:
    text = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: %s}\n"

    loaded = load({name: (text % name).encode() for name in ("b", "a", "c")})

    assert [each.object.metadata.name for each in loaded.manifests] == ["a", "b", "c"]


def test_nothing_is_nothing() -> None:
    loaded = load({})

    assert (loaded.manifests, loaded.problems, loaded.notices) == ((), (), ())


def test_thousands_of_problems_in_one_object_are_cut_short() -> None:
    text = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n" + "".join(
        f"x{i}: {i}\n" for i in range(20_000)
    )

    problems = load({"f.yaml": text.encode()}).problems

    assert len(problems) == 501
    assert "and 19500 more problems in this object" in {problem.message for problem in problems}


def test_more_than_kubernetes_keeps_is_refused() -> None:
    text = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {a: " + "x" * 2**20 + "x}\n"

    assert [str(problem) for problem in load({"f.yaml": text.encode()}).problems] == [
        "f.yaml:1:1: more than 1 MiB, which is all that Kubernetes allows"
    ]
