"""How the clock was put forward while we looked on: a machine without a battery learns the time late."""

from reconcilers.moments import AHEAD, Leap
from runtime.dataclass import dataclass

MOST = 8  # leaps that are kept, the last ones


@dataclass
class Leaps:
    """The leaps that were seen, by a clock that nobody sets."""

    _known: tuple[Leap, ...] = ()
    _ahead: float | None = None

    def look(self, now: float, steady: float) -> tuple[Leap, ...]:
        """Return the leaps so far; ``now`` is what the one clock shows, and ``steady`` the other."""
        ahead = now - steady
        forward = ahead - self._ahead if self._ahead is not None else 0.0
        if forward > AHEAD:
            self._known = (*self._known, Leap(now - forward, forward))[-MOST:]
        self._ahead = ahead
        return self._known
