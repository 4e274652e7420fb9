"""Pods that are all alike: kept at a number, and replaced step by step, or all at once, or not at all."""

from collections.abc import Callable, Iterator, Sequence
from enum import Enum
from itertools import islice

from reconcilers import words
from reconcilers.pods import (
    GOING,
    TRIAL,
    Rests,
    earliest,
    failure,
    first_unready,
    fit_to_replace,
    is_of,
    next_available,
    ordinal,
    rests,
)
from reconcilers.pulling import sought
from reconcilers.rollout import Batch, Count, bounds, next_batch, proportional
from reconcilers.template import Template, resources
from reconcilers.wanted import Consequence, Health, Status, Wanted
from reconcilers.world import World
from runtime.dataclass import dataclass
from runtime.observe import pod_name
from runtime.resources import Label, Resource
from runtime.seen import SeenPod


class Way(Enum):
    """How pods of an older template give way to new ones."""

    ROLL = "step by step"
    RECREATE = "all of them stop first"
    STAY = "not by themselves: they stay until somebody removes them"


@dataclass(frozen=True, slots=True)
class Pace:
    """How many pods there should be, and how they are replaced.

    Times in seconds, None for no deadline.  ``paused`` says who lets no rollout go on, "" for nobody.
    """

    replicas: int
    way: Way = Way.ROLL
    surge: int | str = 0
    unavailable: int | str = 1
    min_ready: int = 0
    deadline: int | None = None
    paused: str = ""


@dataclass(frozen=True, slots=True)
class Generation:
    """The pods that are there: those of the template, and those of older ones or from before a restart.

    ``spent`` are those that differ from the new ones in nothing but their age, also on their way out.
    """

    new: Sequence[SeenPod]
    old: Sequence[SeenPod]
    spent: Sequence[SeenPod] = ()


@dataclass(frozen=True, slots=True)
class Choice:
    """Which pods of the template should exist, by ordinal, which old ones stay, and which must go first.

    ``more`` are pods of older revisions that are missing: one of that revision, and how many.
    """

    ordinals: Sequence[int]
    keep: Sequence[SeenPod]
    after: tuple[str, ...] = ()
    more: Sequence[tuple[SeenPod, int]] = ()


Before = Callable[[str], tuple[Template, World] | None]


def _forgotten(commit: str) -> tuple[Template, World] | None:  # noqa: ARG001 (no commit is remembered)
    return None


def alike(made: Template, pace: Pace, world: World, before: Before = _forgotten) -> Wanted:
    """Return the pods that are wanted at this moment; never fewer available than the pace promises.

    ``before`` gives the template as an earlier commit had it.
    """
    there = [pod for pod in world.pods_of(made.owner) if pod.state not in GOING]
    pods = _generation(pace, made, world)
    choice = _choose(pace, made, pods, world)
    names = [f"{made.owner.name}-{made.revision}-{number}" for number in choice.ordinals]
    wanted: list[Resource] = [
        one for name in names for one in resources(world, made, name, after=choice.after)
    ]
    resting = rests(world, there, "Always")
    staying = len(choice.keep) if pace.way is Way.STAY else 0
    settled = len(pods.old) == staying and len(pods.new) == len(names)
    return Wanted(
        owner=made.owner,
        resources=(*wanted, *_more(choice, pods, before)),
        status=_status(pace, made, pods, resting, world),
        keep=frozenset(pod_name(pod) for pod in choice.keep),
        resting=resting.names,
        restarting=resting.counting,
        unwell=resting.unwell,
        asked=words.restart(world, made.owner) if pods.spent else "",
        settled=settled,
        consequence=_consequence(pace, pods, choice, settled=settled),
        look_again=earliest(resting.look_again, next_available(world, there, _patience(pace, pods))),
    )


