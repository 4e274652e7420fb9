"""The ledger's writer as a process of its own: it writes as we would, and outlives nobody."""

import fcntl
import os
import select
import signal
import subprocess
import sys
import termios
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from runtime.ledger import LedgerError, look_back, open_ledger
from runtime.scribe import Scribe, summoned
from runtime.stop import Stopped, stoppable
from runtime.writes import Ledger
from tests.machine.engine import until
from tests.runtime.ledger_material import COMMIT, WEB, Step
from tests.runtime.test_ledger_migrations import ledger_of

MASTER = """
import os, sys
from pathlib import Path
from runtime.ledger import open_ledger
from runtime.scribe import Scribe, summoned
from tests.machine.engine import until
from tests.runtime.ledger_material import COMMIT

with summoned(Path(sys.argv[1])) as scribe:
    with open_ledger(Path(sys.argv[1]), print, scribe) as ledger:
        print(type(scribe).__name__, "sqlalchemy" in sys.modules, flush=True)
        for number in range(int(sys.argv[2])):
            print(ledger.begin_run("shop", COMMIT, "push", float(number)), flush=True)
        sys.stdin.read()
"""


@pytest.fixture
def scribe(tmp_path: Path) -> Iterator[Scribe]:
    one = Scribe(tmp_path)
    yield one
    one.close()


@pytest.fixture
def ledger(tmp_path: Path, scribe: Scribe) -> Iterator[Ledger]:
    with open_ledger(tmp_path, pytest.fail, scribe) as opened:
        yield opened


def master(state: Path, runs: int) -> "subprocess.Popen[str]":
    command = [sys.executable, "-c", MASTER, str(state), str(runs)]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def process_of(scribe: Scribe) -> int:
    return scribe._process.pid


def wait_for_the_end_of(pid: int) -> None:
    with suppress(ProcessLookupError):  # it has come already
        end = os.pidfd_open(pid)
        assert select.select([end], [], [], 20)[0]
        os.close(end)


def has_been_told(scribe: Scribe) -> bool:
    """Say whether there is something that it hasn't read yet."""
    assert scribe._process.stdin is not None
    return fcntl.ioctl(scribe._process.stdin, termios.FIONREAD, bytes(4)) != bytes(4)


def test_what_it_is_told_is_remembered_at_once(ledger: Ledger) -> None:
    run = ledger.begin_run("shop", COMMIT, "push", 1.0)
    ledger.plan_steps(run, 1, [Step(1), Step(2)], 2.0)
    ledger.start_step(run, 1, 1, 3.0)
    ledger.finish_step(run, 1, 1, 4.5, "no such image — web:2")
    ledger.tell("shop", WEB, "Created", "two\nlines", 5.0)

    assert [(step.started, step.finished, step.error) for step in ledger.past.steps(run)] == [
        (3.0, 4.5, "no such image — web:2"),
        (None, None, ""),
    ]
    assert [event.message for event in ledger.past.events("shop")] == ["two\nlines"]


def test_runs_have_the_numbers_that_the_file_gives_them(ledger: Ledger) -> None:
    numbers = [ledger.begin_run("shop", COMMIT, "push", float(at)) for at in range(3)]

    assert numbers == [run.id for run in reversed(ledger.past.history())] == [1, 2, 3]


def test_what_cannot_be_written_is_an_error_of_the_ledger_and_it_goes_on(ledger: Ledger) -> None:
    run = ledger.begin_run("shop", COMMIT, "push", 1.0)

    with pytest.raises(LedgerError, match=r"^the ledger .*ledger\.sqlite3 has failed"):
        ledger.plan_steps(run, 1, [Step(1), Step(1)], 1.0)
    ledger.finish_run(run, "Synced", "", 2.0)

    assert (ledger.past.steps(run), ledger.past.history()[0].outcome) == ((), "Synced")


