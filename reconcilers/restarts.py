"""Restarts: when a container that ended is started again."""

from reconcilers.moments import after
from runtime.dataclass import dataclass
from runtime.grouping import ENDED
from runtime.records import Restarts
from runtime.seen import Exit, SeenContainer

FIRST_WAIT = 10.0  # seconds; Kubernetes' MaxContainerBackOff and its first step
LONGEST_WAIT = 300.0
FORGIVEN_AFTER = 600.0  # one that ran so long begins anew
SETTLED_AFTER = 1.0  # seconds in which Podman has restarted what failed, if it does
BY_A_SIGNAL = 128  # exit codes from there on


@dataclass(frozen=True, slots=True)
class Again:
    """Whether and when a container that ended is started again.

    ``at`` is in seconds since 1970, None for never; ``reason`` in Kubernetes' words.  ``counts`` says
    that it is its own doing, which the next back-off remembers.
    """

    at: float | None
    reason: str
    counts: bool = False


def again(one: SeenContainer, policy: str, restarts: Restarts, exit_: Exit, now: float) -> Again | None:
    """Decide about one container; None where it hasn't ended.

    The first restart is at once, then after 10 s, doubling up to 5 minutes; a run of 10 minutes is
    forgiven.  Podman restarts what fails a few times by itself (``runtime.podman``), so a failed one that it
    should have restarted and did not was stopped by a hand, which no back-off punishes.
    Source: Kubernetes' pkg/kubelet, docs/concepts/workloads/pods/pod-lifecycle.
    """
    if one.state not in ENDED:
        return None
    if policy == "Never" or (policy == "OnFailure" and one.exit_code == 0):
        return Again(None, "Completed" if one.exit_code == 0 else _failed(one, exit_))
    if one.exit_code != 0 and exit_.restarts == 0 and not (exit_.error or exit_.alone):
        return _untouched(one, now)
    count = 0 if one.ended - one.started >= FORGIVEN_AFTER else restarts.count
    at = after(restarts.last, wait(count), now) if count else now
    return Again(at, _looping(one, exit_, restarts, at - now), counts=True)


def after_a_probe(words: str, policy: str, restarts: Restarts, started: float, now: float) -> Again:
    """Decide about a container that runs and whose liveness or startup probe has failed, as ``words`` say.

    It is restarted as one that ended: the first time at once, then with the same back-off.
    """
    if policy == "Never":
        return Again(None, words)
    count = 0 if now - started >= FORGIVEN_AFTER else restarts.count
    at = max(after(restarts.last, wait(count), now), now) if count else now
    told = words if at <= now else f"{words}; restarted {restarts.count} times, next in {at - now:.0f}s"
    return Again(at, told, counts=True)


def wait(count: int) -> float:
    """Return for how many seconds a pod rests that was started again so often."""
    return min(FIRST_WAIT * 2.0 ** min(count - 1, 10), LONGEST_WAIT) if count else 0.0


def _untouched(one: SeenContainer, now: float) -> Again:
    """Decide about one that failed and that Podman did not restart, or not yet."""
    at = now if one.exit_code >= BY_A_SIGNAL else max(after(one.ended, SETTLED_AFTER, now), now)
    told = "stopped by a hand" if at <= now else "ended"
    return Again(at, f"{told} (exit {one.exit_code})")


def _failed(one: SeenContainer, exit_: Exit) -> str:
    return "OOMKilled" if exit_.out_of_memory else f"Error (exit {one.exit_code})"


def _looping(one: SeenContainer, exit_: Exit, restarts: Restarts, wait: float) -> str:
    why = "OOMKilled" if exit_.out_of_memory else f"exit {one.exit_code}"
    times = restarts.count + exit_.restarts
    if wait <= 0:
        return f"Restarting ({why}, {times} restarts)"
    return f"CrashLoopBackOff ({why}, {times} restarts, next in {wait:.0f}s)"