def _generation(pace: Pace, made: Template, world: World) -> Generation:
    same = [pod for pod in world.pods_of(made.owner) if is_of(pod, made.digest)]
    spent = [pod for pod in same if pace.way is not Way.STAY and words.is_spent(world, made.owner, pod)]
    there = [pod for pod in world.pods_of(made.owner) if pod.state not in GOING]
    old = [pod for pod in there if pod in spent or not is_of(pod, made.digest)]
    return Generation([pod for pod in there if pod not in old], old, spent)


def _consequence(pace: Pace, pods: Generation, choice: Choice, *, settled: bool) -> Consequence:
    if pods.old and pace.way is not Way.STAY:
        return Consequence.RECREATE if choice.after else Consequence.ROLLING
    return Consequence.NONE if settled or not pods.new else Consequence.IN_PLACE


def _choose(pace: Pace, made: Template, pods: Generation, world: World) -> Choice:
    if pace.paused and pods.old:
        return _scaled(pace, pods, world)
    match pace.way:
        case Way.STAY:
            return _filled_up(pace, pods, world)
        case Way.RECREATE:
            there = world.pods_of(made.owner)
            others = [pod for pod in there if pod in pods.spent or not is_of(pod, made.digest)]
            gone = tuple(pod_name(pod) for pod in others)  # those on their way out still hold what they hold
            return Choice(_ordinals(pods, pace.replicas, pace, world), (), after=gone)
        case Way.ROLL:
            batch = _batch(pace, pods, world)
            count = min(len(pods.new), pace.replicas) + batch.start
            kept = _best(pods.old, pace, world)[: len(pods.old) - batch.stop]
            return Choice(_ordinals(pods, count, pace, world), kept)


def _scaled(pace: Pace, pods: Generation, world: World) -> Choice:
    """Scale every revision by its share, without any going on to another."""
    surge, _ = bounds(pace.replicas, pace.surge, pace.unavailable)
    total = len(pods.new) + len(pods.old)
    target = max(min(total, pace.replicas + surge), pace.replicas) if pace.replicas else 0
    groups = [pods.new, *_revisions(pods.old)] if pods.new else _revisions(pods.old)
    sizes = proportional([len(group) for group in groups], target, total)
    several = list(zip(groups, sizes, strict=True))
    older = several[1:] if pods.new else several
    return Choice(
        _ordinals(pods, sizes[0] if pods.new else 0, pace, world),
        [pod for group, size in older for pod in _best(group, pace, world)[:size]],
        more=[(group[0], size - len(group)) for group, size in older if size > len(group)],
    )


def _revisions(pods: Sequence[SeenPod]) -> list[list[SeenPod]]:
    """Return pods by revision, that of the youngest pod first."""
    youngest = sorted(pods, key=lambda pod: -pod.created)
    digests = dict.fromkeys(pod.labels.get(Label.DIGEST, "") for pod in youngest)
    return [[pod for pod in youngest if is_of(pod, digest)] for digest in digests]


def _more(choice: Choice, pods: Generation, before: Before) -> Iterator[Resource]:
    """Yield what is missing of older revisions, as far as git can still tell what they were."""
    for one, count in choice.more:
        then = before(one.labels.get(Label.COMMIT, ""))
        if then and is_of(one, then[0].digest):
            made, world = then
            taken = {ordinal(pod) for pod in [*pods.old, *pods.new] if is_of(pod, made.digest)}
            free = (number for number in range(len(taken) + count) if number not in taken)
            for number in islice(free, count):
                yield from resources(world, made, f"{made.owner.name}-{made.revision}-{number}")


def _filled_up(pace: Pace, pods: Generation, world: World) -> Choice:
    """Keep what is there, whatever it was made from, up to the number; what is missing is made anew."""
    best = _best([*pods.new, *pods.old], pace, world)[: pace.replicas]
    kept = [pod for pod in best if pod in pods.old]
    return Choice(_ordinals(pods, pace.replicas - len(kept), pace, world), kept)


