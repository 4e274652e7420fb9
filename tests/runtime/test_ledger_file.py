import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import text

from runtime.database import open_database
from runtime.ledger import LedgerError, look_back, open_ledger
from runtime.ledger_trouble import told
from runtime.past import Past
from runtime.writes import Ledger
from tests.runtime.ledger_material import COMMIT, Step

WRITING = """
import sys
from itertools import count, islice
from pathlib import Path
from runtime.ledger import open_ledger
from tests.runtime.ledger_material import COMMIT, Step

with open_ledger(Path(sys.argv[1]), print) as ledger:
    for number in islice(count(1), int(sys.argv[2])):
        run = ledger.begin_run(sys.argv[3], COMMIT, "push", number)
        ledger.plan_steps(run, 1, [Step(1), Step(2)], number)
        ledger.start_step(run, 1, 1, number)
        ledger.tell(sys.argv[3], None, "Created", "x" * 500, number)
        print(number, flush=True)
"""


def writer(state: Path, *, runs: int, source: str = "shop") -> "subprocess.Popen[str]":
    command = [sys.executable, "-c", WRITING, str(state), str(runs), source]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def damage(file: Path) -> None:
    """Spoil the middle of a file; its head still looks right."""
    with file.open("r+b") as opened:
        opened.seek(4096)
        opened.write(b"\xff" * (file.stat().st_size - 4096))


def set_version(state: Path, version: int) -> None:
    with closing(sqlite3.connect(state / "ledger.sqlite3")) as other:
        other.execute(f"PRAGMA user_version = {version}")


def begin_one(state: Path) -> None:
    with open_ledger(state, pytest.fail) as ledger:
        ledger.begin_run("shop", COMMIT, "push", 1.0)


def test_the_file_and_its_journals_are_for_our_eyes_only(tmp_path: Path) -> None:
    state = tmp_path / "state"

    with open_ledger(state, pytest.fail) as ledger:
        ledger.begin_run("shop", COMMIT, "push", 1.0)
        modes = {file.name: file.stat().st_mode & 0o777 for file in state.iterdir()}

    names = ["ledger.sqlite3", "ledger.sqlite3-shm", "ledger.sqlite3-wal"]
    assert (modes, state.stat().st_mode & 0o777) == (dict.fromkeys(names, 0o600), 0o700)


def test_a_closed_ledger_is_one_file_and_remembers(tmp_path: Path) -> None:
    begin_one(tmp_path)

    assert [file.name for file in tmp_path.iterdir()] == ["ledger.sqlite3"]
    with look_back(tmp_path) as past:
        assert len(past.history()) == 1


@pytest.mark.parametrize("content", [b"no database at all" * 500, b"SQLite format 3\x00" + b"\x01" * 5000])
def test_what_is_no_ledger_is_moved_aside_and_a_new_one_begins(tmp_path: Path, content: bytes) -> None:
    notices: list[str] = []
    (tmp_path / "ledger.sqlite3").write_bytes(content)

    with open_ledger(tmp_path, notices.append) as ledger:
        ledger.begin_run("shop", COMMIT, "push", 1.0)
        history = ledger.past.history()

    assert (len(history), (tmp_path / "ledger.sqlite3.corrupt-1").read_bytes()) == (1, content)
    assert notices == [
        f"the ledger {tmp_path}/ledger.sqlite3 was damaged; "
        f"it is kept as {tmp_path}/ledger.sqlite3.corrupt-1 and a new one begins"
    ]


def test_damage_inside_is_found_and_every_damaged_ledger_is_kept(tmp_path: Path) -> None:
    notices: list[str] = []
    for _ in range(2):
        with open_ledger(tmp_path, notices.append) as ledger:
            ledger.begin_run("shop", COMMIT, "push", 1.0)
        damage(tmp_path / "ledger.sqlite3")

    with open_ledger(tmp_path, notices.append) as ledger:
        history = ledger.past.history()

    kept = sorted(file.name for file in tmp_path.glob("*corrupt*"))
    assert (history, len(notices)) == ((), 2)
    assert kept == ["ledger.sqlite3.corrupt-1", "ledger.sqlite3.corrupt-2"]


def test_damage_that_a_reader_meets_is_an_error_with_the_way_out(tmp_path: Path) -> None:
    begin_one(tmp_path)
    damage(tmp_path / "ledger.sqlite3")

    with look_back(tmp_path) as past, pytest.raises(LedgerError, match="is damaged: the next `sloop apply`"):
        past.history()


def test_a_file_that_is_no_ledger_is_told_to_who_looks(tmp_path: Path) -> None:
    (tmp_path / "ledger.sqlite3").write_bytes(b"no database at all" * 500)

    with pytest.raises(LedgerError, match="is no SQLite file"):
        look_back(tmp_path)


def test_damage_leaves_no_file_open(tmp_path: Path) -> None:
    (tmp_path / "ledger.sqlite3").write_bytes(b"no database at all" * 500)
    notices: list[str] = []
    before = len(list(Path("/proc/self/fd").iterdir()))

    open_ledger(tmp_path, notices.append).close()

    assert len(list(Path("/proc/self/fd").iterdir())) == before


