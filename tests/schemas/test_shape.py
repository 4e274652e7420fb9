"""The models have every field of Kubernetes, and each field has a class with a reason."""

import json
from importlib import import_module
from pathlib import Path

import pytest

from schemas.apps import Deployment
from schemas.core import Pod
from schemas.kinds import KINDS
from schemas.model import Model, Noted, Refused
from schemas.pod import PodSpec
from schemas.shape import entries, marked, model_at, shape

FIELDS = json.loads((Path(__file__).parents[1] / "kubernetes/fields.json").read_text())["fields"]
ENTRIES = [(kind, entry) for (_, kind), model in KINDS.items() for entry in entries(model)]


@pytest.mark.parametrize("name", FIELDS)
def test_a_model_has_every_field_of_kubernetes(name: str) -> None:
    module, _, model = name.rpartition(".")

    assert set(FIELDS[name]) <= set(shape(getattr(import_module(module), model)))


@pytest.mark.parametrize(("kind", "entry"), [each for each in ENTRIES if each[1].kind != "honoured"])
def test_what_is_not_honoured_has_a_reason(kind: str, entry: object) -> None:
    assert kind
    assert len(getattr(entry, "reason")) > 10  # noqa: B009 (entries of several kinds)


def test_every_field_of_a_kind_has_its_class() -> None:
    found = {entry.path: (entry.kind, entry.partly) for entry in entries(Deployment)}

    assert found["spec.replicas"] == ("honoured", False)
    assert found["spec.revisionHistoryLimit"] == ("honoured", False)
    assert found["spec.template.spec.containers[].image"] == ("honoured", False)
    assert found["spec.template.spec.containers[].restartPolicy"] == ("refused", False)
    assert found["spec.template.spec.initContainers[].restartPolicy"] == ("honoured", False)
    assert found["spec.template.spec.hostUsers"] == ("refused", True)
    assert found["spec.template.spec.volumes[].nfs"] == ("refused", False)


def test_what_is_inside_a_field_without_effect_is_not_listed() -> None:
    paths = [entry.path for entry in entries(Pod)]

    assert "spec.affinity" in paths
    assert not [path for path in paths if path.startswith("spec.affinity.")]


@pytest.mark.parametrize(
    ("path", "model"),
    [
        ((), Pod),
        (("spec",), PodSpec),
        (("spec", "containers", 0, "env", 3), "EnvVar"),
        (("spec", "nobody"), None),
        (("spec", "hostname"), None),
        (("metadata", "labels", "app"), None),
    ],
)
def test_a_path_leads_to_a_model(path: tuple[str | int, ...], model: type[Model] | str | None) -> None:
    found = model_at(Pod, path)

    assert found is model or getattr(found, "__name__", None) == model


def test_marks_are_found_in_data_of_any_shape() -> None:
    data = {
        "spec": {
            "hostUsers": False,
            "nodeName": "n",
            "containers": [7, {"lifecycle": {}, "ports": "x"}, {"restartPolicy": "Always"}],
            "volumes": {"nfs": {}},
        }
    }

    found = {path: type(mark) for path, mark in marked(Pod, data)}

    assert found == {
        ("spec", "hostUsers"): Refused,
        ("spec", "nodeName"): Noted,
        ("spec", "containers", 2, "restartPolicy"): Refused,
        ("spec", "volumes", "nfs"): Refused,
    }


@pytest.mark.parametrize(
    "data", [None, 1, "x", [], {}, {"spec": None}, {"spec": 3}, {"spec": {"hostPID": None}}]
)
def test_nothing_is_marked_where_nothing_is(data: object) -> None:
    assert list(marked(Pod, data)) == []
