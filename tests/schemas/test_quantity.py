"""Quantities are read and spelt as Kubernetes does, by its own tables."""

import json
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.quantity import Format, Quantity, parse, read, round_up

TABLES = json.loads((Path(__file__).parents[1] / "kubernetes/quantity.json").read_text())
SIGNED = [
    (sign + row["input"], Decimal(row["value"]) * factor, row["format"])
    for row in TABLES["parse"]
    for sign, factor in (("", 1), ("+", 1), ("-", -1))
]


@pytest.mark.parametrize(("text", "value", "form"), SIGNED)
def test_a_quantity_is_read_exactly(text: str, value: Decimal, form: str) -> None:
    quantity = parse(text)

    assert quantity.value == value
    assert quantity.format is Format(form)


@pytest.mark.parametrize("text", TABLES["invalid"])
def test_what_is_no_quantity_is_an_error(text: str) -> None:
    with pytest.raises(ValueError, match=r"quantity|suffix"):
        parse(text)


@pytest.mark.parametrize("row", TABLES["canonical_roundtrip"])
def test_a_quantity_has_one_spelling(row: dict[str, str]) -> None:
    quantity = Quantity(Decimal(row["value"]), Format(row["format"]))

    assert str(quantity) == row["canonical"]
    assert parse(str(quantity)).value == quantity.value


@pytest.mark.parametrize("row", TABLES["parse_emit"])
def test_a_quantity_that_was_read_is_spelt_canonically(row: dict[str, str]) -> None:
    assert str(parse(row["input"])) == row["canonical"]


@pytest.mark.parametrize("row", TABLES["round_up"])
def test_rounding_goes_away_from_zero(row: dict[str, str]) -> None:
    assert round_up(Decimal(row["input"]), int(row["scale"])) == Decimal(row["rounded"])


@pytest.mark.parametrize("row", TABLES["as_float"])
def test_a_quantity_is_near_its_float(row: dict[str, str]) -> None:
    assert float(parse(row["input"]).value) == pytest.approx(float(row["approx_float"]))


@pytest.mark.parametrize(
    ("text", "millicores", "size"),
    [
        ("500m", 500, 1),
        ("2", 2000, 2),
        ("1.5", 1500, 2),
        ("0.0001", 1, 1),
        ("128Mi", 134217728000, 134217728),
    ],
)
def test_cores_and_bytes_are_whole_and_never_too_few(text: str, millicores: int, size: int) -> None:
    assert parse(text).millicores == millicores
    assert parse(text).bytes == size


@pytest.mark.parametrize("value", [1, 0.5, "1"])
def test_a_manifest_may_have_numbers(value: object) -> None:
    assert read(value).value == Decimal(str(value))


@pytest.mark.parametrize("value", [True, None, [], {}, float("nan")])
def test_a_manifest_may_have_nothing_else(value: object) -> None:
    with pytest.raises(ValueError, match="quantity"):
        read(value)


def test_an_amount_is_not_negative() -> None:
    with pytest.raises(ValueError, match="negative"):
        read("-1")


@pytest.mark.parametrize(
    "text", ["1e100", "-1e-100", "9" * 99, "9" * 98 + "E", "." + "9" * 98, "9" * 40 + "e40"]
)
def test_a_huge_quantity_is_read_like_any_other(text: str) -> None:
    assert parse(str(parse(text))).value == parse(text).value
    assert parse(text).millicores >= parse(text).bytes or parse(text).value < 0


@given(st.text(alphabet="0123456789.+-eEnumkKMGTPi ", max_size=12) | st.text(max_size=20))
def test_any_text_is_read_or_refused_by_name(text: str) -> None:
    try:
        quantity = parse(text)
    except ValueError:
        return

    assert parse(str(quantity)).value == quantity.value
