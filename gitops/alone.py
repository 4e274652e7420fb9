"""How a command gets a daemon to leave a source to it, so that the two don't do each other's work."""

import os
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from gitops.hook import SOCKET

SOON = 2.0  # seconds after which it is said whom a command waits for
WAITING = "waiting for `sloop run` to come to the end of its pass"


@contextmanager
def alone(state: Path, source: str, tell: Callable[[str], None]) -> Iterator[None]:
    """Have a source alone as long as this lasts, beside a daemon of the same state directory.

    The line to it stands for that: whichever of the two is killed, the other one goes on at once.  Without a
    daemon, or with one that has no such source, nothing happens.
    """
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as line:
        with suppress(OSError):
            _call(line, state, source)
            _hear(line, tell)
        yield


def _call(line: socket.socket, state: Path, source: str) -> None:
    directory = os.open(state, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        line.connect(f"/proc/self/fd/{directory}/{SOCKET}")  # a path may be too long for a socket
    finally:
        os.close(directory)
    line.sendall(b"\0".join([b"aside", source.encode()]))
    line.shutdown(socket.SHUT_WR)


def _hear(line: socket.socket, tell: Callable[[str], None]) -> None:
    """Wait for the daemon's word; it comes when its pass is over, or it hangs up."""
    line.settimeout(SOON)
    try:
        line.recv(1)
    except TimeoutError:
        tell(WAITING)
        line.settimeout(None)
        line.recv(1)
