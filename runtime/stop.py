"""Told to stop: a signal ends what is under way as an error would, so that the run is closed."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from runtime.dataclass import dataclass

SIGNALS = (signal.SIGTERM, signal.SIGINT)


class Stopped(BaseException):
    """Somebody asked this process to end; what runs through it must not be taken for a failure."""

    def __init__(self, number: int) -> None:
        name = signal.Signals(number).name
        super().__init__(f"stopped by {name}: the next `sloop apply` goes on from here")


@dataclass
class _Heard:
    """How many shields the main thread stands behind, and the signal that came meanwhile, 0 for none."""

    shields: int = 0
    number: int = 0


_heard = _Heard()


@contextmanager
def stoppable() -> Iterator[None]:
    """Let SIGTERM and SIGINT raise Stopped inside, in the main thread; one that is ignored stays so."""
    heard = [number for number in SIGNALS if signal.getsignal(number) is not signal.SIG_IGN]
    before = {number: signal.signal(number, _stop) for number in heard}
    try:
        yield
    finally:
        for number, treatment in before.items():
            signal.signal(number, treatment)
        _heard.number = 0


@contextmanager
def shielded() -> Iterator[None]:
    """Let a signal wait for the end of what is inside, which has to be short.

    Raised anywhere, Stopped could come between taking a lock and the code that gives it back: closing the
    run would then wait for it for ever.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    _heard.shields += 1
    try:
        yield
    finally:
        _heard.shields -= 1
    if _heard.number and not _heard.shields:
        number, _heard.number = _heard.number, 0
        raise Stopped(number)


def _stop(number: int, _: FrameType | None) -> None:
    if _heard.shields:
        _heard.number = number
        return
    raise Stopped(number)
