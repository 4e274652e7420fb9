"""Passes until nothing is left to do and everything is well, or it is clear that it won't be."""

from collections.abc import Sequence
from dataclasses import field, replace
from enum import Enum

from gitops.execute import Result
from gitops.loop import Loop, Pass
from gitops.planning.changes import Change
from gitops.planning.fare import Fare
from reconcilers.moments import corrected
from reconcilers.order import is_initialized
from reconcilers.pods import earliest
from runtime.dataclass import dataclass
from runtime.engine import Engine
from runtime.observe import of_source, pod_name
from runtime.resources import Label, Pod

PROOF = 0.15  # seconds of one and the same life that tell it from a crash
YOUNG = 10.0  # seconds; Podman restarts a pod that ends at once, and may list it as running meanwhile
WAITS = "waits for "  # how the reason begins of who comes after another
LOOPING = 4  # times that sloop has started a container again; the next is 40 seconds later
BACK_OFF = "CrashLoopBackOff"
FOLLOWING = frozenset({"HorizontalPodAutoscaler", "Ingress", "PodDisruptionBudget", "Service"})  # as pods do
PAUSE = 0.5  # seconds between looks while something is on its way


class End(Enum):
    """How a convergence ended."""

    WELL = "Synced"
    FAILED = "Failed"
    LATE = "Late"  # applied, but not healthy in time
    BACK = "RolledBack"  # the newest commit failed, or may not be used; all is well at the one before


@dataclass(frozen=True, slots=True)
class Converged:
    """What has become of it; ``message`` names what is not well."""

    end: End
    message: str
    last: Pass
    changes: Sequence[Change]
    results: Sequence[Result]


@dataclass
class Proof:
    """For how long each young pod without a probe has been in its present life.

    The kernel tells the age of its process.  Where it doesn't, two looks must find it in the same life.
    """

    engine: Engine
    source: str
    _seen: dict[tuple[str, int, float], float] = field(default_factory=dict)

    def lacking(self, passed: Pass, now: float) -> float:
        """Return for how many more seconds the pods have to run on; a probe would be proof enough."""
        pods = [
            pod for pod in of_source(passed.view.seen, self.source).pods if Label.PROBES not in pod.labels
        ]
        leaps = passed.view.moment.leaps
        young = [pod for pod in pods if now - corrected(max(pod.created, pod.started), leaps) < YOUNG]
        lives = [(one.id, one.pid, one.started) for pod in young for one in pod.containers if one.pid]
        self._seen = {life: self._seen.get(life, now) for life in lives}
        return max((PROOF - self._age(life, now) for life in lives), default=0.0)

    def complete(self) -> bool:
        """Say whether all those of the last look have grown old enough meanwhile, none of them ended."""
        return all(self.engine.lifetime(process) >= PROOF for _, process, _ in self._seen)

    def _age(self, life: tuple[str, int, float], now: float) -> float:
        return max(self.engine.lifetime(life[1]), now - self._seen[life])


def converge(loop: Loop, *, timeout: float, wait: bool = True) -> Converged:
    """Repeat passes until all is well, nothing more can mend by itself, or ``timeout`` seconds are over.

    A commit that fails is left for the last good one, if that is wanted and there is one.  Without ``wait``
    one pass that did something is enough.  Raises what a pass raises; the run is then
    closed as failed.
    """
    failed = ""
    try:
        while True:
            ended = _once(loop, timeout, wait=wait)
            if ended.end in {End.WELL, End.BACK}:
                loop.end_well(proven=ended.last.done)
                if loop.take_back():
                    continue
                end = End.BACK if loop.goes_back else ended.end
                return replace(ended, end=end, message=": ".join(filter(None, [ended.message, failed])))
            if not loop.give_up(ended.message):
                return ended
            failed = ended.message
    except BaseException as error:
        loop.end("Failed", _said(error))
        raise


def _once(loop: Loop, timeout: float, *, wait: bool) -> Converged:
    deadline = loop.steady() + timeout
    proof = Proof(loop.house.engine, loop.house.source.id)
    while True:
        passed = loop.sync_once()
        proven = _proven(loop, passed, proof)
        if end := _end(loop, passed, deadline, proven=proven, wait=wait):
            return Converged(end, _message(loop, passed, end), passed, list(loop.changes), list(loop.results))
        if not any(result.done for result in passed.results):
            loop.teller.unwell([fare for fare in passed.fares if not (fare.done or fare.hopeless)])
        if not (_beginning(passed, loop.house.source.id) and loop.watch.listen()):
            loop.watch.wait(_pause(loop, passed, deadline, proven=proven))


