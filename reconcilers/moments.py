"""Moments in seconds since 1970, of a clock that somebody may set back."""

AHEAD = 2.0  # seconds; Podman rounds some of its times up


def after(moment: float, seconds: float, now: float) -> float:
    """Return when so many seconds are over after something that has happened.

    What seems to be yet to come has happened before the clock was set back: nobody waits for it.
    """
    return moment + seconds if moment <= now + AHEAD else now
