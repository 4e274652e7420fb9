"""What systemd is told, by a socket as systemd has it."""

import os
import socket
from pathlib import Path

import pytest

from gitops.service.notify import PATIENCE, Pulse, notify, watchdog
from tests.host import Clock


@pytest.mark.parametrize("abstract", [False, True])
def test_the_manager_is_told_by_a_socket_of_either_sort(tmp_path: Path, abstract: bool) -> None:
    name = f"{tmp_path.name}-{os.getpid()}" if abstract else str(tmp_path / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(f"\0{name}" if abstract else name)

        notify("READY=1", "STATUS=well", environment={"NOTIFY_SOCKET": f"@{name}" if abstract else name})

        assert manager.recv(1000) == b"READY=1\nSTATUS=well"


@pytest.mark.parametrize("address", [{}, {"NOTIFY_SOCKET": ""}, {"NOTIFY_SOCKET": "/nowhere/notify"}])
def test_without_a_manager_nothing_is_said_and_nothing_fails(address: dict[str, str]) -> None:
    assert notify("READY=1", environment=address) is None


@pytest.mark.parametrize(
    ("environment", "seconds"),
    [
        ({"WATCHDOG_USEC": "120000000"}, 120.0),
        ({"WATCHDOG_USEC": "500000", "WATCHDOG_PID": str(os.getpid())}, 0.5),
        ({"WATCHDOG_USEC": "500000", "WATCHDOG_PID": "1"}, None),
        ({"WATCHDOG_USEC": "soon"}, None),
        ({"WATCHDOG_USEC": "0"}, None),
        ({}, None),
    ],
)
def test_signs_of_life_are_given_as_often_as_they_are_wanted(
    environment: dict[str, str], seconds: float | None
) -> None:
    assert watchdog(environment) == seconds


def test_who_waits_is_alive_and_who_is_stuck_in_a_pass_is_not() -> None:
    clock = Clock()
    pulse = Pulse(clock)
    with pulse.at_work():
        clock.now += PATIENCE - 1
        assert pulse.beats()
        clock.now += 1
        assert not pulse.beats()

    clock.now += 10 * PATIENCE
    assert pulse.beats()
