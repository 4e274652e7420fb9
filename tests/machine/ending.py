"""Ends a program as Ctrl-C does, whichever signal asks for it: what it has begun is cleared away."""

import signal
import sys
from types import FrameType

SIGNALS = (signal.SIGTERM, signal.SIGHUP, signal.SIGINT)


def end_well() -> None:
    """Let the signals that end programs unwind this one, once: clearing away is not to be interrupted."""
    for number in SIGNALS:
        signal.signal(number, _end)


def _end(number: int, _: FrameType | None) -> None:
    for each in SIGNALS:
        signal.signal(each, signal.SIG_IGN)
    sys.exit(128 + number)
