"""What pods that are there have in common, whoever made them: whether they rest, and what ails them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from reconcilers.restarts import Again, after_a_probe, again
from reconcilers.world import World
from runtime.observe import pod_name
from runtime.records import Restarts
from runtime.resources import Label
from runtime.seen import UNKNOWN, SeenPod

TRIAL = 1  # seconds that a new pod runs before an old one stops for it, probe or no probe
GOING = frozenset({"removing", "stopping"})  # they serve nobody, and count for nothing
NEVER = Restarts(0, 0)


@dataclass(frozen=True, slots=True)
class Rests:
    """The pods that must not be started now, those whose start counts, and when one may start.

    ``unwell`` are those that run and are restarted now, with the reason; ``reasons`` has one for each pod
    that ended or is unwell.
    """

    names: frozenset[str]
    counting: frozenset[str]
    unwell: Mapping[str, str]
    reasons: tuple[str, ...]
    look_again: float | None


def ending(world: World, pod: SeenPod, policy: str) -> Again | None:
    """Return whether and when a pod that ended, or is unwell, starts again; None where it does well."""
    past = world.past
    restarts = past.restarts.get(pod.id, NEVER)
    if words := past.unwell.get(pod.id):
        return after_a_probe(words, policy, restarts, pod.started, world.now)
    return again(pod, policy, restarts, past.exits.get(pod_name(pod), UNKNOWN), world.now)


def rests(world: World, pods: Iterable[SeenPod], policy: str) -> Rests:
    """Return what the restart policy says of all pods together."""
    ended = [(pod, one) for pod in pods if (one := ending(world, pod, policy))]
    later = [(pod, one) for pod, one in ended if one.at is None or one.at > world.now]
    times = [one.at for _, one in later if one.at is not None]
    return Rests(
        names=frozenset(pod_name(pod) for pod, _ in later),
        counting=frozenset(pod_name(pod) for pod, one in ended if one.counts),
        unwell={
            pod_name(pod): one.reason for pod, one in ended if pod.state == "running" and one.at == world.now
        },
        reasons=tuple(one.reason for _, one in ended),
        look_again=min(times, default=None),
    )


def failure(world: World, names: Iterable[str], images: Sequence[str]) -> str:
    """Return why the last attempt to make one of the pods failed, "" where none did."""
    keys = [*(f"pod/{name}" for name in names), *(f"image/{image}" for image in images)]
    found = (world.past.failures[key].message for key in keys if key in world.past.failures)
    return next(found, "")


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
