"""A rollback takes the newest commits that still have an effect."""

from collections.abc import Sequence
from datetime import UTC, datetime

import pytest

from gitops.git.log import Commit, Entry
from gitops.git.undo import undoable

LONG = "{:0<40}"  # "c3" -> "c300…": a commit's name from two letters


def history(*messages: str) -> dict[str, Sequence[Entry]]:
    """Return, for each commit of a line told as ``name: message``, the commits up to it, the newest first."""
    entries: list[Entry] = []
    behind: dict[str, Sequence[Entry]] = {}
    for told in messages:
        name, _, message = told.partition(": ")
        words = [LONG.format(word[1:]) if word.startswith("@") else word for word in message.split(" ")]
        commit = Commit(LONG.format(name), "Ada", "a@x", datetime(2026, 1, 1, tzinfo=UTC), name)
        entries.insert(0, Entry(commit, ("0",), " ".join(words).replace(" | ", "\n")))
        behind[commit.sha] = tuple(entries)
    return behind


def undone(*messages: str, scope: str = "") -> list[str]:
    behind = history(*messages)
    tip = list(behind)[-1]
    return [entry.commit.subject for entry in undoable(lambda sha: behind.get(sha, ()), tip, scope)]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (["c1: a", "c2: b"], ["c2", "c1"]),
        (["c1: a", "c2: b", "c3: x | Sloop-Reverts: @c2"], ["c1"]),
        (["c1: a", "c2: b", "c3: x | Sloop-Reverts: @c2", "c4: x | Sloop-Reverts: @c1"], []),
        (["c1: a", "c2: b", "c3: x | Sloop-Reverts: @c2", "c4: d"], ["c4", "c1"]),
        (["c1: a", "c2: b", "c3: c", "c4: x | Sloop-Reverts: @c3 | Sloop-Reverts: @c2"], ["c1"]),
        (["c1: a", "c2: b", "c3: x | This reverts commit @c2 ."], ["c1"]),
        (["c1: a", "c2: b", "c3: x | Sloop-Reverts: @c2", "c4: x | This reverts commit @c3 ."], ["c2", "c1"]),
        (["c1: a", "c2: b", "c3: c", "c4: x | Sloop-Restores: @c1"], ["c1"]),
        (["c1: a", "c2: b", "c3: c", "c4: x | Sloop-Restores: @c1", "c5: e"], ["c5", "c1"]),
        (["c1: a", "c2: b", "c3: x | Sloop-Restores: @c1", "c4: x | Sloop-Restores: @c2"], ["c2", "c1"]),
        (["c1: a", "c2: b", "c3: x | Sloop-Restores: @ff"], []),
        (["c1: a", "c2: talks of Sloop-Reverts: @c1"], ["c2", "c1"]),
    ],
)
def test_rollbacks_and_what_they_undid_are_skipped(line: list[str], expected: list[str]) -> None:
    assert undone(*line) == expected


@pytest.mark.parametrize(
    ("scope", "expected"),
    [("", ["c2", "c1"]), ("d", ["c2", "c1"]), ("d/a", ["c1"]), ("d/a/b", ["c1"]), ("d/ab", ["c2", "c1"])],
)
def test_a_rollback_confined_to_a_path_counts_only_inside_it(scope: str, expected: list[str]) -> None:
    line = ["c1: a", "c2: b", "c3: x | Sloop-Reverts: @c2 | Sloop-Path: d/a"]

    assert undone(*line, scope=scope) == expected
