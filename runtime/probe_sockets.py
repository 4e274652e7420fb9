"""Sockets inside the network namespaces of pods, as root and rootless, without a process for each."""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from runtime import probe_doorman
from runtime.dataclass import dataclass
from runtime.seen import SeenContainer

PATIENCE = 5.0  # seconds, for the doorman to answer


class Vanished(Exception):
    """The pod's process isn't there any more."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a pod is found: its process, and the number of the network namespace that this had.

    The number is remembered since another process may get the same pid.
    """

    name: str
    pid: int
    namespace: int

    @contextmanager
    def opened(self) -> Iterator[int]:
        """Lend a descriptor of the namespace; raises Vanished."""
        try:
            netns = os.open(_path(self.pid), os.O_RDONLY | os.O_CLOEXEC)
        except (FileNotFoundError, ProcessLookupError) as error:
            raise Vanished from error
        try:
            if os.fstat(netns).st_ino != self.namespace:
                raise Vanished
            yield netns
        finally:
            os.close(netns)


@dataclass(frozen=True, slots=True)
class Doorman:
    """A process inside a user namespace, that opens sockets for us; it ends when its door is closed."""

    process: subprocess.Popen[bytes]
    door: socket.socket

    def close(self) -> None:
        """Let it end."""
        self.door.close()
        self.process.wait()


class Sockets:
    """Opens sockets in pods.  One thread at a time.

    Who isn't ``privileged`` has it done by a doorman, one for each user namespace that pods belong to.
    """

    def __init__(self, *, privileged: bool) -> None:
        self._privileged = privileged
        self._doormen: dict[int, Doorman] = {}

    def open(self, place: Place, family: int) -> tuple[socket.socket, str]:
        """Return a TCP socket inside a pod's network, and the pod's own address there, "" for none.

        Raises Vanished, and OSError when the machine doesn't let us.
        """
        with place.opened() as netns:
            if place.namespace == Path(probe_doorman.OWN).stat().st_ino:
                return probe_doorman.open_here(family)
            if self._privileged:
                return probe_doorman.open_inside(netns, family)
            return self._ask(netns, family)

    def close(self) -> None:
        """End the doormen."""
        for doorman in self._doormen.values():
            doorman.close()
        self._doormen.clear()

    def _ask(self, netns: int, family: int) -> tuple[socket.socket, str]:
        """Ask the doorman of the user namespace; one that has gone home is replaced."""
        owner = _user_namespace(netns)
        for _ in range(2):
            doorman = self._doormen.get(owner) or self._doormen.setdefault(owner, _doorman())
            try:
                return probe_doorman.ask(doorman.door, netns, family)
            except (ConnectionError, TimeoutError) as error:
                failed = error
                self._doormen.pop(owner).process.kill()
                doorman.close()
        raise failed


def place_of(container: SeenContainer) -> Place:
    """Return where a container is found; one that has vanished already is found nowhere."""
    return place(container.name, container.pid)


def place(name: str, pid: int) -> Place:
    """Return where the pod of a process is found."""
    try:
        return Place(name, pid, Path(_path(pid)).stat().st_ino)
    except OSError:
        return Place(name, pid, 0)


def _path(pid: int) -> str:
    return f"/proc/{pid}/ns/net"


def _user_namespace(netns: int) -> int:
    descriptor = probe_doorman.user_namespace(netns)
    try:
        return os.fstat(descriptor).st_ino
    finally:
        os.close(descriptor)


def _doorman() -> Doorman:
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    ours.settimeout(PATIENCE)
    with theirs:
        process = subprocess.Popen(
            [sys.executable, "-I", "-S", probe_doorman.__file__],
            stdin=theirs.fileno(),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd="/",
            start_new_session=True,
        )
    return Doorman(process, ours)
