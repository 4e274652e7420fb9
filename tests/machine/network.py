"""Lets this process reach the ports that a private engine publishes in a network of its own."""

import contextlib
import ctypes
import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from tests.machine.engine import PrivateEngine

CLONE_NEWNET = 0x40000000


@contextlib.contextmanager
def inside_network(engine: PrivateEngine) -> Iterator[None]:
    """Let this thread, and those and the processes that it starts, share the engine's network.

    Only root's engine has one of its own, as long as it lives; for any other there is nothing to do.
    """
    with contextlib.ExitStack() as stack:
        if os.geteuid() == 0:
            ours = stack.enter_context(here())
            if theirs := there(engine):
                stack.callback(enter, ours.fileno())
                enter(stack.enter_context(theirs).fileno())
        yield


def there(engine: PrivateEngine) -> IO[str] | None:
    """Open the network of an engine, as most of its threads have it; None once it has ended.

    The first thread, for which the process stands, is left in a container's now and then (seen with Podman
    5.4): Go ends a thread that it has sent into another network, and can't end that one.
    """
    networks: dict[Path, Path] = {}
    for one in Path(f"/proc/{engine.pid}/task").glob("*/ns/net"):
        with contextlib.suppress(OSError):  # it has ended meanwhile
            networks[one] = one.readlink()
    for most, _ in Counter(networks.values()).most_common(1):
        for one in [one for one, network in networks.items() if network == most]:
            with contextlib.suppress(FileNotFoundError):
                return one.open()
    return None


def here() -> IO[str]:
    """Open the network that this thread is in."""
    return Path("/proc/thread-self/ns/net").open()


def enter(network: int) -> None:
    """Move this thread to another network namespace (os.setns comes with Python 3.12)."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.setns(network, CLONE_NEWNET) != 0:
        raise OSError(ctypes.get_errno(), "cannot enter the network of the private engine")
