"""Numbers and percentages are read and rounded as Kubernetes does, by its own tables."""

import json
from pathlib import Path
from typing import Any

import pytest

from schemas.int_or_percent import read, scaled

TABLES = json.loads((Path(__file__).parents[1] / "kubernetes/int_or_percent.json").read_text())


@pytest.mark.parametrize("row", [row for row in TABLES["scaled_value"] if not row["error"]])
def test_a_percentage_is_rounded_the_way_it_is_asked(row: dict[str, Any]) -> None:
    assert scaled(row["input"], row["total"], round_up=row["round_up"]) == row["value"]


@pytest.mark.parametrize("row", [row for row in TABLES["scaled_value"] if row["error"]])
def test_a_text_that_is_no_percentage_has_no_value(row: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="percentage"):
        scaled(row["input"], row["total"], round_up=row["round_up"])


@pytest.mark.parametrize("row", [row for row in TABLES["int_or_percent_value"] if not row["error"]])
def test_a_manifest_may_have_a_number_or_a_percentage(row: dict[str, Any]) -> None:
    assert read(row["input"]) == row["input"]


@pytest.mark.parametrize("value", [row["input"] for row in TABLES["int_or_percent_value"] if row["error"]])
def test_a_manifest_may_have_no_other_text(value: str) -> None:
    with pytest.raises(ValueError, match="percentage"):
        read(value)


@pytest.mark.parametrize("value", [True, -1, 1.5, None, []])
def test_a_manifest_may_have_no_other_value(value: object) -> None:
    with pytest.raises(ValueError, match="percentage"):
        read(value)