@pytest.mark.parametrize("opening", [look_back, lambda state: open_ledger(state, pytest.fail)])
def test_the_ledger_of_a_newer_sloop_is_left_alone(tmp_path: Path, opening: Callable[[Path], object]) -> None:
    begin_one(tmp_path)
    set_version(tmp_path, 1000)

    with pytest.raises(LedgerError, match=r"newer sloop \(.* version 1000, .*\): use that release, or move"):
        opening(tmp_path)
    assert [file.name for file in tmp_path.glob("*corrupt*")] == []


def test_the_ledger_of_an_older_sloop_waits_to_be_brought_up_to_date(tmp_path: Path) -> None:
    begin_one(tmp_path)
    set_version(tmp_path, -1)

    with pytest.raises(LedgerError, match="older sloop: `sloop apply` brings it up to date"):
        look_back(tmp_path)


def test_a_place_where_nothing_can_be_written_is_an_error_of_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(
        LedgerError, match=r"^the ledger .* can't be written \(Not a directory\): .*--state DIR"
    ):
        open_ledger(tmp_path / "file" / "state", pytest.fail)


def test_a_place_where_nothing_can_be_read_is_an_error_of_one_line(tmp_path: Path) -> None:
    with pytest.raises(
        LedgerError, match=r"^the ledger .* can't be read \(File name too long\): .*--state DIR"
    ):
        look_back(tmp_path / ("x" * 300))


def test_a_full_disk_is_an_error_that_says_so_and_loses_nothing_older(tmp_path: Path) -> None:
    with Ledger(open_database(tmp_path, pytest.fail), Past(tmp_path)) as ledger:
        ledger.tell("shop", None, "Created", "before", 1.0)

    database = open_database(tmp_path, pytest.fail)
    with Ledger(database, Past(tmp_path)) as ledger:
        with database.writing() as connection:
            connection.execute(text("PRAGMA max_page_count = 1"))
        with pytest.raises(LedgerError, match=r"the disk is full: free some space and try again$"):
            ledger.tell("shop", None, "Created", "x" * 100_000, 2.0)
        ledger.tell("shop", None, "Created", "small", 3.0)

        assert [event.message for event in ledger.past.events()] == ["small", "before"]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("SQLITE_READONLY_DIRECTORY", "can't be written: run sloop as the user"),
        ("SQLITE_READONLY", "can't be written: run sloop as the user"),
        ("SQLITE_CANTOPEN", "can't be opened: run sloop as the user"),
        ("SQLITE_BUSY_SNAPSHOT", "is kept busy by another program: wait"),
        ("SQLITE_IOERR_WRITE", "can't be read or written: see whether its disk"),
        ("SQLITE_CORRUPT_INDEX", "is damaged: the next"),
        ("SQLITE_MISUSE", r"has failed \(what SQLite said\): try again"),
    ],
)
def test_what_sqlite_complains_about_is_told_with_the_way_out(name: str, expected: str) -> None:
    error = sqlite3.OperationalError("what SQLite said")
    error.sqlite_errorname = name

    with pytest.raises(LedgerError, match=f"^the ledger /s/ledger.sqlite3 {expected}") as caught:
        raise told(Path("/s/ledger.sqlite3"), error)

    assert caught.value.path == Path("/s/ledger.sqlite3")


def test_a_writer_killed_at_work_leaves_a_ledger_that_goes_on(tmp_path: Path) -> None:
    with writer(tmp_path, runs=100_000) as process:
        assert process.stdout is not None
        done = [int(process.stdout.readline()) for _ in range(50)][-1]
        process.send_signal(signal.SIGKILL)

    with look_back(tmp_path) as past:
        assert len(past.history(limit=100_000)) >= done
    with open_ledger(tmp_path, pytest.fail) as ledger:
        interrupted = {step.number for step in ledger.past.interrupted("shop")}
        ledger.begin_run("shop", COMMIT, "boot", 99.0)
        outcomes = {run.outcome for run in ledger.past.history()[1:]}

    assert interrupted <= {1}
    assert outcomes == {"Failed"}


def test_two_processes_write_to_one_ledger(tmp_path: Path) -> None:
    with writer(tmp_path, runs=100, source="shop") as one, writer(tmp_path, runs=100, source="blog") as two:
        said = (one.communicate()[0], two.communicate()[0])

    with look_back(tmp_path) as past:
        kept = [len(past.history(source, limit=1000)) for source in ("shop", "blog")]
    assert kept == [100, 100]
    assert [lines.split() for lines in said] == [[str(n) for n in range(1, 101)]] * 2


def test_of_several_that_find_a_damaged_ledger_one_moves_it_aside(tmp_path: Path) -> None:
    (tmp_path / "ledger.sqlite3").write_bytes(b"no database at all" * 500)

    processes = [writer(tmp_path, runs=5, source=f"source-{number}") for number in range(3)]
    said = [process.communicate()[0] for process in processes]

    with look_back(tmp_path) as past:
        assert len(past.history()) == 15
    assert sum("was damaged" in lines for lines in said) == 1
    assert [file.name for file in tmp_path.glob("*corrupt*")] == ["ledger.sqlite3.corrupt-1"]


def test_what_fails_half_way_is_not_written_at_all(tmp_path: Path) -> None:
    with open_ledger(tmp_path, pytest.fail) as ledger:
        run = ledger.begin_run("shop", COMMIT, "push", 1.0)
        with pytest.raises(LedgerError):
            ledger.plan_steps(run, 1, [Step(1), Step(2), Step(1)], 1.0)

        assert ledger.past.steps(run) == ()
