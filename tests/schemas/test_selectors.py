"""Selectors choose what Kubernetes' own tables say."""

import json
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from schemas.selectors import LabelSelector, Requirement, matches

TABLES = json.loads((Path(__file__).parents[1] / "kubernetes/label_selector.json").read_text())
ONLY_FOR_NODES = ("GreaterThan", "LessThan")
MATCHES = [
    row
    for row in TABLES["requirement_match"]
    if not any(each["operator"] in ONLY_FOR_NODES for each in row["requirements"])
]
REQUIREMENTS = [row for row in TABLES["requirement_valid"] if row["operator"] not in ONLY_FOR_NODES]
VALID = [row for row in REQUIREMENTS if row["valid"]]
INVALID = [row for row in REQUIREMENTS if not row["valid"]]
OBJECTS = [row["labelSelector"] for row in TABLES["label_selector_object"] if "error" not in row]
BROKEN = [row["labelSelector"] for row in TABLES["label_selector_object"] if "error" in row]


@pytest.mark.parametrize("row", MATCHES)
def test_a_selector_chooses_by_its_expressions(row: dict[str, Any]) -> None:
    selector = LabelSelector.model_validate({"matchExpressions": row["requirements"]})

    assert matches(selector, row["labels"]) is row["match"]


@pytest.mark.parametrize("row", VALID)
def test_a_valid_requirement_is_taken(row: dict[str, Any]) -> None:
    fields = {name: row[name] for name in ("key", "operator", "values")}

    assert Requirement.model_validate(fields).key == row["key"]


@pytest.mark.parametrize("row", INVALID)
def test_an_invalid_requirement_is_refused(row: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Requirement.model_validate({name: row[name] for name in ("key", "operator", "values")})


@pytest.mark.parametrize("selector", [each for each in OBJECTS if each is not None])
def test_a_valid_selector_is_taken(selector: dict[str, Any]) -> None:
    assert LabelSelector.model_validate(selector)


@pytest.mark.parametrize("selector", BROKEN)
def test_an_invalid_selector_is_refused(selector: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        LabelSelector.model_validate(selector)


def test_no_selector_chooses_nothing() -> None:
    assert not matches(None, {"app": "web"})


def test_an_empty_selector_chooses_everything() -> None:
    assert matches(LabelSelector(), {"app": "web"})
    assert matches(LabelSelector(), {})


@pytest.mark.parametrize(
    ("labels", "chosen"),
    [({"app": "web"}, True), ({"app": "web", "tier": "front"}, True), ({"app": "api"}, False), ({}, False)],
)
def test_every_label_must_be_the_same(labels: dict[str, str], chosen: bool) -> None:
    selector = LabelSelector.model_validate({"matchLabels": {"app": "web"}})

    assert matches(selector, labels) is chosen
