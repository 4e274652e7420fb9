import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from runtime.ledger import Answer, open_ledger, recall
from runtime.recall import VERSION
from runtime.records import Failure, Readiness, Restarts, Settled
from runtime.tables import MIGRATIONS
from tests.runtime.ledger_material import COMMIT, WEB

LEDGERS = Path(__file__).parent / "ledgers"
VERSIONS = range(1, VERSION + 1)


def ledger_of(version: int, state: Path) -> Path:
    """Make the state directory that a sloop of that version left."""
    state.mkdir()
    with closing(sqlite3.connect(state / "ledger.sqlite3")) as old:
        old.executescript((LEDGERS / f"version-{version}.sql").read_text())
    return state


def columns(state: Path) -> dict[str, list[tuple[object, ...]]]:
    """Return every column, index column and version that a ledger has."""
    with closing(sqlite3.connect(state / "ledger.sqlite3")) as opened:
        names = [name for (name,) in opened.execute("SELECT name FROM sqlite_master ORDER BY name")]
        found = {name: opened.execute(f"PRAGMA table_xinfo({name})").fetchall() for name in names}
        return {**found, "version": opened.execute("PRAGMA user_version").fetchall()}


def test_every_older_version_has_a_way_up() -> None:
    assert list(MIGRATIONS) == list(range(1, VERSION))


@pytest.mark.parametrize("version", VERSIONS)
def test_an_older_ledger_gets_the_tables_of_a_new_one(tmp_path: Path, version: int) -> None:
    old = ledger_of(version, tmp_path / "old")

    open_ledger(old, pytest.fail).close()
    open_ledger(tmp_path / "new", pytest.fail).close()

    assert columns(old) == columns(tmp_path / "new")


@pytest.mark.parametrize("version", VERSIONS)
def test_an_older_ledger_is_still_remembered(tmp_path: Path, version: int) -> None:
    with open_ledger(ledger_of(version, tmp_path / "old"), pytest.fail) as ledger:
        past = ledger.past

        assert [(run.revision, run.outcome) for run in past.history()] == [("c0ffee", "Failed")]
        assert [step.error for step in past.steps(1)] == ["", "", "no such image"]
        assert (past.outage("shop", WEB), past.suspended("shop")) == (3.5, 18.0)
        assert past.settled("shop") == {WEB: Settled("c0ffee", "1:aa", 15.5)}
        assert past.first_seen("shop") == {"pod/shop.web-1": {"image": "web:1"}}
        assert past.failures("shop") == {"image/web:2": Failure(1, 16.0, "no such image")}
        assert past.restarts("shop") == {"id-1": Restarts(1, 16.0)}
        assert past.readiness("shop") == {"id-1": Readiness(True, 16.0, 3, 0)}
        assert [event.message for event in past.events("shop", WEB)] == ["no such image"]
    assert recall(tmp_path / "old", "shop") == Answer("1:ab", "c0ffee", 99.5, {"health": "Degraded"})


@pytest.mark.parametrize("version", VERSIONS)
def test_an_older_ledger_can_be_written_on(tmp_path: Path, version: int) -> None:
    with open_ledger(ledger_of(version, tmp_path / "old"), pytest.fail) as ledger:
        run = ledger.begin_run("shop", COMMIT, "push", 20.0)

        assert [one.id for one in ledger.past.history()] == [run, 1]
