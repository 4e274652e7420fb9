"""Passes until nothing is left to do and everything is well, or it is clear that it won't be."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import Enum

from gitops.changes import Change
from gitops.execute import Result
from gitops.loop import Loop, Pass
from reconcilers.pods import earliest
from runtime.observe import of_source
from runtime.resources import Label

PROOF = 0.15  # seconds between two looks that find a young pod in one and the same life
YOUNG = 10.0  # seconds; Podman restarts a pod that ends at once, and may list it as running meanwhile
PAUSE = 0.5  # seconds between looks while something is on its way


class End(Enum):
    """How a convergence ended."""

    WELL = "Synced"
    FAILED = "Failed"
    LATE = "Late"  # applied, but not healthy in time


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
    """Since when each young pod without a probe has been seen in its present life."""

    source: str
    _seen: dict[tuple[str, int, float], float] = field(default_factory=dict)

    def lacking(self, passed: Pass, now: float) -> float:
        """Return for how many more seconds the pods have to run on; a probe would be proof enough."""
        pods = [
            pod for pod in of_source(passed.view.seen, self.source).pods if Label.PROBES not in pod.labels
        ]
        young = [pod for pod in pods if now - max(pod.created, pod.started) < YOUNG]
        lives = [(pod.id, pod.pid, pod.started) for pod in young]
        self._seen = {life: self._seen.get(life, now) for life in lives}
        return max((since + PROOF - now for since in self._seen.values()), default=0.0)


def converge(loop: Loop, *, timeout: float, wait: bool = True) -> Converged:
    """Repeat passes until all is well, nothing more can mend by itself, or ``timeout`` seconds are over.

    Without ``wait`` one pass that did something is enough.  Raises what a pass raises; the run is then
    closed as failed.
    """
    deadline = loop.clock() + timeout
    proof = Proof(loop.house.source.id)
    try:
        while True:
            passed = loop.sync_once()
            unproven = proof.lacking(passed, loop.clock())
            end = _end(loop, passed, deadline, proven=unproven <= 0, wait=wait)
            if end:
                return _closed(loop, passed, end)
            if not any(result.done for result in passed.results):
                loop.teller.unwell([fare for fare in passed.fares if not (fare.done or fare.hopeless)])
            loop.watch.wait(_pause(loop, passed, deadline, unproven))
    except BaseException as error:
        loop.end("Failed", _said(error))
        raise


def _end(loop: Loop, passed: Pass, deadline: float, *, proven: bool, wait: bool) -> End | None:
    undecided = loop.watch.undecided(suspicious=loop.request.suspicious)
    if passed.done and proven and not undecided:
        return End.WELL
    if passed.hopeless:
        return End.FAILED
    if not wait:
        return End.FAILED if any(result.error for result in passed.results) else End.WELL
    return End.LATE if loop.clock() >= deadline else None


def _closed(loop: Loop, passed: Pass, end: End) -> Converged:
    message = "" if end is End.WELL else _what_is_wrong(loop, passed)
    ended = Converged(end, message, passed, list(loop.changes), list(loop.results))
    loop.end(loop.request.well if end is End.WELL else "Failed", message)
    return ended


def _what_is_wrong(loop: Loop, passed: Pass) -> str:
    unwell = [f"{fare.owner}: {fare.reason or fare.health}" for fare in passed.fares if not fare.done]
    failed = [
        f"{result.step.verb} {result.step.resource}: {result.error}"
        for result in loop.results
        if result.error
    ]
    return "; ".join(unwell or failed)


def _said(error: BaseException) -> str:
    return str(error).partition("\n")[0] or "interrupted"


def _pause(loop: Loop, passed: Pass, deadline: float, unproven: float) -> float:
    """Return for how many seconds there is nothing new to see; none after a pass that did something."""
    if any(result.done for result in passed.results):
        return 0.0
    moment = earliest(deadline, *(answer.look_again for answer in passed.view.wanted))
    longest = unproven if passed.done and unproven > 0 else PAUSE
    return max(0.01, min(longest, (moment or deadline) - loop.clock()))
