"""Runs a command in a container through Podman's API, for no longer than it may take."""

import json
import os
import select
import signal
import socket
import time
from collections.abc import Sequence
from contextlib import closing, suppress
from http.client import HTTPResponse
from pathlib import Path

from runtime.lifetime import lifetime
from runtime.podman_api import VERSION, Api, named
from runtime.podman_errors import Refusal, asking_podman_to
from runtime.podman_service import connect

START_SECONDS = 30.0  # for Podman's own part
LONGEST = 65536  # bytes that are kept of what a command prints
BODY = b'{"Detach": false}'
REQUEST = (
    "POST /v{version}/libpod/exec/{session}/start HTTP/1.1\r\n"
    "Host: podman\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n"
)


def run_in(api: Api, name: str, command: Sequence[str], timeout: float) -> int:
    """Run a command in a container as ``said_in`` does and return its exit code only."""
    code, _ = said_in(api, name, command, timeout)
    return code


def said_in(api: Api, name: str, command: Sequence[str], timeout: float) -> tuple[int, str]:
    """Run a command in a container, without a shell; return its exit code, and what it printed at first.

    Raises TimeoutError when it has run for ``timeout`` seconds, after killing it, and EngineError when Podman
    can't run it; what Podman takes to start it doesn't count.  Podman keeps two conmon processes of every
    command for five minutes, or for what ``exit_command_delay`` in its containers.conf says (Podman's issue
    15377).
    """
    asked = {"Cmd": list(command), "AttachStdout": True, "AttachStderr": True}
    with asking_podman_to(f"run a command in the pod {name}"):
        session = json.loads(api.post(f"containers/{named(name)}/exec", asked))["Id"]
        said = bytearray()
        in_time = _run(api, session, timeout, said)
        ended = api.get(f"exec/{session}/json")
    if not in_time and ended["Running"]:
        _kill(ended["Pid"])
        raise TimeoutError(f"the command {command[0]} took more than {timeout:g} s")
    return int(ended["ExitCode"]), _text(bytes(said))


def _text(said: bytes) -> str:
    """Return what was printed, without the heads of its pieces: 8 bytes, of which 4 are the length."""
    text = b""
    while len(said) > 8:
        end = 8 + int.from_bytes(said[4:8], "big")
        text, said = text + said[8:end], said[end:]
    return text.decode(errors="replace")


def _run(api: Api, session: str, timeout: float, said: bytearray) -> bool:
    """Start the command, keep what it prints at first, say whether it has ended in time: the answer does."""
    with closing(connect(api.address, START_SECONDS)) as line:
        head = REQUEST.format(version=VERSION, session=session, length=len(BODY))
        line.sendall(head.encode() + BODY)
        with HTTPResponse(line, method="POST") as answer:
            answer.begin()
            if answer.status >= 400:
                raise _refusal(answer)
            last = time.monotonic() + timeout + START_SECONDS
            left = timeout
            while left > 0:
                end = min(time.monotonic() + left, last)
                if _read(line, answer, end, said):
                    return True
                left = min(_left(api, session, timeout), last - time.monotonic())
    return False


def _read(line: socket.socket, answer: HTTPResponse, end: float, said: bytearray) -> bool:
    """Keep what a command prints at first until a moment; say whether it has ended before."""
    waiting = select.poll()  # a read that has timed out once is the last one of its connection
    waiting.register(line, select.POLLIN)
    while (left := end - time.monotonic()) > 0 and waiting.poll(left * 1000):
        if not (piece := answer.read1(4096)):
            return True
        said += piece if len(said) < LONGEST else b""
    return False


def _left(api: Api, session: str, timeout: float) -> float:
    """Return how many of its seconds a command has left, by the age of its process; 0 for one that ended."""
    seen = api.get(f"exec/{session}/json")
    return timeout - lifetime(int(seen["Pid"])) if seen["Running"] else 0


def _refusal(answer: HTTPResponse) -> Refusal:
    text = answer.read().decode(errors="replace")
    try:
        said = json.loads(text)
        return Refusal(answer.status, said["cause"], said["message"])
    except (ValueError, KeyError, TypeError):
        return Refusal(answer.status, "", text)


def _kill(pid: int) -> None:
    """Kill a command of ours, and nobody else: Podman runs each under a conmon of its own."""
    with suppress(OSError, ValueError, IndexError):  # it has ended meanwhile
        parent = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1]
        if Path(f"/proc/{parent}/comm").read_text().strip() == "conmon":
            os.kill(pid, signal.SIGKILL)
