"""How many pods a metric asks for: Kubernetes' arithmetic over what each pod uses."""

from collections.abc import Callable, Mapping, Sequence
from math import ceil

from runtime.dataclass import dataclass

WARMING_UP = 120.0  # seconds after a pod's start in which its CPU counts only if measured while it was ready
FIRST_READINESS = 30.0  # seconds; Kubernetes' horizontal-pod-autoscaler-initial-readiness-delay


class Unmeasured(Exception):
    """A metric can't be had, or means nothing; the message says why."""


@dataclass(frozen=True, slots=True)
class Sampled:
    """One pod as the autoscaler sees it.  Times are seconds since 1970.

    ``used`` is what it uses, in cores or bytes, None where nobody knows; it was measured at ``at`` over
    ``window`` seconds.  ``ready`` is None where that was never found out, and holds since ``since``.
    """

    used: float | None = None
    requested: float = 0
    at: float = 0
    window: float = 0
    started: float | None = None
    ready: bool | None = None
    since: float = 0
    pending: bool = False
    going: bool = False


@dataclass(frozen=True, slots=True)
class Groups:
    """Pods by what they tell, as names: those that count, those that warm up, those nobody knows of."""

    counting: frozenset[str]
    unready: frozenset[str]
    missing: frozenset[str]


@dataclass(frozen=True, slots=True)
class Demand:
    """How many pods a metric asks for, and what it found: in percent of the requests, or on average."""

    replicas: int
    utilization: int | None
    average: float


@dataclass(frozen=True, slots=True)
class Tolerance:
    """How near to 1 the ratio of use to target has to be to change nothing, above it and below."""

    above: float = 0.1
    below: float = 0.1

    def covers(self, ratio: float) -> bool:
        """Say whether a ratio changes nothing."""
        return 1 - self.below <= ratio <= 1 + self.above


Ratio = Callable[[Mapping[str, float]], float]


@dataclass(frozen=True, slots=True)
class Found:
    """What counting pods use, what missing ones are taken for where fewer would do, and who is which."""

    used: Mapping[str, float]
    assumed: Mapping[str, float]
    groups: Groups


def grouped(
    pods: Mapping[str, Sampled], now: float, *, is_cpu: bool, patience: float = FIRST_READINESS
) -> Groups:
    """Sort pods by what they tell.  Those on their way out are in no group.

    A pod that wasn't ready within ``patience`` seconds of its start has never been.

    Source: Kubernetes' pkg/controller/podautoscaler/replica_calculator.go, groupPods.
    """
    staying = {name: one for name, one in pods.items() if not one.going}
    missing = {name for name, one in staying.items() if one.used is None and not one.pending}
    unready = {
        name
        for name, one in staying.items()
        if one.pending or (is_cpu and name not in missing and _warms_up(one, now, patience))
    }
    return Groups(frozenset(staying.keys() - missing - unready), frozenset(unready), frozenset(missing))


def _warms_up(one: Sampled, now: float, patience: float) -> bool:
    if one.ready is None or one.started is None:
        return True
    if one.started + WARMING_UP > now:
        return not one.ready or one.at < one.since + one.window
    return not one.ready and one.started + patience > one.since


def by_utilization(
    current: int, target: int, pods: Mapping[str, Sampled], groups: Groups, tolerance: Tolerance
) -> Demand:
    """Return how many pods bring the use to ``target`` percent of what they request.

    Raises Unmeasured.
    """
    requests = {name: one.requested for name, one in pods.items() if not one.going}
    if not all(requests.values()):
        raise Unmeasured("they request none of it, and a utilization is a part of what is requested")
    used = _used(pods, groups.counting)
    assumed = {name: requests[name] * max(100, target) / 100 for name in groups.missing}
    ratio: Ratio = lambda figures: _percent(figures, requests) / target  # noqa: E731
    replicas = _replicas(current, Found(used, assumed, groups), ratio, tolerance)
    return Demand(replicas, _percent(used, requests), _average(used))


def by_average(
    current: int, target: float, pods: Mapping[str, Sampled], groups: Groups, tolerance: Tolerance
) -> Demand:
    """Return how many pods bring the average use to ``target``.  Raises Unmeasured."""
    used = _used(pods, groups.counting)
    found = Found(used, dict.fromkeys(groups.missing, target), groups)
    replicas = _replicas(current, found, lambda figures: _average(figures) / target, tolerance)
    return Demand(replicas, None, _average(used))


def _used(pods: Mapping[str, Sampled], names: frozenset[str]) -> Mapping[str, float]:
    found = {name: pods[name].used or 0.0 for name in names}
    if not found:
        raise Unmeasured("nothing is known yet of what its pods use")
    return found


def _percent(used: Mapping[str, float], requests: Mapping[str, float]) -> int:
    """Return the use in percent of the requests, cut off as Kubernetes does."""
    return int(sum(used.values()) * 100 / sum(requests[name] for name in used) + 1e-9)


def _average(used: Mapping[str, float]) -> float:
    return sum(used.values()) / len(used)


def _replicas(current: int, found: Found, ratio: Ratio, tolerance: Tolerance) -> int:
    """Return how many pods are needed.

    What isn't known is taken for what speaks against a change: a missing pod for ``assumed`` where fewer
    would do, for idle where more are needed; so is one that warms up.
    """
    first, missing = ratio(found.used), found.groups.missing
    warming = found.groups.unready if first > 1 else frozenset()
    if not warming and not missing:
        return current if tolerance.covers(first) else ceil(first * len(found.used))
    idle = dict.fromkeys([*missing, *warming], 0.0)
    everyone = {**found.used, **(idle if first > 1 else found.assumed if first < 1 else {})}
    second = ratio(everyone)
    if tolerance.covers(second) or (first < 1 < second) or (second < 1 < first):
        return current
    needed = ceil(second * len(everyone))
    return max(needed, current) if second > 1 else min(needed, current)


def most(demands: Sequence[Demand | None], current: int) -> int:
    """Return what the most demanding of several metrics asks for; None is one that can't be had.

    Such a one lets nobody scale down.  Source: horizontal.go, computeReplicasForMetrics.
    """
    asked = max((one.replicas for one in demands if one), default=current)
    return max(asked, current) if None in demands else asked
