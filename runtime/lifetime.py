"""For how long a process of this machine has lived."""

import os
import time
from collections.abc import Callable
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")  # a second, in which the kernel tells when a process began


def lifetime(process: int) -> float:
    """Return its seconds; 0 where there is no such process, or it has ended and nobody was told."""
    try:
        words = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    state, began = words[0], int(words[19]) / TICKS
    return 0.0 if state in "ZX" else max(uptime() - began, 0.0)


def age(process: int, started: float, now: float, lived: Callable[[int], float] = lifetime) -> float:
    """Return the seconds of a process that was started then: the kernel knows, however the clock was set."""
    return lived(process) or now - started


def uptime() -> float:
    """Return for how many seconds the machine has been up, asleep or not."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)
