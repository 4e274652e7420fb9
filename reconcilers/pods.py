"""What pods that are there have in common, whoever made them: whether they rest, and what ails them."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from itertools import islice

from reconcilers.order import held_back, is_done, policy_of, progress
from reconcilers.restarts import Again, after_a_probe, again
from reconcilers.world import World
from runtime.dataclass import dataclass
from runtime.grouping import finished
from runtime.observe import container_key, pod_name
from runtime.records import Restarts
from runtime.resources import Label, Role
from runtime.seen import UNKNOWN, SeenContainer, SeenPod

TRIAL = 1  # seconds that a new pod runs before an old one stops for it, probe or no probe
GOING = frozenset({"removing", "stopping"})  # they serve nobody, and count for nothing
NEVER = Restarts(0, 0)


@dataclass(frozen=True, slots=True)
class Rests:
    """The containers that must not be started now, those whose start counts, and when one may start.

    ``unwell`` are those that run and are restarted now, with the reason, ``killed`` those that stop for good;
    ``reasons`` has one for each that ended or is unwell.
    """

    names: frozenset[str]
    counting: frozenset[str]
    unwell: Mapping[str, str]
    killed: Mapping[str, str]
    reasons: tuple[str, ...]
    look_again: float | None


@dataclass(frozen=True, slots=True)
class Ending:
    """A container that ended or is unwell, and whether and when it starts again; ``name`` is its own."""

    name: str
    container: SeenContainer
    again: Again

    @property
    def reason(self) -> str:
        """What has happened to it; in a pod of several with its name."""
        own = self.container
        begin = f"Init:{own.part}: " if own.role is Role.INIT else f"{own.part}: " if own.part else ""
        return begin + self.again.reason


def endings(world: World, pod: SeenPod, policy: str) -> list[Ending]:
    """Return the containers of a pod that ended or are unwell: not those whose work is done.

    That is an init container's when it ended well, and a sidecar's when its pod has come to its end.
    """
    over = finished(pod)
    given = [one for one in pod.containers if not (is_done(one) or (over and one.role is Role.SIDECAR))]
    return [
        Ending(container_key(pod, one), one, found)
        for one in given
        if (found := _ending(world, one, policy_of(one, policy)))
    ]


def rests(world: World, pods: Iterable[SeenPod], policy: str) -> Rests:
    """Return what the restart policy says of all pods together."""
    there = list(pods)
    ended = [one for pod in there for one in endings(world, pod, policy)]
    failing = [one for one in ended if one.container.state == "running"]
    later = [one for one in ended if one.again.at is None or one.again.at > world.now]
    return Rests(
        names=frozenset([*(one.name for one in later), *_held_back(world, there)]),
        counting=frozenset(one.name for one in ended if one.again.counts),
        unwell={one.name: one.again.reason for one in failing if one.again.at == world.now},
        killed={one.name: one.again.reason for one in failing if one.again.at is None},
        reasons=tuple(one.reason for one in ended),
        look_again=earliest(*(one.again.at for one in later)),
    )


def _ending(world: World, one: SeenContainer, policy: str) -> Again | None:
    past = world.past
    restarts = past.restarts.get(one.id, NEVER)
    if words := past.unwell.get(one.id):
        return after_a_probe(words, policy, restarts, one.started, world.now)
    return again(one, policy, restarts, past.exits.get(one.id, UNKNOWN), world.now)


def _held_back(world: World, pods: Iterable[SeenPod]) -> Iterator[str]:
    for pod in pods:
        for one in held_back(pod, partial(world.has_started, pod)):
            yield container_key(pod, one)


def unready(world: World, pod: SeenPod) -> str:
    """Return why a pod isn't ready yet: how far its init containers are, or what a probe says; or ""."""
    words = (progress(pod, partial(world.has_started, pod)), world.unready(pod))
    return ", ".join(filter(None, words))


def first_unready(world: World, pods: Iterable[SeenPod]) -> list[str]:
    """Return the words of the first pod that has any to say why it isn't ready, if one has."""
    return list(islice(filter(None, (unready(world, pod) for pod in pods)), 1))


def failure(world: World, names: Iterable[str], images: Sequence[str]) -> str:
    """Return why the last attempt to make one of the pods failed, "" where none did."""
    keys = [*(f"pod/{name}" for name in names), *(f"image/{image}" for image in images)]
    found = (world.past.failures[key].message for key in keys if key in world.past.failures)
    return next(found, "")


def fit_to_replace(world: World, new: Sequence[SeenPod], old: Sequence[SeenPod]) -> list[SeenPod]:
    """Return the new pods that each proxy finds up, as an old one may stop only for them.

    Where no proxy finds an old one up either, nothing is lost by it, and none has to be waited for.
    """
    if any(world.served(pod) for pod in old):
        return [pod for pod in new if world.served(pod)]
    return list(new)


def earliest(*times: float | None) -> float | None:
    """Return the earliest of the times that are given."""
    return min((one for one in times if one is not None), default=None)


def next_available(world: World, pods: Iterable[SeenPod], seconds: int) -> float | None:
    """Return when the next ready pod will have been ready for so many seconds."""
    since = [one.since for pod in pods if (one := world.readiness(pod)).ready]
    coming = (moment + seconds for moment in since)
    return min((moment for moment in coming if moment > world.now), default=None)


def ordinal(pod: SeenPod) -> int:
    """Return the number at the end of a pod's name."""
    return int(pod_name(pod).rpartition("-")[2])


def is_of(pod: SeenPod, digest: str) -> bool:
    """Say whether a pod was made from the template with this digest."""
    return pod.labels.get(Label.DIGEST) == digest
