"""Tells systemd how the daemon fares: sd_notify(3), and the signs of life that its watchdog waits for."""

import os
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import field

from runtime.dataclass import dataclass

PATIENCE = 1800.0  # seconds that one pass may take, with all its pulls and graces, before it counts as stuck


def notify(*said: str, environment: Mapping[str, str] = os.environ) -> None:
    """Tell the service manager, if there is one, such things as ``READY=1``; it never fails."""
    address = environment.get("NOTIFY_SOCKET", "")
    if not address:
        return
    with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as line:
        line.connect(f"\0{address[1:]}" if address.startswith("@") else address)
        line.sendall("\n".join(said).encode())


def watchdog(environment: Mapping[str, str] = os.environ) -> float | None:
    """Return within how many seconds the service manager wants a sign of life, None for never."""
    if environment.get("WATCHDOG_PID", str(os.getpid())) != str(os.getpid()):
        return None
    given = environment.get("WATCHDOG_USEC", "")
    return int(given) / 1e6 if given.isdigit() and int(given) else None


@dataclass
class Pulse:
    """Whether the threads that should get ahead do: none of them is in one pass for too long."""

    clock: Callable[[], float] = time.monotonic
    _since: dict[int, float] = field(default_factory=dict)

    @contextmanager
    def at_work(self) -> Iterator[None]:
        """Count the thread that calls as at work; who waits for something to do is well anyway."""
        self._since[threading.get_ident()] = self.clock()
        try:
            yield
        finally:
            del self._since[threading.get_ident()]

    def beats(self) -> bool:
        """Say whether everybody gets ahead."""
        return all(self.clock() - since < PATIENCE for since in list(self._since.values()))

    def tell(self) -> None:
        """Give signs of life, for ever, twice as often as they are wanted; returns where none are."""
        while (seconds := watchdog()) is not None:
            if self.beats():
                notify("WATCHDOG=1")
            time.sleep(seconds / 2)
