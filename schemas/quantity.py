"""Kubernetes' resource quantities, exact: ``500m``, ``1.5Gi``, ``2e3``."""

import re
from dataclasses import dataclass
from decimal import ROUND_UP, Context, Decimal
from enum import Enum
from typing import Annotated, Any

from pydantic import PlainSerializer, PlainValidator

_SHAPE = re.compile(r"([+-]?)(\d+\.?\d*|\.\d+)([numkKMGTPE]i?|[eE][+-]?\d+)?")
_DECIMAL = {"n": -9, "u": -6, "m": -3, "": 0, "k": 3, "M": 6, "G": 9, "T": 12, "P": 15, "E": 18}
_BINARY = {"": 0, "Ki": 1, "Mi": 2, "Gi": 3, "Ti": 4, "Pi": 5, "Ei": 6}
_EXACT = Context(prec=500, Emax=10**6, Emin=-(10**6))
_NANO = Decimal("1e-9")
_LONGEST = 100


class Format(Enum):
    """The way in which a quantity is written."""

    BINARY = "BinarySI"
    DECIMAL = "DecimalSI"
    EXPONENT = "DecimalExponent"


@dataclass(frozen=True, slots=True)
class Quantity:
    """An exact amount; ``str`` gives Kubernetes' canonical spelling of it."""

    value: Decimal
    format: Format

    @property
    def millicores(self) -> int:
        """The amount in thousandths (of a core), rounded up."""
        return int(round_up(self.value, -3).scaleb(3, _EXACT))

    @property
    def bytes(self) -> int:
        """The amount in whole units (bytes), rounded up."""
        return int(round_up(self.value, 0))

    def __str__(self) -> str:
        return canonical(self)


def parse(text: str) -> Quantity:
    """Read a quantity, rounded away from zero to the nano.

    Raises ValueError for what Kubernetes doesn't take either. Source: apimachinery's quantity.go.
    """
    match = _SHAPE.fullmatch(text) if len(text) <= _LONGEST else None
    if match is None:
        raise ValueError("must be a quantity such as 500m, 2, 1.5 or 256Mi")
    sign, digits, suffix = match.groups()
    factor, form = _scale(suffix or "")
    value = _EXACT.multiply(Decimal(sign + digits), factor)
    return Quantity(_rounded(value), _format_of(value, form))


def _scale(suffix: str) -> tuple[Decimal, Format]:
    if suffix in _DECIMAL:
        return Decimal(1).scaleb(_DECIMAL[suffix]), Format.DECIMAL
    if suffix in _BINARY:
        return Decimal(1024 ** _BINARY[suffix]), Format.BINARY
    if suffix[0] in "eE" and suffix[1:].lstrip("+-").isdigit() and abs(int(suffix[1:])) <= _LONGEST:
        return Decimal(1).scaleb(int(suffix[1:])), Format.EXPONENT
    raise ValueError(f"has a suffix that no quantity has: {suffix!r} (m, k, M, G or Ki, Mi, Gi)")


def _rounded(value: Decimal) -> Decimal:
    return value.quantize(_NANO, ROUND_UP, _EXACT).normalize(_EXACT) if value else Decimal(0)


def _format_of(value: Decimal, form: Format) -> Format:
    return Format.DECIMAL if form is Format.BINARY and abs(value) < 1024 and not _is_whole(value) else form


def round_up(value: Decimal, scale: int) -> Decimal:
    """Return a value rounded away from zero to a multiple of ten to the power ``scale``."""
    return value.quantize(Decimal(1).scaleb(scale), ROUND_UP, _EXACT)


def canonical(quantity: Quantity) -> str:
    """Spell a quantity with no fraction and the largest suffix that allows it."""
    value, form = quantity.value, quantity.format
    if form is Format.BINARY and _is_whole(value):
        return _binary(int(value))
    return _decimal(value, form)


def _binary(value: int) -> str:
    suffix = next(s for s, power in reversed(_BINARY.items()) if not value % 1024**power or not power)
    return f"{value // 1024 ** _BINARY[suffix]}{suffix}" if value else "0"


def _decimal(value: Decimal, form: Format) -> str:
    if not value:
        return "0"
    scales = reversed(_DECIMAL.items())
    suffix, power = next((s, p) for s, p in scales if _is_whole(value.scaleb(-p, _EXACT)))
    number = int(value.scaleb(-power, _EXACT))
    if form is Format.EXPONENT:
        return f"{number}e{power}" if power else str(number)
    return f"{number}{suffix}"


def _is_whole(value: Decimal) -> bool:
    return value == value.to_integral_value(context=_EXACT)


def read(value: Any) -> Quantity:
    """Take an amount as manifests have it: a string or a number, from 0."""
    if isinstance(value, Quantity):
        return value
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise ValueError("must be a quantity such as 500m, 2, 1.5 or 256Mi")
    quantity = parse(str(value))
    if quantity.value < 0:
        raise ValueError("must not be negative")
    return quantity


Amount = Annotated[Quantity, PlainValidator(read), PlainSerializer(str, return_type=str)]
