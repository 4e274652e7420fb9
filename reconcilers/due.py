"""The arithmetic of a CronJob: which run is due now, which ones were missed, and when to look again."""

from runtime.dataclass import dataclass
from schemas.schedule import Schedule

MANY = 100  # missed runs; more are worth a warning
CORRECTION = 3 * 3600.0  # seconds; a clock that is put back further was wrong before


@dataclass(frozen=True, slots=True)
class Due:
    """The run that is due, at its time by the schedule; times are in seconds since 1970.

    ``many`` says that more than a hundred were missed, ``lapsed`` which run can't start any more, as it
    is too late for it, and ``next`` is when the schedule comes next.
    """

    at: float | None = None
    many: bool = False
    lapsed: float | None = None
    next: float | None = None


def due(schedule: Schedule, since: float, now: float, deadline: int | None) -> Due:
    """Return the most recent run that is due after ``since``, at most ``deadline`` seconds ago.

    Only that one is started, however many were missed.
    Source: Kubernetes' pkg/controller/cronjob/utils.go, mostRecentScheduleTime.
    """
    earliest = since if deadline is None else max(since, now - deadline)
    at = schedule.last(earliest, now)
    return Due(
        at=at,
        many=at is not None and schedule.missed(earliest, now, MANY + 1) > MANY,
        lapsed=schedule.last(since, now) if at is None else None,
        next=coming(schedule, since, now),
    )


def coming(schedule: Schedule, since: float, now: float) -> float | None:
    """Return when a schedule comes next; what is due every so often counts from its last run."""
    return schedule.after(schedule.last(since, now) or since) if since < now else schedule.after(since)


def looked_after(since: float, now: float) -> bool:
    """Say whether a time up to which runs were started can be: not far ahead of the clock."""
    return since <= now + CORRECTION
