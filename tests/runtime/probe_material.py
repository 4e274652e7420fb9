"""Pods to probe without an engine: this very process, and servers in it that say what they are told to."""

import json
import os
import socket
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any

from runtime.resources import Label
from runtime.seen import SeenPod

OFTEN = {"periodSeconds": 0.01, "timeoutSeconds": 5}  # times that Kubernetes wouldn't take, for tests


def pod_here(id_: str = "1", *, started: float = 0, state: str = "running", **probes: Any) -> SeenPod:
    """Return a pod whose process is this one; each probe is written as in a manifest, asked often."""
    written = {kind: {**OFTEN, **probe} for kind, probe in probes.items()}
    labels = {Label.PROBES: json.dumps({"main": written})} if written else {}
    return SeenPod(
        id=id_,
        name=f"town.{id_}",
        labels=labels,
        state=state,
        image="",
        image_id="",
        networks=(),
        started=started,
        pid=os.getpid(),
    )


def free_port() -> int:
    """Return a port at which nobody listens."""
    with socket.socket() as line:
        line.bind(("127.0.0.1", 0))
        return int(line.getsockname()[1])


@contextmanager
def saying(*replies: bytes, heard: list[bytes] | None = None) -> Iterator[int]:
    """Lend a port of a server that gives each caller the next reply, the last one again and again."""
    with socket.create_server(("127.0.0.1", 0)) as door:
        thread = threading.Thread(target=_serve, args=(door, replies, [] if heard is None else heard))
        thread.start()
        try:
            yield door.getsockname()[1]
        finally:
            with suppress(OSError):
                door.shutdown(socket.SHUT_RDWR)
            thread.join()


def _serve(door: socket.socket, replies: Sequence[bytes], heard: list[bytes]) -> None:
    waiting = list(replies)
    while True:
        try:
            line, _ = door.accept()
        except OSError:
            return
        with line, suppress(OSError):
            heard.append(line.recv(65536))
            line.sendall(waiting.pop(0) if len(waiting) > 1 else waiting[0])
            line.shutdown(socket.SHUT_WR)
            while line.recv(65536):  # closing with something unread would reset the line
                pass
