"""Plain scalars as Kubernetes reads them: YAML 1.1 in the way of go-yaml, which its tools use."""

import re
from typing import Any

_WORDS: dict[str, Any] = {
    "": None,
    **dict.fromkeys(("~", "null", "Null", "NULL"), None),
    **dict.fromkeys(("y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON"), True),
    **dict.fromkeys(("n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF"), False),
}
_HINTS = frozenset("0123456789+-.yYnNtTfFoO~")
_INTEGERS = (
    (16, re.compile(r"[-+]?0[xX][0-9a-fA-F]+")),
    (8, re.compile(r"[-+]?0[oO]?[0-7]+")),
    (2, re.compile(r"[-+]?0[bB][01]+")),
    (10, re.compile(r"[-+]?(0|[1-9][0-9]*)")),
)
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_DATE = re.compile(r"[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}([tT ].*)?")
_NOT_FINITE = re.compile(r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")
_LONGEST = 300
_EXACT = 1e15


class Irregular(ValueError):
    """A node that is no plain data: no JSON could say it, and so Kubernetes doesn't take it."""


def resolve(text: str) -> Any:
    """Return what a plain scalar means: null, a boolean, a number, or the text itself.

    No times and no base 60: both stay texts. Raises Irregular for infinity and NaN.
    Source: go-yaml v2's resolve.go.
    """
    if text and text[0] not in _HINTS:
        return text
    if text in _WORDS:
        return _WORDS[text]
    return _number(text) if text[0] in "0123456789+-." else text


def _number(text: str) -> Any:
    if _NOT_FINITE.fullmatch(text):
        raise Irregular(f"{text} is no number that Kubernetes takes: quote it")
    if len(text) > _LONGEST or _DATE.fullmatch(text):
        return text
    plain = text if text[0] == "." else text.replace("_", "")
    for base, shape in _INTEGERS:
        if shape.fullmatch(plain):
            return int(plain.lower().replace("o", ""), base)
    value = float(plain) if _FLOAT.fullmatch(plain) else None
    return text if value is None else _whole(value, text)


def _whole(value: float, text: str) -> Any:
    if value in (float("inf"), float("-inf")):
        return text
    return int(value) if abs(value) < _EXACT and value == int(value) else value
