import sqlite3
import subprocess
import sys
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from runtime.ledger import Answer, look_back, open_ledger, recall
from runtime.recall import VERSION
from runtime.records import Note, Readiness, Restarts, Settled
from runtime.writes import Ledger
from tests.runtime.ledger_material import API, COMMIT, WEB, Step

ANSWER = Answer("1:ab", "c0ffee", 99.5, {"health": "Healthy", "objects": [{"name": "wéb", "ready": "2/2"}]})

TEN_THOUSAND_EVENTS = """
WITH RECURSIVE number(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM number WHERE n < 10000)
INSERT INTO events SELECT n, n, 'shop', '', '', '', 'Normal', 'Created', '' FROM number
"""


def test_an_absent_ledger_remembers_nothing(tmp_path: Path) -> None:
    with look_back(tmp_path / "nowhere") as past:
        memory = (past.history(), past.events(), past.settled("shop"), past.outage("shop", WEB))

    assert (memory, (tmp_path / "nowhere").exists()) == (((), (), {}, None), False)


def test_a_ledger_that_is_just_being_made_remembers_nothing(tmp_path: Path) -> None:
    (tmp_path / "ledger.sqlite3").touch()

    with look_back(tmp_path) as past:
        assert (past.history(), recall(tmp_path, "shop")) == ((), None)


def test_an_object_is_settled_as_it_was_last_carried_out(tmp_path: Path) -> None:
    with open_ledger(tmp_path, pytest.fail) as ledger:
        ledger.settle("shop", [(WEB, "c0", "1:aa"), (API, "c0", "1:bb")], 1.0)
        ledger.settle("shop", [(WEB, "c1", "1:cc"), (API, "c0", "1:bb")], 2.0)
        ledger.settle("blog", [(WEB, "d0", "1:dd")], 3.0)

        assert ledger.past.settled("shop") == {
            WEB: Settled("c1", "1:cc", 2.0),
            API: Settled("c0", "1:bb", 1.0),
        }


def test_a_forgotten_object_is_not_settled(tmp_path: Path) -> None:
    with open_ledger(tmp_path, pytest.fail) as ledger:
        ledger.settle("shop", [(WEB, "c0", "1:aa"), (API, "c0", "1:bb")], 1.0)
        ledger.settle("blog", [(WEB, "c0", "1:aa")], 1.0)
        ledger.forget("shop", [WEB])

        assert (list(ledger.past.settled("shop")), list(ledger.past.settled("blog"))) == ([API], [WEB])


def test_a_resource_is_remembered_as_first_seen_until_it_is_forgotten(tmp_path: Path) -> None:
    with open_ledger(tmp_path, pytest.fail) as ledger:
        ledger.remember("shop", {"pod/a": {"image": "web:1"}, "pod/b": [1, None]}, 1.0)
        ledger.remember("shop", {"pod/a": {"image": "meddled"}}, 2.0)
        first = ledger.past.first_seen("shop")
        ledger.forget_resources("shop", ["pod/a"])
        ledger.remember("shop", {"pod/a": {"image": "web:2"}}, 3.0)

        again = ledger.past.first_seen("shop")

    assert first == {"pod/a": {"image": "web:1"}, "pod/b": [1, None]}
    assert again == {"pod/a": {"image": "web:2"}, "pod/b": [1, None]}


def test_restarts_and_readiness_go_with_their_pod(tmp_path: Path) -> None:
    ready, broken = Readiness(True, 1.0, 3, 0), Readiness(False, 2.0, 0, 4)
    with open_ledger(tmp_path, pytest.fail) as ledger:
        for pod, now in (("id-1", 1.0), ("id-2", 1.0), ("id-1", 7.0)):
            ledger.restarted("shop", pod, "shop.web-1", now)
        ledger.note_readiness("shop", {"id-1": broken, "id-2": ready})
        ledger.note_readiness("shop", {"id-1": ready})
        before = (ledger.past.restarts("shop"), ledger.past.readiness("shop"))
        ledger.forget_pods("shop", ["id-2"])

        after = (ledger.past.restarts("shop"), ledger.past.readiness("shop"))

    assert before == ({"id-1": Restarts(2, 7.0), "id-2": Restarts(1, 1.0)}, {"id-1": ready, "id-2": ready})
    assert after == ({"id-1": Restarts(2, 7.0)}, {"id-1": ready})


