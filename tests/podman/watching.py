"""A pair of eyes outside of sloop: who serves, looked at again and again while something else goes on."""

import threading
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.client import HTTPException

from tests.machine.api import ApiError
from tests.podman.program import Program

EVERY = 0.02  # seconds


@dataclass
class Watch:
    """What was seen so far: how many answered, and how many ran, each time."""

    answered: list[int] = field(default_factory=list)
    running: list[int] = field(default_factory=list)


@contextmanager
def watching(program: Program, port: int = 8000) -> Iterator[Watch]:
    """Ask every container that runs, at its own address, as long as the context lasts."""
    seen, over = Watch(), threading.Event()
    eyes = threading.Thread(target=_watch, args=(program, port, seen, over))
    eyes.start()
    try:
        yield seen
    finally:
        over.set()
        eyes.join()


def fetched(url: str) -> bytes:
    """Return a page, nothing where nobody answers, or not to the end."""
    with suppress(OSError, HTTPException), urllib.request.urlopen(url, timeout=2) as page:
        return bytes(page.read())
    return b""


def _watch(program: Program, port: int, seen: Watch, over: threading.Event) -> None:
    """Look on; what changed while it was looked at is looked at again, or a pod just gone would count."""
    while not over.wait(EVERY):
        with suppress(ApiError):
            before = _addresses(program)
            answers = [fetched(f"http://{address}:{port}/passwd") for address in before]
            seen.running.append(len(before))
            seen.answered += [sum(map(bool, answers))] if before == _addresses(program) else []


def _addresses(program: Program) -> list[str]:
    """Return the addresses of those that run; raises ApiError where one went meanwhile."""
    return [program.address(name) for name in program.running()]
