"""Plain scalars mean what go-yaml makes of them."""

from typing import Any

import pytest

from schemas.scalars import Irregular, resolve

MEANINGS: list[tuple[str, Any]] = [
    ("", None),
    ("~", None),
    ("null", None),
    ("Null", None),
    ("nULL", "nULL"),
    ("true", True),
    ("yes", True),
    ("on", True),
    ("y", True),
    ("No", False),
    ("OFF", False),
    ("yES", "yES"),
    ("0755", 0o755),
    ("0o755", 0o755),
    ("-0755", -0o755),
    ("08", 8),
    ("0x1F", 31),
    ("0X1f", 31),
    ("0b101", 5),
    ("0", 0),
    ("+1", 1),
    ("-1", -1),
    ("1_000", 1000),
    ("12345678901234567890", 12345678901234567890),
    ("1e3", 1000),
    ("1.0", 1),
    ("1.5", 1.5),
    (".5", 0.5),
    ("1.", 1),
    ("-1.5e-3", -0.0015),
    ("1e999", "1e999"),
    ("1e22", 1e22),
    ("22:22", "22:22"),
    ("1:30:00", "1:30:00"),
    ("2024-01-01", "2024-01-01"),
    ("2024-01-01T10:00:00Z", "2024-01-01T10:00:00Z"),
    ("1.2.3", "1.2.3"),
    ("0x", "0x"),
    ("0o8", "0o8"),
    ("500m", "500m"),
    ("1e", "1e"),
    ("-", "-"),
    ("+", "+"),
    (".", "."),
    ("..", ".."),
    ("a", "a"),
    ("é", "é"),
    ("٣", "٣"),
    ("1٣", "1٣"),
    ("9" * 5000, "9" * 5000),
]


@pytest.mark.parametrize(("text", "meaning"), MEANINGS)
def test_a_plain_scalar_means_what_kubernetes_reads(text: str, meaning: Any) -> None:
    value = resolve(text)

    assert value == meaning
    assert type(value) is type(meaning)


@pytest.mark.parametrize("text", [".inf", "-.INF", "+.Inf", ".nan", ".NaN"])
def test_a_number_that_json_lacks_is_irregular(text: str) -> None:
    with pytest.raises(Irregular, match="quote it"):
        resolve(text)