def _batch(pace: Pace, pods: Generation, world: World) -> Batch:
    surge, unavailable = bounds(pace.replicas, pace.surge, pace.unavailable)
    served = fit_to_replace(world, pods.new, pods.old)
    new = Count(len(pods.new), _count(served, _patience(pace, pods), world).ready)
    old = _count(pods.old, pace.min_ready, world)
    return next_batch(pace.replicas, new, old, surge=surge, unavailable=unavailable)


def _count(pods: Sequence[SeenPod], seconds: int, world: World) -> Count:
    return Count(len(pods), sum(world.available(pod, seconds) for pod in pods))


def _best(pods: Sequence[SeenPod], pace: Pace, world: World) -> list[SeenPod]:
    """Return pods as they deserve to stay: available ones, then ready ones, then the oldest."""
    return sorted(
        pods,
        key=lambda pod: (
            not world.available(pod, pace.min_ready),
            not world.readiness(pod).ready,
            pod.created,
            pod.name,
        ),
    )


def _ordinals(pods: Generation, count: int, pace: Pace, world: World) -> list[int]:
    """Return ``count`` ordinals: those of the best new pods, then the lowest that are free."""
    kept = [ordinal(pod) for pod in _best(pods.new, pace, world)[:count]]
    taken = {ordinal(pod) for pod in [*pods.spent, *pods.new]}
    free = (number for number in range(len(taken) + count) if number not in taken)
    return sorted([*kept, *(next(free) for _ in range(count - len(kept)))])


def _patience(pace: Pace, pods: Generation) -> int:
    """Return for how many seconds a new pod must be ready before it counts."""
    return max(pace.min_ready, TRIAL if pods.old else 0)


def _status(pace: Pace, made: Template, pods: Generation, resting: Rests, world: World) -> Status:
    everyone = [*pods.new, *pods.old]
    ready = sum(world.readiness(pod).ready for pod in everyone)
    serving = everyone if pace.way is Way.STAY else pods.new
    available = sum(world.available(pod, pace.min_ready) for pod in serving)
    health, reason = _health(pace, made, pods, resting, world, available)
    return Status(health, reason, ready, pace.replicas, len(pods.new), available, tuple(everyone))


def _health(
    pace: Pace, made: Template, pods: Generation, resting: Rests, world: World, available: int
) -> tuple[Health, str]:
    if available >= pace.replicas and len(pods.new) + len(pods.old) == pace.replicas:
        return Health.HEALTHY, _older(pods)
    names = (
        f"{made.owner.namespace}.{made.owner.name}-{made.revision}-{n}" for n in range(2 * pace.replicas + 1)
    )
    if failed := failure(world, names, sought(world, made.spec.every_container)):
        return Health.DEGRADED, failed
    if resting.reasons:
        return Health.DEGRADED, resting.reasons[0]
    if pace.paused and pods.old:
        return Health.SUSPENDED, f"paused in the middle of a rollout, {pace.paused}"
    if _late(pace, pods, world):
        return Health.DEGRADED, f"ProgressDeadlineExceeded: no progress for {pace.deadline}s"
    told = f"{available} of {pace.replicas} pods of revision {made.revision} are available"
    lost = (f"no proxy finds {pod.name} up yet" for pod in pods.new if not world.served(pod))
    words = [*first_unready(world, pods.new), *(lost if pods.old else ())]
    return Health.PROGRESSING, "; ".join([told, *words[:1]])


def _older(pods: Generation) -> str:
    count = len(pods.old)
    words = "pod is" if count == 1 else "pods are"
    return f"{count} {words} of an older template, until somebody removes what is old" if count else ""


def _late(pace: Pace, pods: Generation, world: World) -> bool:
    """Say whether nothing has got better for longer than the deadline."""
    moments = [moment for pod in pods.new for moment in (pod.created, world.readiness(pod).since)]
    last = max(map(world.corrected, moments), default=world.now)
    return pace.deadline is not None and world.now - last > pace.deadline