def test_the_last_pass_of_a_run_is_known_to_every_process(tmp_path: Path) -> None:
    with open_ledger(tmp_path, pytest.fail) as ledger, look_back(tmp_path) as other:
        run = ledger.begin_run("shop", COMMIT, "push", 1.0)
        before = other.passes(run)
        ledger.plan_steps(run, 7, [Step(1), Step(2)], 2.0)

        assert (before, other.passes(run)) == (0, 7)


def test_a_source_is_suspended_until_it_is_resumed(tmp_path: Path) -> None:
    with open_ledger(tmp_path, pytest.fail) as ledger:
        ledger.suspend("shop", 5.0)
        ledger.suspend("shop", 6.0)
        suspended = (ledger.past.suspended("shop"), ledger.past.suspended("blog"))
        ledger.resume("shop")

        assert (suspended, ledger.past.suspended("shop")) == ((5.0, None), None)


def test_a_note_of_an_object_stands_until_it_is_struck(tmp_path: Path) -> None:
    with open_ledger(tmp_path, pytest.fail) as ledger:
        ledger.note("shop", "restart", {WEB: Note(5.0), API: Note(6.0, "why")})
        ledger.note("shop", "restart", {WEB: Note(7.0)})
        ledger.note("shop", "pause", {WEB: Note(8.0)})
        noted, elsewhere = ledger.past.notes("shop"), ledger.past.notes("blog")
        ledger.strike("shop", [(WEB, "restart"), (API, "pause")])

        left = ledger.past.notes("shop")

    assert (noted[WEB, "restart"], noted[API, "restart"], elsewhere) == (Note(7.0), Note(6.0, "why"), {})
    assert left == {(API, "restart"): Note(6.0, "why"), (WEB, "pause"): Note(8.0)}


def test_after_a_note_came_or_went_no_pass_is_idle(tmp_path: Path) -> None:
    with open_ledger(tmp_path, pytest.fail) as ledger:
        for source in ("shop", "blog", "docs"):
            ledger.note(source, "pause", {WEB: Note(1.0)})
            ledger.answer(source, ANSWER)

        ledger.note("shop", "restart", {WEB: Note(2.0)})
        ledger.strike("blog", [(WEB, "pause")])

    recalled = [recall(tmp_path, source) for source in ("shop", "blog", "docs")]
    assert recalled == [None, None, ANSWER]


def test_events_are_told_newest_first_and_chosen_by_source_object_and_time(tmp_path: Path) -> None:
    with open_ledger(tmp_path, pytest.fail) as ledger:
        ledger.tell("shop", WEB, "Created", "pod web-1 was created", 1.0)
        ledger.warn("shop", API, "BackOff", "api crashes", 2.0)
        ledger.tell("blog", None, "Fetched", "c0ffee", 3.0)
        past = ledger.past

        told = [(event.type, event.owner, event.reason, event.at) for event in past.events()]
        of_shop, of_web = past.events("shop"), past.events("shop", WEB)
        late, last = past.events(since=2.0), past.events(limit=1)

    assert told == [
        ("Normal", None, "Fetched", 3.0),
        ("Warning", API, "BackOff", 2.0),
        ("Normal", WEB, "Created", 1.0),
    ]
    assert [len(chosen) for chosen in (of_shop, of_web, late, last)] == [2, 1, 2, 1]


def test_the_oldest_events_are_forgotten(tmp_path: Path) -> None:
    with open_ledger(tmp_path, pytest.fail) as ledger:
        with closing(sqlite3.connect(tmp_path / "ledger.sqlite3")) as other, other:
            other.execute(TEN_THOUSAND_EVENTS)
        ledger.tell("shop", WEB, "Created", "newest", 10_001.0)

        times = [event.at for event in ledger.past.events(limit=20_000)]

    assert times == [float(second) for second in range(10_001, 1, -1)]


