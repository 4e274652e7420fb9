"""Numbers that may be a percentage of another: ``3`` or ``25%``."""

import re
from typing import Annotated, Any

from pydantic import PlainValidator

_PERCENT = re.compile(r"[0-9]+%")
_LONGEST = 10


def is_percent(text: str) -> bool:
    """Say whether a text is a percentage as Kubernetes takes it."""
    return len(text) <= _LONGEST and _PERCENT.fullmatch(text) is not None


def scaled(value: int | str, total: int, *, round_up: bool) -> int:
    """Return a number as it is, and a percentage of the total, rounded to a whole.

    Raises ValueError for a text that is no percentage. Source: apimachinery's intstr.go.
    """
    if isinstance(value, int):
        return value
    if not is_percent(value):
        raise ValueError(f"must be a number or a percentage such as 25%, not {value!r}")
    hundredths = int(value[:-1]) * total
    return -(-hundredths // 100) if round_up else hundredths // 100


def read(value: Any) -> int | str:
    """Take a number from 0, or a percentage, as manifests have it."""
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return value
    if isinstance(value, str) and is_percent(value):
        return value
    raise ValueError("must be a number from 0, or a percentage such as 25%")


IntOrPercent = Annotated[int | str, PlainValidator(read)]
