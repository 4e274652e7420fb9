"""Which machine a pod is for."""

from typing import Any

import pytest

from reconcilers.nodes import is_for
from schemas.placement import PlacedPodSpec

LABELS = {"kubernetes.io/os": "linux", "disk": "ssd", "cores": "8"}
CONTAINERS = [{"name": "c", "image": "x"}]


def placed(**fields: Any) -> bool:
    """Say whether a pod with these fields is for the machine of these tests."""
    return is_for(PlacedPodSpec.model_validate({"containers": CONTAINERS, **fields}), "mast", LABELS)


def required(*terms: dict[str, Any]) -> dict[str, Any]:
    needed = {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": list(terms)}}
    return {"nodeAffinity": needed}


def term(key: str, operator: str, *values: str) -> dict[str, Any]:
    return {"matchExpressions": [{"key": key, "operator": operator, "values": list(values)}]}


def test_without_a_wish_a_pod_is_for_every_machine() -> None:
    assert placed()
    assert placed(affinity={})
    assert placed(affinity={"nodeAffinity": {}})


def test_every_label_of_the_selector_must_be_there() -> None:
    assert placed(nodeSelector={"disk": "ssd", "kubernetes.io/os": "linux"})
    assert not placed(nodeSelector={"disk": "ssd", "zone": "a"})


@pytest.mark.parametrize(
    ("key", "operator", "values", "expected"),
    [
        ("disk", "In", ("hdd", "ssd"), True),
        ("disk", "In", ("hdd",), False),
        ("zone", "In", ("a",), False),
        ("disk", "NotIn", ("hdd",), True),
        ("disk", "NotIn", ("ssd",), False),
        ("zone", "NotIn", ("a",), True),
        ("disk", "Exists", (), True),
        ("zone", "Exists", (), False),
        ("disk", "DoesNotExist", (), False),
        ("zone", "DoesNotExist", (), True),
        ("cores", "Gt", ("7",), True),
        ("cores", "Gt", ("8",), False),
        ("cores", "Lt", ("9",), True),
        ("cores", "Lt", ("8",), False),
        ("disk", "Gt", ("1",), False),
        ("zone", "Lt", ("1",), False),
    ],
)
def test_an_expression_holds_as_in_kubernetes(
    key: str, operator: str, values: tuple[str, ...], *, expected: bool
) -> None:
    assert placed(affinity=required(term(key, operator, *values))) is expected


def test_one_term_is_enough_and_all_of_its_expressions_must_hold() -> None:
    fits, misses = term("disk", "Exists"), term("zone", "Exists")
    both = {"matchExpressions": fits["matchExpressions"] + misses["matchExpressions"]}

    assert placed(affinity=required(misses, fits))
    assert not placed(affinity=required(both))


def test_an_empty_term_is_for_no_machine() -> None:
    assert not placed(affinity=required({}))


@pytest.mark.parametrize(("name", "expected"), [("mast", True), ("other", False)])
def test_a_machine_may_be_named(name: str, *, expected: bool) -> None:
    field = {"matchFields": [{"key": "metadata.name", "operator": "In", "values": [name]}]}

    assert placed(affinity=required(field)) is expected


def test_selector_and_affinity_must_both_fit() -> None:
    assert not placed(nodeSelector={"zone": "a"}, affinity=required(term("disk", "Exists")))