def test_an_answer_is_recalled_as_it_was_given(tmp_path: Path) -> None:
    with open_ledger(tmp_path, pytest.fail) as ledger:
        ledger.answer("shop", ANSWER)
        while_open = recall(tmp_path, "shop")

    assert (while_open, recall(tmp_path, "shop"), recall(tmp_path, "blog")) == (ANSWER, ANSWER, None)


def test_the_last_answer_counts(tmp_path: Path) -> None:
    with open_ledger(tmp_path, pytest.fail) as ledger:
        ledger.answer("shop", ANSWER)
        ledger.answer("shop", replace(ANSWER, revision="decade", look_again=None))

    assert recall(tmp_path, "shop") == replace(ANSWER, revision="decade", look_again=None)


def test_what_is_known_already_is_not_written_again(tmp_path: Path) -> None:
    with open_ledger(tmp_path, pytest.fail) as ledger:
        tell_all(ledger, 1.0)
        written = (tmp_path / "ledger.sqlite3-wal").stat().st_size

        tell_all(ledger, 2.0)

        assert (tmp_path / "ledger.sqlite3-wal").stat().st_size == written


def tell_all(ledger: Ledger, now: float) -> None:
    ledger.answer("shop", ANSWER)
    ledger.settle("shop", [(WEB, "c0", "1:aa")], now)
    ledger.remember("shop", {"pod/a": {}}, now)
    ledger.note_readiness("shop", {"id-1": Readiness(True, 1.0, 3, 0)})
    ledger.forget_pods("shop", ["gone"])


def test_to_recall_writes_nothing(tmp_path: Path) -> None:
    with open_ledger(tmp_path, pytest.fail) as ledger:
        ledger.answer("shop", ANSWER)
    before = (tmp_path / "ledger.sqlite3").stat()

    recall(tmp_path, "shop")

    after = (tmp_path / "ledger.sqlite3").stat()
    assert (after.st_mtime_ns, after.st_size) == (before.st_mtime_ns, before.st_size)


def test_to_recall_from_a_file_that_no_sloop_wrote_gives_nothing(tmp_path: Path) -> None:
    (tmp_path / "ledger.sqlite3").write_bytes(b"\x00garbage" * 1000)

    assert recall(tmp_path, "shop") is None


@pytest.mark.parametrize("version", [0, VERSION + 1])
def test_to_recall_from_other_tables_gives_nothing(tmp_path: Path, version: int) -> None:
    with open_ledger(tmp_path, pytest.fail) as ledger:
        ledger.answer("shop", ANSWER)
    with closing(sqlite3.connect(tmp_path / "ledger.sqlite3")) as other:
        other.execute(f"PRAGMA user_version = {version}")

    assert recall(tmp_path, "shop") is None


def test_to_recall_waits_for_nobody(tmp_path: Path) -> None:
    with open_ledger(tmp_path, pytest.fail) as ledger:
        ledger.answer("shop", ANSWER)

    with closing(sqlite3.connect(tmp_path / "ledger.sqlite3", isolation_level=None)) as other:
        other.execute("PRAGMA locking_mode = EXCLUSIVE")
        other.execute("BEGIN EXCLUSIVE")
        assert recall(tmp_path, "shop") is None


def test_who_only_looks_loads_no_sqlalchemy(tmp_path: Path) -> None:
    looking = """
import sys
from pathlib import Path
from runtime.ledger import look_back, recall
recall(Path(sys.argv[1]), "shop")
look_back(Path(sys.argv[1])).close()
print("sqlalchemy" in sys.modules)
"""
    with open_ledger(tmp_path, pytest.fail) as ledger:
        ledger.answer("shop", ANSWER)

    said = subprocess.run(
        [sys.executable, "-c", looking, str(tmp_path)], check=True, capture_output=True, text=True
    ).stdout

    assert said == "False\n"
