"""Moments in seconds since 1970, of a clock that somebody may set."""

from collections.abc import Iterable

from runtime.dataclass import dataclass

AHEAD = 2.0  # seconds; Podman rounds some of its times up


@dataclass(frozen=True, slots=True)
class Leap:
    """A clock was put forward by so many ``seconds``; until then it showed no more than ``before``."""

    before: float
    seconds: float


def corrected(moment: float, leaps: Iterable[Leap]) -> float:
    """Return a moment as a clock would have shown it that was right then, as far as that is known.

    What has lasted since would otherwise seem to have lasted longer than it has.
    """
    return moment + sum(leap.seconds for leap in leaps if moment <= leap.before)


def after(moment: float, seconds: float, now: float) -> float:
    """Return when so many seconds are over after something that has happened.

    What seems to be yet to come has happened before the clock was set back: nobody waits for it.
    """
    return moment + seconds if moment <= now + AHEAD else now