def test_a_place_that_is_no_directory_is_the_same_error_as_without_it(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    place = tmp_path / "file" / "state"
    with pytest.raises(LedgerError) as alone:
        open_ledger(place, pytest.fail)

    with open_ledger(place, pytest.fail, Scribe(place)) as ledger, pytest.raises(LedgerError) as told:
        ledger.begin_run("shop", COMMIT, "push", 1.0)

    assert str(told.value) == str(alone.value)


def test_a_damaged_ledger_is_moved_aside_and_its_master_is_told(tmp_path: Path) -> None:
    (tmp_path / "ledger.sqlite3").write_bytes(b"no database at all" * 500)
    notices: list[str] = []

    one = Scribe(tmp_path)
    open_ledger(tmp_path, notices.append, one).close()

    assert [notice.partition(";")[0] for notice in notices] == [
        f"the ledger {tmp_path}/ledger.sqlite3 was damaged"
    ]
    assert (tmp_path / "ledger.sqlite3.corrupt-1").exists()


def test_who_only_reads_waits_for_nobody(tmp_path: Path) -> None:
    with open_ledger(tmp_path, pytest.fail) as before:
        before.begin_run("shop", COMMIT, "push", 1.0)
    one = Scribe(tmp_path)
    os.kill(process_of(one), signal.SIGSTOP)

    with open_ledger(tmp_path, pytest.fail, one) as ledger:
        assert [run.id for run in ledger.past.history()] == [1]


def test_what_was_absent_is_read_as_soon_as_it_is_there(tmp_path: Path) -> None:
    with open_ledger(tmp_path, pytest.fail, Scribe(tmp_path)) as ledger:
        assert ledger.past.history() == ()
        run = ledger.begin_run("shop", COMMIT, "push", 1.0)
        assert [one.id for one in ledger.past.history()] == [run]


def test_an_older_ledger_is_brought_up_before_it_is_read(tmp_path: Path) -> None:
    state = ledger_of(1, tmp_path / "old")

    with open_ledger(state, pytest.fail, Scribe(state)) as ledger:
        assert ledger.past.history()


def test_a_closed_ledger_is_one_file_and_nobody_is_left(tmp_path: Path, scribe: Scribe) -> None:
    with open_ledger(tmp_path, pytest.fail, scribe) as ledger:
        ledger.begin_run("shop", COMMIT, "push", 1.0)

    assert [file.name for file in tmp_path.iterdir()] == ["ledger.sqlite3"]
    assert not Path(f"/proc/{process_of(scribe)}").exists()


def test_one_that_is_killed_is_told_with_the_way_out(ledger: Ledger, scribe: Scribe) -> None:
    ledger.begin_run("shop", COMMIT, "push", 1.0)
    os.kill(process_of(scribe), signal.SIGKILL)
    wait_for_the_end_of(process_of(scribe))

    for _ in range(2):
        with pytest.raises(LedgerError, match="has lost the process that writes to it: try again"):
            ledger.begin_run("shop", COMMIT, "push", 2.0)
    assert len(ledger.past.history()) == 1


def test_what_ends_its_master_lets_it_write_what_comes_last(ledger: Ledger, scribe: Scribe) -> None:
    for number in (signal.SIGTERM, signal.SIGINT):
        os.kill(process_of(scribe), number)

    assert ledger.begin_run("shop", COMMIT, "push", 1.0) == 1


def test_a_signal_waits_for_the_answer(ledger: Ledger, scribe: Scribe) -> None:
    def end_us() -> None:
        until(lambda: has_been_told(scribe))
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGTERM)
        os.kill(process_of(scribe), signal.SIGCONT)

    assert ledger.begin_run("shop", COMMIT, "push", 0.0) == 1
    os.kill(process_of(scribe), signal.SIGSTOP)
    thread = threading.Thread(target=end_us)
    thread.start()
    with pytest.raises(Stopped), stoppable():
        ledger.begin_run("shop", COMMIT, "push", 1.0)
    thread.join()

    assert ledger.begin_run("shop", COMMIT, "push", 2.0) == 3


def test_it_ends_with_a_master_that_is_killed_and_what_was_answered_stays(tmp_path: Path) -> None:
    with master(tmp_path, runs=20) as process:
        assert process.stdout is not None
        said = [process.stdout.readline().strip() for _ in range(21)]
        (scribe,) = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
        process.kill()
    wait_for_the_end_of(int(scribe))

    assert said == ["Scribe False", *[str(number) for number in range(1, 21)]]
    with look_back(tmp_path) as past:
        assert len(past.history()) == 20


def test_one_that_nobody_waited_for_is_gone_with_the_end_of_what_it_was_for(tmp_path: Path) -> None:
    one = Scribe(tmp_path)

    one.close()
    one.close()

    assert not Path(f"/proc/{process_of(one)}").exists()


def test_nobody_is_summoned_where_all_is_loaded_already(tmp_path: Path) -> None:
    assert "sqlalchemy" in sys.modules
    with summoned(tmp_path) as nobody:
        assert nobody is None