def _proven(loop: Loop, passed: Pass, proof: Proof) -> bool:
    """Say whether the pods have lived long enough; where nothing else is lacking, wait for that."""
    lacking = proof.lacking(passed, loop.clock())
    if lacking <= 0 or not passed.done:
        return lacking <= 0
    return not loop.watch.wait(lacking) and proof.complete()


def _beginning(passed: Pass, source: str) -> bool:
    """Say whether a container waits for another one's end, which the engine tells of."""
    pods = of_source(passed.view.seen, source).pods
    return any(pod.members and not is_initialized(pod) for pod in pods)


def _end(loop: Loop, passed: Pass, deadline: float, *, proven: bool, wait: bool) -> End | None:
    undecided = loop.watch.undecided(suspicious=loop.request.suspicious)
    well = End.BACK if loop.aimed.why else End.WELL
    if passed.done and proven and not undecided:
        return well
    if passed.hopeless:
        return End.FAILED
    if loop.request.only and loop.on_failure == "hold" and is_looping(passed):
        return End.LATE  # who pushed has seen enough
    if not wait and not any(result.transient for result in passed.results):
        return End.FAILED if any(result.failed for result in passed.results) else well
    return End.LATE if loop.steady() >= deadline else None


def _message(loop: Loop, passed: Pass, end: End) -> str:
    match end:
        case End.WELL:
            return ""
        case End.BACK:
            return loop.aimed.why
        case _:
            return what_is_wrong(loop, passed) or what_wavers(loop, passed)


def is_looping(passed: Pass) -> bool:
    """Say whether all that isn't well, and may still get so, waits for containers that go on crashing.

    They are those of the version that is wanted; where anything is being done, there is more to come.
    """
    ill = [fare for fare in passed.fares if not (fare.done or fare.hopeless or _follows(fare))]
    return bool(ill) and not passed.results and all(_loops(passed, fare) for fare in ill)


def _follows(fare: Fare) -> bool:
    """Say whether an object gets well by itself once others are."""
    return _waits(fare) or fare.owner.kind in FOLLOWING


def _loops(passed: Pass, fare: Fare) -> bool:
    """Say whether a container of an object waits for its back-off, after many restarts."""
    answers = [answer for answer in passed.view.wanted if answer.owner == fare.owner]
    wanted = {one.name for answer in answers for one in answer.resources if isinstance(one, Pod)}
    restarts = passed.view.moment.memory.restarts
    counts = [
        restarts[one.id].count
        for pod in passed.view.seen.pods
        if pod_name(pod) in wanted
        for one in pod.containers
        if one.id in restarts
    ]
    return BACK_OFF in fare.reason and max(counts, default=0) >= LOOPING


def what_is_wrong(loop: Loop, passed: Pass) -> str:
    """Name each object that isn't well, and why, the causes first; where all are, the steps that failed."""
    ill = sorted((fare for fare in passed.fares if not fare.done), key=_waits)
    unwell = [f"{fare.owner}: {_cause(fare, ill) or fare.health}" for fare in ill]
    failed = [
        f"{result.step.verb} {result.step.resource}: {result.error}"
        for result in loop.results
        if result.error
    ]
    return "; ".join(unwell or failed)


def what_wavers(loop: Loop, passed: Pass) -> str:
    """Name each pod whose probe has begun to fail, and what that says; "" without any."""
    named = {one.id: pod.name for pod in passed.view.seen.pods for one in pod.containers}
    words = loop.watch.wavering()
    return "; ".join(f"{named[one]}: {said}" for one, said in words.items() if one in named)


def _waits(fare: Fare) -> bool:
    return fare.reason.startswith(WAITS)


def _cause(fare: Fare, ill: Sequence[Fare]) -> str:
    """Return why an object isn't well; what it waits for is told by that itself, if it is told."""
    return fare.reason.partition(":")[0] if _waits(fare) and not _waits(ill[0]) else fare.reason


def _said(error: BaseException) -> str:
    return str(error).partition("\n")[0] or "interrupted"


def _pause(loop: Loop, passed: Pass, deadline: float, *, proven: bool) -> float:
    """Return for how many seconds there is nothing new to see; none after a pass that did something."""
    if any(result.done for result in passed.results) or (passed.done and not proven):
        return 0.0
    moment = earliest(*(answer.look_again for answer in passed.view.wanted))
    event = PAUSE if moment is None else moment - loop.clock()
    return max(0.01, min(PAUSE, event, deadline - loop.steady()))
