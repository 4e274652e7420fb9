"""For how long a command in a container may run, where a stand-in for Podman takes its time."""

import json
import os
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from runtime.podman_api import Api
from runtime.podman_exec import run_in
from tests.runtime.test_podman_api import ENDLESS, answer, saying, serving

MADE = saying(answer(b'{"Id": "e"}'))
ENDED = saying(answer(b'{"Running": false, "Pid": 0, "ExitCode": 7}'))


class Command:
    """A command that goes on until it is told to end, as its open connection says."""

    def __init__(self) -> None:
        self._line: socket.socket | None = None

    def begin(self, line: socket.socket) -> None:
        line.recv(65536)
        line.sendall(ENDLESS)
        self._line = line.dup()

    def end_after(self, process: int) -> Callable[[socket.socket], None]:
        """Say that it runs as this process, and then end."""

        def speak(line: socket.socket) -> None:
            said = {"Running": True, "Pid": process, "ExitCode": 0}
            saying(answer(json.dumps(said).encode()))(line)
            self.end()

        return speak

    def end(self) -> None:
        assert self._line
        self._line.close()


def test_what_podman_takes_to_start_a_command_is_no_time_of_its_own(tmp_path: Path) -> None:
    command = Command()
    with serving(tmp_path / "s", MADE, command.begin, command.end_after(0), ENDED) as address:
        code = run_in(Api(address), "town.baker", ["true"], 0.1)

    assert code == 7


def test_a_command_that_has_run_for_its_time_is_told(tmp_path: Path) -> None:
    command, mine = Command(), os.getpid()
    looks = [command.end_after(mine), command.end_after(mine)]
    with (
        serving(tmp_path / "s", MADE, command.begin, *looks) as address,
        pytest.raises(TimeoutError, match=r"the command sleep took more than 0\.1 s"),
    ):
        run_in(Api(address), "town.baker", ["sleep", "100"], 0.1)
