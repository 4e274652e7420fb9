"""The arithmetic of a Job: what its pods add up to, whether it is over, and which pods come and go next."""

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import field
from enum import Enum
from functools import cached_property

from reconcilers.failure_policy import Action, Ended, Meaning, meaning
from reconcilers.indexes import Worker, pending, superfluous
from reconcilers.marks import State
from reconcilers.moments import after
from runtime.dataclass import dataclass
from schemas.batch import JobSpec
from schemas.indexes import indexes, written

FIRST_WAIT, LONGEST_WAIT = 10.0, 360.0  # seconds before a failed pod's successor: doubling, up to six minutes


class Phase(Enum):
    """How far one pod is."""

    ACTIVE = "active"
    GOING = "on its way out"
    SUCCEEDED = "succeeded"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Attempt:
    """One pod of a Job.  ``said`` is how it failed, in words; ``restarts`` are those of its container."""

    name: str
    phase: Phase
    index: int | None = None
    running: bool = False
    started: float = 0
    ended: float = 0
    restarts: int = 0
    how: Ended = field(default_factory=lambda: Ended("", {}, {}))
    said: str = ""


@dataclass(frozen=True, slots=True)
class End:
    """How a Job ends: Complete or Failed, and why, in Kubernetes' words."""

    state: State
    reason: str
    message: str


@dataclass(frozen=True, slots=True)
class Outlook:
    """What becomes of a Job right now.

    ``start`` has one index for each pod that is made (None where pods have none), ``stop`` the names of
    active pods that go.  ``look_again`` is when the answer may change by itself.
    """

    end: End | None = None
    start: tuple[int | None, ...] = ()
    stop: frozenset[str] = frozenset()
    look_again: float | None = None


@dataclass(frozen=True)
class Tally:
    """What a Job's pods add up to."""

    spec: JobSpec
    attempts: Sequence[Attempt]

    def of(self, *phases: Phase) -> list[Attempt]:
        """Return the pods that are so far."""
        return [one for one in self.attempts if one.phase in phases]

    @cached_property
    def in_place(self) -> bool:
        """Whether a container that fails is started again, in the same pod."""
        return self.spec.template.spec.restart_policy == "OnFailure"

    @cached_property
    def active(self) -> list[Attempt]:
        """The pods that are at work, or will be without another one being made."""
        return self.of(Phase.ACTIVE, *([Phase.FAILED] if self.in_place else []))

    @cached_property
    def meanings(self) -> list[tuple[Attempt, Meaning]]:
        """The failed pods, and what each one's failure means."""
        rules = self.spec.pod_failure_policy.rules if self.spec.pod_failure_policy else ()
        return [(one, meaning(rules, one.how)) for one in self.of(Phase.FAILED)]

    @cached_property
    def failures(self) -> int:
        """How many failures count towards backoffLimit."""
        restarts = sum(one.restarts for one in self.attempts)
        return restarts + sum(what.counts for _, what in self.meanings)

    @cached_property
    def done(self) -> frozenset[int]:
        """The indexes that have succeeded."""
        return frozenset(one.index for one in self.of(Phase.SUCCEEDED) if one.index is not None)

    @cached_property
    def lost(self) -> frozenset[int]:
        """The indexes that have failed for good."""
        limit = self.spec.backoff_limit_per_index
        if limit is None:
            return frozenset()
        counted = Counter(one.index for one, what in self.meanings if what.counts)
        at_once = {one.index for one, what in self.meanings if what.action is Action.FAIL_INDEX}
        failed = {index for index, count in counted.items() if count > limit} | at_once
        return frozenset(index for index in failed if index is not None) - self.done

    @cached_property
    def succeeded(self) -> int:
        """How many completions there are."""
        return len(self.done) if self.spec.indexed else len(self.of(Phase.SUCCEEDED))


def outlook(spec: JobSpec, attempts: Sequence[Attempt], *, began: float, now: float) -> Outlook:
    """Return what becomes of a Job whose clock started at ``began``.

    Source: Kubernetes' pkg/controller/job/job_controller.go, syncJob and manageJob.
    """
    tally = Tally(spec, attempts)
    everyone = frozenset(one.name for one in tally.active)
    if end := _end(tally, began, now):
        return Outlook(
            end, stop=frozenset(one.name for one in tally.of(Phase.ACTIVE))
        )  # the others may be read
    if spec.suspend:
        return Outlook(stop=everyone)
    deadline = None if spec.active_deadline_seconds is None else began + spec.active_deadline_seconds
    moved = _moves(tally, now)
    times = [one for one in (deadline, moved.look_again) if one is not None]
    return Outlook(None, moved.start, moved.stop, min(times, default=None))


def backoff(failures: int) -> float:
    """Return for how many seconds a Job waits after so many failures in a row."""
    return min(FIRST_WAIT * 2.0 ** min(failures - 1, 10), LONGEST_WAIT) if failures else 0.0


