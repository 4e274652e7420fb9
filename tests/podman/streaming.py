"""Connections that last: a program that keeps them up, and clients that note for how long it did."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import BinaryIO

from tests.podman.manifests import Object, config_map, deployment, mounted

GRACE = 5  # seconds that a pod of these has to end
PATIENCE = 10.0  # seconds of silence, after which a connection counts as cut

# A line, or a WebSocket, gets back what it says. Everybody else gets events without an end, which this
# program ends in good order when it is to stop; it ignores the signal, so that lines last for all its grace.
PROGRAM = r"""
read -r method path rest
test "$method" = ECHO && exec cat
upgrade=
while read -r line && test "$line" != "$(printf '\r')"; do
  case "$line" in [Uu]pgrade:*) upgrade=yes;; esac
done
if test "$path" = /ready; then printf 'HTTP/1.0 200 OK\r\n\r\n'; exit; fi
if test "$upgrade"; then
  printf 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n'
  printf 'Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n'
  exec cat
fi
printf 'HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n'
until test -e /tmp/ending; do printf '8\r\ndata: x\n\r\n'; usleep 100000; done
printf '0\r\n\r\n'
"""
KEY = "dGhlIHNhbXBsZSBub25jZQ=="  # of RFC 6455, as its answer in the program
UPGRADE = f"Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: {KEY}\r\n"
WORD = b"data: y\n"


@dataclass
class Held:
    """A connection: how often something came, when that was last, and whether it was ended in good order."""

    ticks: int = 0
    last: float = 0
    well: bool = False
    cut: str = ""
    over: threading.Event = field(default_factory=threading.Event)


def streaming(name: str, version: str = "one", *, replicas: int = 1) -> Object:
    """Return a Deployment of such pods; they read ``program()``."""
    probe = {"httpGet": {"port": 8000, "path": "/ready"}, "periodSeconds": 1}
    ending = {"exec": {"command": ["sh", "-c", "touch /tmp/ending; sleep 2"]}}
    pod = {
        "volumes": [{"name": "program", "configMap": {"name": "program"}}],
        "terminationGracePeriodSeconds": GRACE,
    }
    return deployment(
        name,
        replicas=replicas,
        command=("nc", "-ll", "-p", "8000", "-e", "sh", "/program/serve.sh"),
        readinessProbe=probe,
        lifecycle={"preStop": ending},
        volumeMounts=[mounted("program", "/program")],
        env=[{"name": "VERSION", "value": version}],
        pod=pod,
    )


def program() -> Object:
    """Return what the pods run."""
    return config_map("program", **{"serve.sh": PROGRAM})


@contextmanager
def events(line: socket.socket, host: str) -> Iterator[Held]:
    """Follow events as long as the context lasts, or they do."""
    file = _begun(line, f"GET /events HTTP/1.1\r\nHost: {host}\r\n\r\n")
    with _holding(line, lambda held: _next_chunk(file, held)) as held:
        yield held


@contextmanager
def websocket(line: socket.socket, host: str) -> Iterator[Held]:
    """Say something again and again, and hear it, as long as the context lasts or a WebSocket does."""
    file = _begun(line, f"GET /echo HTTP/1.1\r\nHost: {host}\r\n{UPGRADE}\r\n", "101")
    with _holding(line, lambda held: _echoed(line, file, held)) as held:
        yield held


@contextmanager
def talk(line: socket.socket) -> Iterator[Held]:
    """Do the same without HTTP."""
    line.sendall(b"ECHO / -\r\n")
    file = line.makefile("rb")
    with _holding(line, lambda held: _echoed(line, file, held)) as held:
        yield held


def _begun(line: socket.socket, request: str, status: str = "200") -> BinaryIO:
    """Ask, and return what comes after the head of the answer."""
    line.sendall(request.encode())
    file = line.makefile("rb")
    first = file.readline().decode()
    assert status in first, first
    while file.readline().strip():
        pass
    return file


@contextmanager
def _holding(line: socket.socket, tick: Callable[[Held], None]) -> Iterator[Held]:
    held = Held()
    line.settimeout(PATIENCE)
    thread = threading.Thread(target=_hold, args=(held, tick))
    thread.start()
    try:
        yield held
    finally:
        held.over.set()
        thread.join()
        line.close()


def _hold(held: Held, tick: Callable[[Held], None]) -> None:
    try:
        while not (held.over.is_set() or held.well):
            tick(held)
            held.last = time.monotonic()
    except (OSError, EOFError, ValueError) as error:
        held.cut = repr(error)


def _next_chunk(file: BinaryIO, held: Held) -> None:
    """Take what comes next; proxies may send several chunks as one."""
    size = file.readline()
    if not size:
        raise EOFError("cut between two events")
    said = file.read(int(size, 16))
    file.readline()
    held.ticks += said.count(b"data:")
    held.well = not said


def _echoed(line: socket.socket, file: BinaryIO, held: Held) -> None:
    line.sendall(WORD)
    if file.read(len(WORD)) != WORD:
        raise EOFError("cut")
    held.ticks += 1
    held.over.wait(0.1)


def ended(held: Held) -> bool:
    """Say whether a connection is over, well or not."""
    return held.well or bool(held.cut)
