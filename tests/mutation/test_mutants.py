"""Mutants are one thing turned into another within functions, and put where everybody has these from."""

from types import FunctionType
from typing import Any

import pytest

from tests.mutation.mutants import Mutant, mutants
from tests.mutation.trial import put

FILE = "/nowhere/sums.py"
WRITTEN = """
LIMIT = 1 + 1

def spare(have: int, need: int = 0) -> int:
    return max(
        have - need,
        0,
    )
"""


def changes(expression: str) -> set[str]:
    """Return what becomes of an expression in a function."""
    return {one.after for one in mutants(f"def f(a, b):\n    return {expression}\n", FILE)}


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("a < b", {"a <= b"}),
        ("a is b", {"a is not b"}),
        ("a + b", {"a - b"}),
        ("a and not b", {"a or not b", "b"}),
        ("a[-1]", {"1", "2"}),
        ("min(a, b)", {"max(a, b)"}),
        ("a if b else True", {"True if b else a", "False"}),
        ("[c for c in a if c]", {"not c"}),
        ("f'{a}'", set()),
    ],
)
def test_an_expression_becomes_its_opposite_or_one_more(expression: str, expected: set[str]) -> None:
    assert changes(expression) == expected


def test_conditions_of_statements_and_cases_are_turned_round() -> None:
    found = mutants(
        "def f(a):\n    if a:\n        return\n    match a:\n        case x if a.b:\n            pass", FILE
    )

    assert [str(one) for one in found] == ["f: `a` → `not a`", "f: `a.b` → `not a.b`"]


def test_what_is_done_while_a_module_is_loaded_is_left_alone() -> None:
    assert [str(one) for one in mutants(WRITTEN, FILE)] == [
        "spare: `max(have - need, 0)` → `min(have - need, 0)`",
        "spare: `have - need` → `have + need`",
        "spare: `0` → `1`",
    ]


def test_a_mutant_lies_between_its_statement_and_its_change() -> None:
    assert [list(one.lines) for one in mutants(WRITTEN, FILE)] == [[5, 6, 7, 8], [5, 6], [5, 6, 7]]


def test_everybody_who_has_a_function_has_the_mutants() -> None:
    place: dict[str, Any] = {}
    exec(compile(WRITTEN, FILE, "exec"), place)
    held: FunctionType = place["spare"]
    before = held(5, 2)

    put(FILE, _second().code)

    assert (before, held(5, 2)) == (3, 7)


def _second() -> Mutant:
    return list(mutants(WRITTEN, FILE))[1]
