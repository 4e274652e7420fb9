"""How fast an autoscaler may follow: what was recommended lately, and the policies of its behaviour."""

from collections.abc import Callable, Sequence
from math import ceil, floor
from typing import Literal

from runtime.dataclass import dataclass

Log = Sequence[tuple[float, int]]  # (seconds since 1970, count), in no order


@dataclass(frozen=True, slots=True)
class Policy:
    """By how many pods, or percent of them, the number may change in so many seconds."""

    type: Literal["Pods", "Percent"]
    value: int
    period: int


@dataclass(frozen=True, slots=True)
class Rules:
    """What holds in one direction: the policies, which of them, and the window in seconds."""

    policies: tuple[Policy, ...]
    select: Literal["Max", "Min", "Disabled"] = "Max"
    window: int = 0

    @property
    def longest(self) -> int:
        """For how many seconds a change counts; without policies none ever does."""
        return max(one.period for one in self.policies)


@dataclass(frozen=True, slots=True)
class Course:
    """What an autoscaler remembers: its recommendations, and by how many pods it went up and down."""

    recommended: Log = ()
    ups: Log = ()
    downs: Log = ()


UP = Rules((Policy("Pods", 4, 15), Policy("Percent", 100, 15)))
DOWN = Rules((Policy("Percent", 100, 15),), window=300)


def stabilized(current: int, desired: int, log: Log, up: Rules, down: Rules, now: float) -> int:
    """Return the number that the recommendations of the last time agree on, this one among them.

    Up goes only what all of the window asked for, down only what none of it needed.
    Source: Kubernetes' pkg/controller/podautoscaler/horizontal.go, stabilizeRecommendationWithBehaviors.
    """
    lowest = min([desired, *_since(log, now - up.window)])
    highest = max([desired, *_since(log, now - down.window)])
    return min(max(current, lowest), highest)


def limited(current: int, desired: int, course: Course, up: Rules, down: Rules, now: float) -> int:
    """Return the number as far as the policies let it change at once."""
    if desired > current:
        return min(desired, max(_up_to(current, course, up, now), current))
    return max(desired, min(_down_to(current, course, down, now), current))


def _up_to(current: int, course: Course, rules: Rules, now: float) -> int:
    found = (_above(one, _began(current, course, one, now)) for one in rules.policies)
    return _selected(rules, current, max, min, list(found))


def _down_to(current: int, course: Course, rules: Rules, now: float) -> int:
    found = (_below(one, _began(current, course, one, now)) for one in rules.policies)
    return _selected(rules, current, min, max, list(found))


def _selected(
    rules: Rules,
    current: int,
    boldest: Callable[[list[int]], int],
    meekest: Callable[[list[int]], int],
    found: list[int],
) -> int:
    if rules.select == "Disabled" or not found:
        return current
    return boldest(found) if rules.select == "Max" else meekest(found)


def _above(policy: Policy, began: int) -> int:
    match policy.type:
        case "Pods":
            return began + policy.value
        case "Percent":
            return ceil(began * (100 + policy.value) / 100)


def _below(policy: Policy, began: int) -> int:
    match policy.type:
        case "Pods":
            return began - policy.value
        case "Percent":
            return max(floor(began * (100 - policy.value) / 100), 0)


def _began(current: int, course: Course, policy: Policy, now: float) -> int:
    """Return how many pods there were when the policy's period began."""
    begin = now - policy.period
    return current - sum(_since(course.ups, begin)) + sum(_since(course.downs, begin))


def _since(log: Log, begin: float) -> list[int]:
    return [count for at, count in log if at > begin]


def changed(log: Log, count: int, rules: Rules, now: float) -> Log:
    """Return a log of changes with one more, for as long as any policy counts it."""
    return kept(log, count, now, rules.longest) if count > 0 and rules.policies else log


def kept(log: Log, count: int, now: float, seconds: float) -> Log:
    """Return a log with one more entry, in the place of one that is older than so many seconds."""
    old = [index for index, (at, _) in enumerate(log) if at <= now - seconds]
    if not old:
        return (*log, (now, count))
    return (*log[: old[-1]], (now, count), *log[old[-1] + 1 :])
