"""One process for both hooks of a push: one that has checked a commit leaves a copy that deploys it.

What it has loaded is most of what a deployment loads, and git comes to the second hook at once.
"""

import os
import socket
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from importlib import import_module
from pathlib import Path
from threading import Thread

from gitops.hook import QUARANTINE, go_on_alone, standby
from gitops.service.door import bound, request, send
from gitops.service.receive import Enduring

MORE = ("gitops.applying", "runtime.podman")  # what a deployment needs that a check does not
LATER = "deepdiff"  # what it needs only once git has been asked, and is waited for
WAIT = 5.0  # seconds in which the second hook comes, unless git refuses the push after all

Deploy = Callable[[], int]


@contextmanager
def prepared(state: Path) -> Iterator[None]:
    """Let what writes the ledger get ready meanwhile; it is gone where this ends badly."""
    from runtime.scribe import dismiss, summon

    with suppress(OSError):  # the machine has no room for a process now
        summon(state)
    try:
        yield
    except BaseException:
        dismiss()
        raise


def stay(state: Path, sha: str, deploy: Deploy) -> None:
    """Leave a copy of this process that deploys a commit, once the second hook asks for it; return at once.

    ``deploy`` prints how it goes and returns an exit code.  Where nobody can stay, the hook does it itself.
    """
    with suppress(OSError):
        state.mkdir(mode=0o700, parents=True, exist_ok=True)
        with bound(state, standby(sha)) as listener:
            if os.fork() == 0:
                _alone(listener, state / standby(sha), deploy)


def _alone(listener: socket.socket, place: Path, deploy: Deploy) -> None:
    """Do what a copy is for, and end: it is nobody's child, and holds nothing that git waits for."""
    try:
        os.setsid()
        go_on_alone()
        nothing = os.open(os.devnull, os.O_RDWR)
        for stream in range(3):
            os.dup2(nothing, stream)
        for name in QUARANTINE:  # what it led to is in the repository by now, or gone
            os.environ.pop(name, None)
        _serve(listener, place, deploy)
    finally:
        os._exit(0)


def _serve(listener: socket.socket, place: Path, deploy: Deploy) -> None:
    for name in MORE:
        import_module(name)
    Thread(target=import_module, args=(LATER,), daemon=True).start()
    listener.settimeout(WAIT)
    try:
        line, _ = listener.accept()
    finally:
        place.unlink(missing_ok=True)
    with line:
        request(line)
        sys.stdout = sys.stderr = Enduring(_Rows(line))
        send(line, "!", str(deploy()))


class _Rows:
    """A stream to the hook, row by row."""

    def __init__(self, line: socket.socket) -> None:
        self._line = line
        self._begun = ""

    def write(self, text: str) -> int:
        """Send all rows that are whole by now."""
        whole, newline, self._begun = (self._begun + text).rpartition("\n")
        if newline:
            send(self._line, "=", whole)
        return len(text)

    def flush(self) -> None:
        """Wait for the end of the row."""
