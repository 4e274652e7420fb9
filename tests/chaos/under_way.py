"""What goes on where somebody waited for too long: unfinished steps, Podman's requests, a busy machine."""

import os
import signal
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from itertools import takewhile
from pathlib import Path

from tests.machine import engine
from tests.machine.engine import PrivateEngine

LEDGER = "ledger.sqlite3"
UNFINISHED = (
    "select verb, resource, started - planned, (select max(coalesce(finished, started)) from steps) - started"
    " from steps where started is not null and finished is null"
)
ENDED = "select finished from runs where finished is not null order by id desc limit 1"
REQUEST = "/pkg/api/handlers/"  # how the functions that answer a request are named in Podman
PRESSURE = ("loadavg", "pressure/cpu", "pressure/io")
TICKS = os.sysconf("SC_CLK_TCK")


def under_way(private: PrivateEngine, state: Path) -> list[str]:
    """Tell all that may be the cause.  Podman's service ends with it: that makes it tell what it does."""
    return [*_ledger(state), *_machine(), *_processes(private), *_requests(private)]


def _ledger(state: Path) -> Iterator[str]:
    try:
        with closing(sqlite3.connect(state / LEDGER)) as ledger:
            rows = ledger.execute(UNFINISHED).fetchall()
            ended = [time.time() - when for (when,) in ledger.execute(ENDED)]
    except sqlite3.DatabaseError as error:
        yield f"the ledger tells nothing: {error}"
        return
    yield from (f"the last run ended {seconds:.1f} s ago" for seconds in ended)
    for verb, resource, waited, ago in rows:
        told = f"begun {waited:.1f} s after it was planned, {ago:.1f} s before the last that was told"
        yield f"unfinished: {verb} {resource}, {told}"


def _machine() -> Iterator[str]:
    for name in PRESSURE:
        if (file := Path("/proc", name)).exists():
            yield f"{name}: {file.read_text().splitlines()[0]}"


def _processes(private: PrivateEngine) -> Iterator[str]:
    for pid in engine.processes(private.directory):
        if (name := engine.program(pid)) in engine.PODMANS_OWN - {"conmon"}:
            state, ticks = _stat(pid)
            yield f"process {pid}: {name}, {state}, {ticks / TICKS:.1f} s of processor"


def _stat(pid: int) -> tuple[str, int]:
    """Return the state of a process and the ticks that it has used."""
    words = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return words[0], int(words[11]) + int(words[12])


def _requests(private: PrivateEngine) -> Iterator[str]:
    """Make Podman's service tell where it is with each request, by the signal that ends it for that."""
    os.kill(private.pid, signal.SIGQUIT)
    engine.until(lambda: not engine.api.answers(private.socket))
    told = (private.directory / "service.log").read_text().rpartition("SIGQUIT")[2]
    for goroutine in told.split("\n\n"):
        if REQUEST in goroutine:
            head, *lines = goroutine.splitlines()
            frames = [line.rpartition("/")[2] for line in lines if not line.startswith("\t")]
            below = takewhile(lambda frame: "ServeHTTP" not in frame, frames)
            yield "\n    ".join([f"request: {head}", *below])
