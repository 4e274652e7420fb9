"""A pair of eyes outside of sloop: who serves, looked at again and again while something else goes on."""

import json
import subprocess
import threading
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

from tests.machine import api
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
    _hold_bridges(program)
    seen, over = Watch(), threading.Event()
    eyes = threading.Thread(target=_watch, args=(program, port, seen, over))
    eyes.start()
    try:
        yield seen
    finally:
        over.set()
        eyes.join()


def _hold_bridges(program: Program) -> None:
    """Give each bridge its own address for good.

    Linux gives a bridge the lowest address of its ports, so that it changes as pods come and go; who has
    learned the old one less than a second ago answers into the void for a while (seen with netavark 1.4).
    """
    for network in api.ask(program.podman.socket, "GET", "/networks/json"):
        bridge = network["network_interface"]
        for link in _links(bridge):
            subprocess.run(["ip", "link", "set", "dev", bridge, "address", link["address"]], check=True)


def _links(bridge: str) -> list[dict[str, str]]:
    """Return the bridge as ``ip`` knows it; it is there only while somebody is in its network."""
    known = subprocess.run(["ip", "-json", "link"], check=True, capture_output=True).stdout
    return [link for link in json.loads(known) if link["ifname"] == bridge]


def fetched(url: str) -> bytes:
    """Return a page, nothing where nobody answers."""
    with suppress(OSError), urllib.request.urlopen(url, timeout=2) as page:
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
