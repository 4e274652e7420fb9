"""Lines for the journal carry their level; elsewhere they are as they were."""

import os
from pathlib import Path

import pytest

from gitops.execute import Result
from gitops.planning.steps import Start, Step
from gitops.telling.journald import Level, leads_to_journal, leveled
from gitops.telling.teller import level_of, told

START = Step(1, Start("shop.web-0"), None, "it ended")


def test_only_the_stream_that_the_journal_reads_gets_levels(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with (tmp_path / "journal").open("w") as journal, (tmp_path / "other").open("w") as other:
        found = os.fstat(journal.fileno())
        monkeypatch.setenv("JOURNAL_STREAM", f"{found.st_dev}:{found.st_ino}")

        assert leads_to_journal(journal)
        assert leveled("one\ntwo", Level.ERROR, journal) == "<3>one\n<3>two"
        assert leveled("one\ntwo", Level.ERROR, other) == "one\ntwo"


@pytest.mark.parametrize(
    ("line", "level"),
    [
        (told(Result(START, error="no such file")), Level.ERROR),
        (told(Result(START, held=True)), Level.WARNING),
        ("notice: the ledger was lost", Level.WARNING),
        ("  waits   Deployment/default/web: 0 of 1", Level.WARNING),
        (told(Result(START)), Level.INFO),
        ("1 to create", Level.INFO),
    ],
)
def test_what_failed_is_an_error_what_is_waited_for_a_warning_and_the_rest_news(
    line: str, level: Level
) -> None:
    assert level_of(line) is level
