"""Lets this process reach the ports that a private engine publishes in a network of its own."""

import contextlib
import ctypes
import os
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
            with contextlib.suppress(FileNotFoundError), Path(f"/proc/{engine.pid}/ns/net").open() as theirs:
                stack.callback(enter, ours.fileno())
                enter(theirs.fileno())
        yield


def here() -> IO[str]:
    """Open the network that this thread is in."""
    return Path("/proc/thread-self/ns/net").open()


def enter(network: int) -> None:
    """Move this thread to another network namespace (os.setns comes with Python 3.12)."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.setns(network, CLONE_NEWNET) != 0:
        raise OSError(ctypes.get_errno(), "cannot enter the network of the private engine")
