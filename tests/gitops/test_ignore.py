""".sloopignore means what .gitignore means: git itself is the judge."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gitops.git.ignore import ignored, parse
from tests.gitops.repository import Repository

NAMES = (
    "a.yaml",
    "b.yaml",
    "deploy/a.yaml",
    "deploy/test/a.yaml",
    "deploy/test/deep/b.yaml",
    "test/a.yaml",
    "test.yaml",
    "#a.yaml",
    "!a.yaml",
    "a b.yaml",
    "[a].yaml",
    "x-1.yaml",
    "x^.yaml",
)
CASES = (
    "a.yaml",
    "/a.yaml",
    "test/",
    "/test/",
    "test",
    "deploy/test",
    "deploy/*",
    "deploy/**",
    "**/test",
    "**/a.yaml",
    "deploy/**/b.yaml",
    "*.yaml\n!a.yaml",
    "deploy/\n!deploy/a.yaml",
    "deploy/*\n!deploy/a.yaml",
    "# comment\n\\#a.yaml",
    "\\!a.yaml",
    "a b.yaml   ",
    "a\\ b.yaml",
    "\\[a].yaml",
    "[a-b].yaml",
    "[!a].yaml",
    "[^a].yaml",
    "x-[0-9].yaml",
    "x[\\^].yaml",
    "x[^-].yaml",
    "?.yaml",
    "*",
    "/*\n!/deploy",
    "",
    "\n\n/\n!\n",
    "[a.yaml",
    "a.yaml\r\nb.yaml\r\n",
    "\ufeffa.yaml",
    "**",
    "deploy/**test",
    "a.yam\\l",
    "[]",
    "[!]",
    "[\\]",
    "[]a].yaml",
    "[z-a].yaml",
    "[[:alpha:]].yaml",
    "x[--/]1.yaml",
)


def by_git(repository: Repository, patterns: str) -> set[str]:
    (repository.directory / ".gitignore").write_text(patterns, newline="")
    asked = ("ls-files", "--others", "--ignored", "--exclude-standard", "-z")
    return {name for name in repository.git(*asked).split("\0") if name and name != ".gitignore"}


@pytest.fixture
def filled(tmp_path: Path) -> Repository:
    repository = Repository(tmp_path / "filled")
    for name in NAMES:
        (repository.directory / name).parent.mkdir(parents=True, exist_ok=True)
        (repository.directory / name).touch()
    return repository


def test_patterns_leave_out_what_git_leaves_out(filled: Repository) -> None:
    differing = {
        text: (found, by_git(filled, text))
        for text in CASES
        if (found := {name for name in NAMES if ignored(name, parse(text))}) != by_git(filled, text)
    }

    assert differing == {}


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(lines=st.lists(st.text("ab!*?/.t[]-#", min_size=1, max_size=6), min_size=1, max_size=3))
def test_any_pattern_leaves_out_what_git_leaves_out(filled: Repository, lines: list[str]) -> None:
    text = "\n".join(lines)

    assert {name for name in NAMES if ignored(name, parse(text))} == by_git(filled, text)
