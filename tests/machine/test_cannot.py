"""The page about Podman's versions says what the matrix leaves out, and leaves out only what is there."""

from collections.abc import Callable
from pathlib import Path

from tests.machine.cannot import LACKS, page

ROOT = Path(__file__).parents[2]


def test_the_page_says_what_each_podman_cannot_do(expected: Callable[[Path, str], str]) -> None:
    assert expected(ROOT / "docs" / "podman.md", page()) == page()


def test_what_is_left_out_is_there_otherwise() -> None:
    named = {test.partition("[")[0] for lack in LACKS for test in lack.tests}

    for file, _, name in (one.partition("::") for one in named):
        assert f"def {name}(" in (ROOT / file).read_text()
