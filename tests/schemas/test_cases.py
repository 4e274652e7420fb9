"""Every case in the folder ``cases`` is told exactly as its ``expected.txt`` says.

A case is a folder with manifests; a folder whose name begins with ``strict`` is loaded strictly.
``SLOOP_ACCEPT=1 pytest`` rewrites the expectations.
"""

import os
from pathlib import Path

import pytest

from schemas.load import Loaded, load

CASES = sorted(path for path in (Path(__file__).parent / "cases").iterdir() if path.is_dir())
ACCEPT = os.environ.get("SLOOP_ACCEPT") == "1"


def _files(case: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in case.iterdir() if path.suffix in (".yaml", ".json")}


def _told(loaded: Loaded) -> str:
    objects = [each.object for each in loaded.manifests]
    names = [f"object: {each.kind} {each.metadata.namespace}/{each.metadata.name}" for each in objects]
    problems = [f"problem: {each}" for each in loaded.problems]
    notices = [f"notice: {each}" for each in loaded.notices]
    return "".join(f"{line}\n" for line in (*names, *problems, *notices))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_case_is_told_as_expected(case: Path) -> None:
    told = _told(load(_files(case), strict=case.name.startswith("strict")))
    expected = case / "expected.txt"

    if ACCEPT:
        expected.write_text(told)
    assert told == expected.read_text()


def test_there_are_cases_for_each_sort_of_error() -> None:
    assert len(CASES) >= 40
