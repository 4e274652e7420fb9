"""The table of promises names programs that are there."""

import ast
import re
from pathlib import Path

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "promises.md").read_text()
TESTS = re.findall(r"`(tests/[\w/]+\.py)(?:::(\w+))?`", PAGE)
TARGETS = set(re.findall(r"`make ([\w-]+)`", PAGE))


def test_every_test_that_is_named_is_there() -> None:
    missing = [f"{file}::{name}" for file, name in TESTS if name not in {"", *_tests(ROOT / file)}]

    assert len(TESTS) > 20
    assert missing == []


def test_every_target_that_is_named_is_there() -> None:
    made = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), flags=re.MULTILINE))

    assert {"test", "chaos", "soak"} <= TARGETS <= made


def test_every_row_names_a_program() -> None:
    rows = [
        line for line in PAGE.splitlines() if line.startswith("| ") and "would fail without it" not in line
    ]
    promises = [row for row in rows if not row.startswith("| ---")]

    assert [row for row in promises if not re.search(r"`(tests/|make )", row)] == []


def _tests(file: Path) -> set[str]:
    tree = ast.parse(file.read_text())
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
