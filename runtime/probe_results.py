"""What a pod's probes have found out: whether it is ready, whether it must be restarted, and why.

Source: Kubernetes' pkg/kubelet/prober/worker.go and results_manager.go.
"""

from collections.abc import Mapping
from dataclasses import replace

from runtime.dataclass import dataclass
from runtime.probes import Kind, Probe
from runtime.records import Readiness


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of a question; ``good`` None says that it couldn't be put, which is no fault of the pod."""

    good: bool | None
    words: str = ""


@dataclass(frozen=True, slots=True)
class Course:
    """What is held to be true of one probe, and how its last answers went, counted in a row."""

    good: bool
    successes: int = 0
    failures: int = 0
    words: str = ""


@dataclass(frozen=True, slots=True)
class Life:
    """One life of a pod, from a start to the next: the id stays, what was found out doesn't."""

    id: str
    pid: int
    started: float


@dataclass(frozen=True, slots=True)
class Standing:
    """How a pod stands, since it was started: ready or not since when, and each probe's course."""

    started: float
    ready: bool
    since: float
    courses: Mapping[Probe, Course]


@dataclass(frozen=True, slots=True)
class Before:
    """What an earlier process left: the readiness it recorded, and the failures in a row of what restarts.

    ``born`` is when this process began, by the clock of now; ``age`` is for how many seconds the pod has run,
    None where only the clock tells, which may have been set since.
    """

    born: float
    readiness: Readiness | None = None
    failing: int = 0
    age: float | None = None


def counted(probe: Probe, course: Course, answer: Answer) -> Course:
    """Return the course after one more answer."""
    match answer.good:
        case None:
            return replace(course, words=answer.words)
        case True:
            successes = course.successes + 1
            return Course(course.good or successes >= probe.success_threshold, successes=successes)
        case False:
            failures = course.failures + 1
            good = course.good and failures < probe.failure_threshold
            return Course(good, failures=failures, words=answer.words)


def begin(started: float, probes: tuple[Probe, ...], before: Before, now: float) -> Standing:
    """Return how a pod stands before it is asked anything (decision 6).

    What was recorded since its start holds on.  Without a record it counts as ready only if it was
    started so long before this process that its probes would have decided against it by now.
    """
    known = before.readiness
    if known and known.since >= started:
        return _judged(Standing(started, known.ready, known.since, _resumed(probes, known, before.failing)))
    age = now - started if before.age is None else before.age
    grown = age >= max(now - before.born, sum(probe.patience for probe in probes))
    courses = {probe: Course(grown or probe.kind is Kind.LIVENESS) for probe in probes}
    return _judged(Standing(started, grown, started, courses))


def answered(standing: Standing, probe: Probe, answer: Answer, now: float) -> Standing:
    """Return how a pod stands after an answer."""
    course = counted(probe, standing.courses[probe], answer)
    return _judged(replace(standing, courses={**standing.courses, probe: course}), now)


def asked(standing: Standing) -> tuple[Probe, ...]:
    """Return the probes whose turn it is: a container's startup probe holds back its others.

    What has decided on a restart is not asked again.
    """
    return tuple(
        probe
        for probe, course in standing.courses.items()
        if (probe.kind is Kind.STARTUP) is not _started(standing, probe.container)
        and not _decided(probe, course)
    )


def has_started(standing: Standing) -> bool:
    """Say whether no startup probe holds anything back any more."""
    return all(course.good for probe, course in standing.courses.items() if probe.kind is Kind.STARTUP)


def wait(probe: Probe, started: float, now: float) -> float:
    """Return the seconds until a probe may be asked for the first time, never more than its delay."""
    return min(max(started + probe.initial_delay - now, 0), probe.initial_delay)


def readiness(standing: Standing) -> Readiness:
    """Return what is to be recorded; the counts are those of the readiness probes."""
    courses = [course for probe, course in standing.courses.items() if probe.kind is Kind.READINESS]
    return Readiness(
        standing.ready,
        standing.since,
        successes=min((course.successes for course in courses), default=0),
        failures=max((course.failures for course in courses), default=0),
    )


def failures(standing: Standing) -> int:
    """Return how often in a row a probe that restarts has failed."""
    counts = (course.failures for probe, course in standing.courses.items() if _restarts(probe))
    return max(counts, default=0)


def unwell(standing: Standing) -> str:
    """Return why the pod has to be restarted, "" if it hasn't."""
    reasons = (said(probe, course) for probe, course in standing.courses.items() if _decided(probe, course))
    return next(reasons, "")


def wavering(standing: Standing) -> str:
    """Return the words of a probe that has begun to fail, and not often enough yet to count; "" without."""
    courses = ((probe, standing.courses[probe]) for probe in asked(standing))
    return next((said(probe, one) for probe, one in courses if one.good and one.failures), "")


def why(standing: Standing) -> str:
    """Return why the pod isn't ready; "" if it is, or while nothing speaks against it."""
    if standing.ready:
        return ""
    reasons = (
        said(probe, course)
        for probe, course in standing.courses.items()
        if probe.kind is not Kind.LIVENESS and not course.good and course.words
    )
    return next(reasons, "")


def said(probe: Probe, course: Course) -> str:
    """Return a probe's last trouble in Kubernetes' words."""
    return f"{probe.kind.capitalize()} probe failed: {course.words}"


def _resumed(probes: tuple[Probe, ...], known: Readiness, failing: int) -> dict[Probe, Course]:
    """Return the courses that a record tells of: its counts are only of pods that have started."""
    started = known.ready or known.successes > 0 or known.failures > 0
    courses = {
        Kind.STARTUP: Course(started, failures=0 if started else failing),
        Kind.READINESS: Course(known.ready, known.successes, known.failures),
        Kind.LIVENESS: Course(True, failures=failing if started else 0),
    }
    return {probe: courses[probe.kind] for probe in probes}


def _judged(standing: Standing, now: float | None = None) -> Standing:
    """Return the standing with ``ready`` as the courses have it; ``now`` is left out at the beginning."""
    ready = all(course.good for probe, course in standing.courses.items() if probe.kind is not Kind.LIVENESS)
    if ready == standing.ready:
        return standing
    return replace(standing, ready=ready, since=standing.since if now is None else now)


def _started(standing: Standing, container: str) -> bool:
    return all(
        course.good
        for probe, course in standing.courses.items()
        if probe.container == container and probe.kind is Kind.STARTUP
    )


def _restarts(probe: Probe) -> bool:
    return probe.kind is not Kind.READINESS


def _decided(probe: Probe, course: Course) -> bool:
    return _restarts(probe) and not course.good and course.failures >= probe.failure_threshold
