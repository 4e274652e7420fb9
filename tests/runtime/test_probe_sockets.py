"""Network namespaces of their own, without an engine: as root entered by a thread, else by a doorman."""

import fcntl
import os
import socket
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from runtime.probe_sockets import Place, Sockets, Vanished, place_of
from tests.runtime.probe_material import pod_here

SIOCGSKNS = 0x894C  # linux/sockios.h: the network namespace of a socket
LIVES = ["sh", "-c", "echo; read end"]


@pytest.fixture
def elsewhere() -> Iterator[Place]:
    """Lend a process in a network and a user namespace of its own."""
    with subprocess.Popen(
        ["unshare", "--user", "--map-root-user", "--net", *LIVES],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as process:
        assert process.stdin
        assert process.stdout
        process.stdout.readline()
        yield place_of(replace(pod_here(), pid=process.pid))
        process.stdin.close()


@pytest.fixture(params=["by a doorman", "as this user may"])
def sockets(request: pytest.FixtureRequest) -> Iterator[Sockets]:
    sockets = Sockets(privileged=request.param != "by a doorman" and os.geteuid() == 0)
    yield sockets
    sockets.close()


@pytest.fixture
def doorman() -> Iterator[Sockets]:
    sockets = Sockets(privileged=False)
    yield sockets
    sockets.close()


def network_of(made: socket.socket) -> int:
    namespace = fcntl.ioctl(made, SIOCGSKNS)
    try:
        return os.fstat(namespace).st_ino
    finally:
        os.close(namespace)


def home() -> int:
    return Path("/proc/thread-self/ns/net").stat().st_ino


def children() -> set[str]:
    return set(Path(f"/proc/self/task/{os.getpid()}/children").read_text().split())


def test_who_is_here_is_reached_by_an_ordinary_socket(doorman: Sockets) -> None:
    before = children()
    made, _ = doorman.open(place_of(pod_here()), socket.AF_INET)

    with made:
        assert children() == before


@pytest.mark.parametrize("family", [socket.AF_INET, socket.AF_INET6])
def test_a_socket_is_in_the_pods_network_and_we_are_not(
    elsewhere: Place, sockets: Sockets, family: int
) -> None:
    made, address = sockets.open(elsewhere, family)

    with made:
        assert network_of(made) == elsewhere.namespace != home()
        assert (made.family, made.getblocking(), address) == (family, False, "")


def test_one_doorman_serves_all_questions(elsewhere: Place, doorman: Sockets) -> None:
    before = children()
    for _ in range(10):
        doorman.open(elsewhere, socket.AF_INET)[0].close()

    assert len(children() - before) == 1


def test_a_doorman_that_has_died_is_replaced(elsewhere: Place, doorman: Sockets) -> None:
    before = children()
    doorman.open(elsewhere, socket.AF_INET)[0].close()
    (first,) = children() - before
    os.kill(int(first), 9)

    doorman.open(elsewhere, socket.AF_INET)[0].close()

    assert children() - before != {first}


def test_doormen_end_with_their_sockets(elsewhere: Place) -> None:
    before = children()
    sockets = Sockets(privileged=False)
    sockets.open(elsewhere, socket.AF_INET)[0].close()
    sockets.close()

    assert children() == before


def test_a_process_that_has_ended_is_told(sockets: Sockets) -> None:
    with subprocess.Popen(["true"]) as process:
        process.wait()

    with pytest.raises(Vanished):
        sockets.open(place_of(replace(pod_here(), pid=process.pid)), socket.AF_INET)


def test_another_process_under_the_same_pid_is_told(elsewhere: Place, sockets: Sockets) -> None:
    with pytest.raises(Vanished):
        sockets.open(replace(elsewhere, namespace=home()), socket.AF_INET)
