"""Told to stop: a signal ends what is under way as an error would, so that the run is closed."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

SIGNALS = (signal.SIGTERM, signal.SIGINT)


class Stopped(BaseException):
    """Somebody asked this process to end; what runs through it must not be taken for a failure."""

    def __init__(self, number: int) -> None:
        name = signal.Signals(number).name
        super().__init__(f"stopped by {name}: the next `sloop apply` goes on from here")


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


def _stop(number: int, _: FrameType | None) -> None:
    raise Stopped(number)
