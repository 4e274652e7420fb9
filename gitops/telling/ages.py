"""How long ago something was, as kubectl writes it."""

from datetime import datetime

MINUTE, HOUR, DAY, YEAR = 60, 3600, 86400, 365 * 86400
STEPS = (  # up to so many seconds, in whole units of the first, and the rest in the second
    (2 * MINUTE, (1, "s"), None),
    (10 * MINUTE, (MINUTE, "m"), (1, "s")),
    (3 * HOUR, (MINUTE, "m"), None),
    (8 * HOUR, (HOUR, "h"), (MINUTE, "m")),
    (2 * DAY, (HOUR, "h"), None),
    (8 * DAY, (DAY, "d"), (HOUR, "h")),
    (2 * YEAR, (DAY, "d"), None),
    (8 * YEAR, (YEAR, "y"), (DAY, "d")),
)


def age(since: str | None, now: float) -> str:
    """Return the time since a moment in ISO 8601, ``<unknown>`` where there is none."""
    if since is None:
        return "<unknown>"
    return duration(int(now - datetime.fromisoformat(since).timestamp()))


def duration(seconds: int) -> str:
    """Spell a duration with two or three digits.  Source: apimachinery's pkg/util/duration."""
    seconds = max(seconds, 0)
    for limit, (unit, letter), rest in STEPS:
        if seconds < limit:
            return f"{seconds // unit}{letter}{_rest(seconds % unit, rest)}"
    return f"{seconds // YEAR}y"


def _rest(seconds: int, unit: tuple[int, str] | None) -> str:
    if unit is None or seconds < unit[0]:
        return ""
    return f"{seconds // unit[0]}{unit[1]}"
