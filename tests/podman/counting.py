"""A door before Podman's socket that counts what is asked through it."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

REQUEST = b" HTTP/1."  # whichever: sloop speaks 1.0


@dataclass
class Count:
    """How many requests went through."""

    requests: int = 0


@contextmanager
def counting(podman: Path, path: Path) -> Iterator[Count]:
    """Listen at ``path``, and pass everything on to ``podman`` and back."""
    count = Count()
    with socket.socket(socket.AF_UNIX) as door:
        door.bind(str(path))
        door.listen()
        porter = threading.Thread(target=_let_in, args=(door, podman, count))
        porter.start()
        try:
            yield count
        finally:
            door.shutdown(socket.SHUT_RDWR)
            porter.join()
            path.unlink()


def _let_in(door: socket.socket, podman: Path, count: Count) -> None:
    guests = []
    with suppress(OSError):  # the door is closed
        while True:
            asking, _ = door.accept()
            guests.append(threading.Thread(target=_serve, args=(asking, podman, count)))
            guests[-1].start()
    for guest in guests:
        guest.join()


def _serve(asking: socket.socket, podman: Path, count: Count) -> None:
    with asking, socket.socket(socket.AF_UNIX) as answering:
        answering.connect(str(podman))
        back = threading.Thread(target=_pass_on, args=(answering, asking, Count()))
        back.start()
        _pass_on(asking, answering, count)
        back.join()


def _pass_on(here: socket.socket, there: socket.socket, count: Count) -> None:
    """Pass on what comes until it ends, counting its requests meanwhile: a connection may stay open."""
    last = b""
    with suppress(OSError):
        while chunk := here.recv(65536):
            there.sendall(chunk)
            last = last[1 - len(REQUEST) :] + chunk
            count.requests += last.count(REQUEST)
    with suppress(OSError):
        there.shutdown(socket.SHUT_WR)