def _end(tally: Tally, began: float, now: float) -> End | None:
    if why := next((what.message for _, what in tally.meanings if what.action is Action.FAIL_JOB), ""):
        return End(State.FAILED, "PodFailurePolicy", why)
    deadline = tally.spec.active_deadline_seconds
    if deadline is not None and not tally.spec.suspend and now - began >= deadline:
        return End(State.FAILED, "DeadlineExceeded", f"it was active for longer than {deadline}s")
    if tally.failures > tally.spec.limit:
        told = f"{tally.failures} failed where {tally.spec.limit} may, the last one: {_last(tally)}"
        return End(State.FAILED, "BackoffLimitExceeded", told)
    return _end_of_indexes(tally) or _completed(tally)


def _last(tally: Tally) -> str:
    failed = tally.of(Phase.FAILED) or [one for one in tally.attempts if one.restarts]
    return max(failed, key=lambda one: one.ended).said if failed else "unknown"


def _end_of_indexes(tally: Tally) -> End | None:
    most, lost = tally.spec.max_failed_indexes, tally.lost
    if met := _policy_met(tally):
        return met
    if most is not None and len(lost) > most:
        return End(State.FAILED, "MaxFailedIndexesExceeded", f"the indexes {written(lost)} have failed")
    if lost and len(lost) + len(tally.done) >= (tally.spec.completions or 0):
        return End(State.FAILED, "FailedIndexes", f"the indexes {written(lost)} have failed")
    return None


def _policy_met(tally: Tally) -> End | None:
    rules = tally.spec.success_policy.rules if tally.spec.success_policy else ()
    for index, rule in enumerate(rules):
        listed = indexes(rule.succeeded_indexes) if rule.succeeded_indexes is not None else None
        good = tally.done if listed is None else tally.done & listed
        if len(good) >= (rule.succeeded_count or len(listed or ())):
            return End(State.COMPLETE, "SuccessPolicy", f"rule {index} of its successPolicy is met")
    return None


def _completed(tally: Tally) -> End | None:
    goal, busy = tally.spec.goal, tally.active or tally.of(Phase.GOING)
    if goal is None:
        enough = tally.succeeded > 0 and not busy
    else:
        enough = tally.succeeded >= goal and not tally.active
    return End(State.COMPLETE, "CompletionsReached", "") if enough else None


def _moves(tally: Tally, now: float) -> Outlook:
    """Return the pods that come and go, of a Job that goes on."""
    doubled = superfluous({one.name: _worker(one) for one in tally.active}) if tally.spec.indexed else ()
    active = [one for one in tally.active if one.name not in doubled]
    room = _wanted(tally, active) - len(active)
    if room < 0:
        too_many = sorted(active, key=lambda one: (one.running, -one.started, one.name))[:-room]
        return Outlook(stop=frozenset([*doubled, *(one.name for one in too_many)]))
    if tally.spec.waits_for_failed:
        room -= len(tally.of(Phase.GOING))
    coming = _coming(tally, active, room, now) if room > 0 else Outlook()
    return Outlook(start=coming.start, stop=frozenset(doubled), look_again=coming.look_again)


def _worker(one: Attempt) -> Worker:
    return Worker(one.index, running=one.running, started=one.started)


def _wanted(tally: Tally, active: Sequence[Attempt]) -> int:
    """Return how many pods should be at work."""
    spec, goal = tally.spec, tally.spec.goal
    if goal is None:
        return min(len(active), spec.parallelism) if tally.succeeded else spec.parallelism
    return min(spec.parallelism, max(goal - tally.succeeded - len(tally.lost), 0))


def _coming(tally: Tally, active: Sequence[Attempt], room: int, now: float) -> Outlook:
    if tally.spec.backoff_limit_per_index is not None:
        return _coming_by_index(tally, active, room, now)
    at = now if tally.in_place else _again_at(tally.of(Phase.FAILED), tally.of(Phase.SUCCEEDED), now)
    if at > now:
        return Outlook(look_again=at)
    if not tally.spec.indexed:
        return Outlook(start=(None,) * room)
    return Outlook(start=tuple(pending(room, tally.spec.completions or 0, _taken(tally, active))))


def _coming_by_index(tally: Tally, active: Sequence[Attempt], room: int, now: float) -> Outlook:
    """Return what comes where each index has a back-off of its own."""
    failed = tally.of(Phase.FAILED)
    waits = {
        index: _again_at([one for one in failed if one.index == index], (), now)
        for index in {one.index for one in failed}
        if index is not None
    }
    later = {index: at for index, at in waits.items() if at > now and index not in tally.lost}
    start = pending(room, tally.spec.completions or 0, _taken(tally, active) | later.keys())
    return Outlook(start=tuple(start), look_again=min(later.values(), default=None))


def _taken(tally: Tally, active: Sequence[Attempt]) -> Collection[int]:
    busy = [*active, *(tally.of(Phase.GOING) if tally.spec.waits_for_failed else ())]
    return tally.done | tally.lost | {one.index for one in busy if one.index is not None}


def _again_at(failed: Sequence[Attempt], succeeded: Sequence[Attempt], now: float) -> float:
    """Return when the next pod may be made, by the failures since the last success."""
    reset = max((one.ended for one in succeeded), default=0.0)
    since = [one.ended for one in failed if one.ended > reset]
    return after(max(since, default=0.0), backoff(len(since)), now)
