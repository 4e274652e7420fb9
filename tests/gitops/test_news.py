"""What is news: a commit that fails is told once, and so is its end, however often it is tried."""

import pytest

from gitops.service.news import News, event
from runtime.records import Outcome, Run


def run(revision: str, outcome: Outcome | None, message: str = "", id_: int = 1) -> Run:
    return Run(id_, "s", revision * 7, "Ada", "Open", "apply", 0.0, 60.0, outcome, message)


FAILED, WELL, BACK = run("b", "Failed"), run("a", "Synced"), run("a", "RolledBack")
STOPPED = run("b", "Failed", "stopped by SIGTERM: the next `sloop apply` goes on from here")
SUPERSEDED = run("c", "Superseded")


@pytest.mark.parametrize(
    ("ended", "before", "told"),
    [
        (WELL, [], None),
        (WELL, [WELL], None),
        (FAILED, [], "failed"),
        (FAILED, [WELL], "failed"),
        (FAILED, [FAILED, WELL], None),
        (FAILED, [SUPERSEDED, FAILED], None),
        (FAILED, [run("b", None), WELL], "failed"),
        (run("c", "Failed"), [FAILED], "failed"),
        (STOPPED, [WELL], None),
        (FAILED, [STOPPED, WELL], "failed"),
        (BACK, [FAILED, WELL], "rolledBack"),
        (BACK, [BACK, FAILED], None),
        (WELL, [FAILED], "recovered"),
        (run("b", "Synced"), [FAILED], "recovered"),
        (WELL, [run("c", None), SUPERSEDED, FAILED], "recovered"),
        (run("c", "Synced"), [BACK, FAILED], "recovered"),
        (run("c", "Synced"), [BACK, WELL], None),
        (WELL, [STOPPED, WELL], None),
        (SUPERSEDED, [FAILED], None),
    ],
)
def test_an_end_is_told_where_it_says_something_new(ended: Run, before: list[Run], told: str | None) -> None:
    assert event(ended, before) == told


def test_a_chat_and_a_program_read_the_same_document() -> None:
    told = News("failed", "shop", "mast", run("b", "Failed", "it crashes")).document()

    assert told["text"] == "shop failed on mast at bbbbbbb Ada: Open\nit crashes"
    assert (told["event"], told["message"], told["time"]) == ("failed", "it crashes", "1970-01-01T00:01:00Z")
    assert News("recovered", "shop", "mast", WELL).document()["message"] == "aaaaaaa Ada: Open"
