"""Schedules as a CronJob writes them: fields of cron, a word such as ``@daily``, or ``@every`` so often."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cache
from math import floor
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

WORDS = {
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
    "@monthly": "0 0 1 * *",
    "@weekly": "0 0 * * 0",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@hourly": "0 * * * *",
}
MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
DAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
UNITS = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 1e-3, "us": 1e-6, "µs": 1e-6, "ns": 1e-9}
DURATION = re.compile(r"([0-9]+(?:\.[0-9]*)?|\.[0-9]+)(h|ms|m|s|us|µs|ns)")
TERM = re.compile(r"(?P<first>[*?]|\w+)(?:-(?P<last>\w+))?(?:/(?P<step>[0-9]+))?")


@dataclass(frozen=True, slots=True)
class Field:
    """One of the five fields: what it counts, and from where to where."""

    name: str
    least: int
    most: int
    words: Sequence[str] = ()


FIELDS = (
    Field("minute", 0, 59),
    Field("hour", 0, 23),
    Field("day of the month", 1, 31),
    Field("month", 1, 12, MONTHS),
    Field("day of the week", 0, 6, DAYS),
)


@dataclass(frozen=True, slots=True)
class Schedule:
    """When something is due: by ``fields`` of cron on the clocks of ``zone``, or ``every`` so many seconds.

    Where clocks change, a time of day that is left out is due when they have changed, and one that comes
    twice is due once; what is due each hour or more often goes by the time that passes (as Debian's cron has
    it, so that nothing is lost and nothing done twice).
    """

    fields: str = ""
    every: int = 0
    zone: str = "UTC"

    def within(self, zone: str) -> "Schedule":
        """Return the same schedule on other clocks."""
        return replace(self, zone=zone)

    def after(self, moment: float) -> float | None:
        """Return when it is due next after a moment, both in seconds since 1970; None for never."""
        if self.every:
            return float(floor(moment) + self.every)
        return next((one for one in self._from(moment, reverse=False) if one > moment), None)

    def last(self, since: float, until: float) -> float | None:
        """Return when it was due last, after ``since`` and not after ``until``; None for not at all."""
        first = self.after(since)
        if first is None or first > until:
            return None
        if self.every:
            return first + (until - first) // self.every * self.every
        latest = next((one for one in self._from(until + 1, reverse=True) if one <= until), first)
        return max(first, latest)

    def missed(self, since: float, until: float, most: int) -> int:
        """Return how often it was due, after ``since`` and not after ``until``; no more than ``most``."""
        count, moment = 0, self.after(since)
        while moment is not None and moment <= until and count < most:
            count, moment = count + 1, self.after(moment)
        return count

    def _from(self, moment: float, *, reverse: bool) -> Iterator[float]:
        from cronsim import CronSim  # only what has a schedule needs it

        clock = datetime.fromtimestamp(floor(moment), zone_named(self.zone))
        return (due.timestamp() for due in CronSim(self.fields, clock, reverse))


def zone_named(name: str) -> ZoneInfo:
    """Return a time zone of the IANA's data base; raises ValueError where there is none of that name."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(f"no time zone {name!r}: write one such as Europe/Berlin, or Etc/UTC") from None


@cache
def schedule(text: str) -> Schedule:
    """Read a schedule as Kubernetes does; raises ValueError with what is wrong and what to write.

    Source: robfig/cron's ParseStandard.
    """
    if "TZ" in text:
        raise ValueError("a time zone stands in spec.timeZone, not in the schedule")
    if text.startswith("@every "):
        return Schedule(every=_interval(text.removeprefix("@every ").strip()))
    if text.startswith("@") and text not in WORDS:
        raise ValueError(f"{text!r} is no schedule: write one of {', '.join(WORDS)}, or @every 1h30m")
    parts = WORDS.get(text, text).split()
    if len(parts) != len(FIELDS):
        raise ValueError("must have five fields: minute, hour, day of the month, month, day of the week")
    fields = [_field(part, field) for part, field in zip(parts, FIELDS, strict=True)]
    return _possible(Schedule(" ".join(fields)))


def _interval(text: str) -> int:
    """Read a duration of Go's, in whole seconds, one at least."""
    parts = DURATION.findall(text)
    if not parts or "".join(map("".join, parts)) != text:
        raise ValueError(f"{text!r} is no duration: write 90s, 5m or 1h30m")
    return max(int(sum(float(number) * UNITS[unit] for number, unit in parts)), 1)


def _possible(one: Schedule) -> Schedule:
    from cronsim import CronSimError

    try:
        due = one.after(datetime(2000, 1, 1, tzinfo=UTC).timestamp())
    except CronSimError:
        due = None
    if due is None:
        raise ValueError("no such day ever comes")
    return one


def _field(text: str, field: Field) -> str:
    return ",".join(_term(term, field) for term in text.split(","))


def _term(text: str, field: Field) -> str:
    match = TERM.fullmatch(text)
    if match is None:
        raise ValueError(f"{text!r} is no {field.name}: write a number, *, 1-5, */10 or 1,15")
    first, last, step = match["first"], match["last"], match["step"]
    if step is not None and int(step) == 0:
        raise ValueError(f"{text!r} is no {field.name}: a step is at least 1")
    if first in "*?":
        return _star(text, field, last, step)
    return _range(text, field, (first, last), step)


def _star(text: str, field: Field, last: str | None, step: str | None) -> str:
    """Return what ``*`` stands for; with a step it is a choice of days, which a plain one isn't."""
    if last is not None:
        raise ValueError(f"{text!r} is no {field.name}: * begins no range")
    if step is None or int(step) == 1:
        return "*"
    chooses = field.name.startswith("day")
    return f"{field.least}-{field.most}/{step}" if chooses else f"*/{step}"


def _range(text: str, field: Field, ends: tuple[str, str | None], step: str | None) -> str:
    first = _number(ends[0], field)
    last = field.most if ends[1] is None and step else _number(ends[1] or ends[0], field)
    if last < first:
        raise ValueError(f"{text!r} is no {field.name}: it ends before it begins")
    return f"{first}-{last}/{step}" if step else f"{first}-{last}" if last != first else str(first)


def _number(text: str, field: Field) -> int:
    if text.lower() in field.words:
        return field.words.index(text.lower()) + field.least
    if not (text.isascii() and text.isdecimal()) or not field.least <= int(text) <= field.most:
        raise ValueError(f"{text!r} is no {field.name}: write {field.least} to {field.most}")
    return int(text)
