"""A proxy's sockets, as HAProxy has them: its master's, which starts workers, and that of the worker."""

import csv
import os
import socket
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path

from runtime.engine import EngineError
from runtime.proxies import MASTER, RUN, STATE, STATS
from runtime.seen import SeenServer

PATIENCE = 20.0  # seconds for a proxy to answer that has just started, and for a new worker to take over
LOOK = 0.02  # seconds between two looks at whether it has
ANSWER_SECONDS = 5.0
TYPES = "4"  # of what statistics are asked for: servers
ANSWERS = ("hrsp_1xx", "hrsp_2xx", "hrsp_3xx", "hrsp_4xx", "hrsp_5xx")  # empty where only connections are led


def servers(home: Path) -> tuple[SeenServer, ...]:
    """Return what the worker of the proxy at ``home`` tells of its servers; raises EngineError."""
    return tuple(_servers(_asked(home, STATS, f"show stat -1 {TYPES} -1")))


def reload(home: Path) -> None:
    """Let a new worker take over with the configuration that lies there now.

    It begins with what the one before knows of its servers.  Returns once it alone takes connections;
    raises EngineError if it doesn't come, and the one before goes on.  A proxy that has just started, or is
    started again, is waited for.  Podman's own `kill` would do as well, but with 4.3 a container that was
    sent any signal so isn't restarted when it dies.
    """
    if not _until(lambda: bool(_told(home))):
        raise EngineError(f"the proxy at {home} doesn't answer")
    before, asked_at = _workers(home), time.monotonic()
    state = home / RUN / STATE
    with os.fdopen(os.open(state, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o640), "w") as file:
        file.write(_asked(home, STATS, "show servers state"))
    try:
        with suppress(EngineError):  # a master that starts itself anew may not come to its answer
            _asked(home, MASTER, "reload")
        if not _until(lambda: _new(home, before, asked_at)):
            raise EngineError("it goes on with its old configuration: no new worker has come up")
    finally:
        state.unlink(missing_ok=True)  # it tells of addresses that may be somebody else's later


def _told(home: Path) -> Mapping[str, str]:
    """Return what the worker that answers tells of itself, nothing where none does."""
    try:
        lines = _asked(home, STATS, "show info").splitlines()
    except EngineError:
        return {}
    return dict(line.split(": ", 1) for line in lines if ": " in line)


def _new(home: Path, before: frozenset[int], asked_at: float) -> bool:
    """Say whether a worker answers that wasn't there before.

    Where all of a proxy was started again meanwhile, its worker may have the number of the one before.
    """
    told = _told(home)
    lived = float(told.get("Uptime_sec", 0)) + 1  # it is rounded down
    return bool(told) and (int(told["Pid"]) not in before or lived < time.monotonic() - asked_at)


def _workers(home: Path) -> frozenset[int]:
    """Return the processes that are workers, old ones too."""
    words = [line.split() for line in _asked(home, MASTER, "show proc").splitlines()]
    return frozenset(
        int(row[0]) for row in words if len(row) > 1 and row[0].isdecimal() and row[1] == "worker"
    )


def _until(holds: Callable[[], bool]) -> bool:
    end = time.monotonic() + PATIENCE
    while not (there := holds()) and time.monotonic() < end:
        time.sleep(LOOK)
    return there


def _servers(text: str) -> Iterator[SeenServer]:
    for row in csv.DictReader(text.removeprefix("# ").splitlines()):
        yield SeenServer(
            backend=row["pxname"],
            name=row["svname"],
            status=row["status"],
            check=" ".join(filter(None, [row["check_status"], row["last_chk"]])),
            address=row["addr"],
            sessions=int(row["scur"] or 0),
            total=int(row["stot"] or 0),
            bytes=(int(row["bin"] or 0), int(row["bout"] or 0)),
            errors=int(row["econ"] or 0) + int(row["eresp"] or 0),
            answers=tuple(int(row[name]) for name in ANSWERS if row[name]),
        )


def _asked(home: Path, name: str, command: str) -> str:
    """Return what a proxy answers on one of its sockets, whose path may be longer than a socket's can be."""
    try:
        run = os.open(home / RUN, os.O_PATH | os.O_DIRECTORY)
        try:
            with socket.socket(socket.AF_UNIX) as line:
                line.settimeout(ANSWER_SECONDS)
                line.connect(f"/proc/self/fd/{run}/{name}")
                line.sendall(f"{command}\n".encode())
                line.shutdown(socket.SHUT_WR)  # or the master would wait for more
                return b"".join(iter(lambda: line.recv(65536), b"")).decode(errors="replace")
        finally:
            os.close(run)
    except OSError as error:
        raise EngineError(f"the proxy at {home} doesn't answer: {error.strerror or error}") from error
