"""Deployments: pods that are all alike, replaced step by step."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from reconcilers.pods import Rests, earliest, failure, is_of, ordinal, rests
from reconcilers.rollout import Batch, Count, bounds, next_batch
from reconcilers.template import Template, follows, resources, stops_first, template
from reconcilers.wanted import Consequence, Health, Status, Wanted
from reconcilers.world import World
from runtime.observe import pod_name
from runtime.resources import Owner, Resource
from runtime.seen import SeenPod
from schemas.apps import Deployment, DeploymentSpec

TRIAL = 1  # seconds that a new pod runs before an old one stops for it, probe or no probe
GOING = frozenset({"removing", "stopping"})  # they serve nobody, and count for nothing


@dataclass(frozen=True, slots=True)
class Generation:
    """A Deployment's pods: those of its template, and those of older ones."""

    new: Sequence[SeenPod]
    old: Sequence[SeenPod]


@dataclass(frozen=True, slots=True)
class Choice:
    """Which pods of the template should exist, by ordinal, which old ones stay, and which must go first."""

    ordinals: Sequence[int]
    keep: Sequence[SeenPod]
    after: tuple[str, ...] = ()


def reconcile(deployment: Deployment, document: Mapping[str, Any], world: World) -> Wanted:
    """Return the pods that a Deployment wants at this moment; never fewer available than it promises."""
    owner = Owner("Deployment", deployment.metadata.namespace, deployment.metadata.name)
    made = _template(deployment, document, owner, world)
    there = [pod for pod in world.pods_of(owner) if pod.state not in GOING]
    pods = Generation(
        [p for p in there if is_of(p, made.digest)], [p for p in there if not is_of(p, made.digest)]
    )
    choice = _choose(deployment, made, pods, world)
    names = [f"{deployment.metadata.name}-{made.revision}-{number}" for number in choice.ordinals]
    wanted: list[Resource] = [
        one for name in names for one in resources(world, made, name, after=choice.after)
    ]
    resting = rests(world, there, "Always")
    settled = not pods.old and len(pods.new) == len(names)
    return Wanted(
        owner=owner,
        resources=tuple(wanted),
        status=_status(deployment.spec, made, pods, resting, world),
        keep=frozenset(pod_name(pod) for pod in choice.keep),
        resting=resting.names,
        restarting=resting.counting,
        unwell=resting.unwell,
        settled=settled,
        consequence=_consequence(pods, choice, settled=settled),
        look_again=earliest(resting.look_again, _next_available(deployment.spec, pods, world)),
    )


def _template(deployment: Deployment, document: Mapping[str, Any], owner: Owner, world: World) -> Template:
    written = deployment.spec.template
    return template(
        world,
        owner,
        written.spec,
        document["spec"]["template"],
        labels=written.metadata.labels,
        annotations=written.metadata.annotations,
        follow=follows(deployment.metadata.annotations),
    )


def _consequence(pods: Generation, choice: Choice, *, settled: bool) -> Consequence:
    if pods.old:
        return Consequence.RECREATE if choice.after else Consequence.ROLLING
    return Consequence.NONE if settled or not pods.new else Consequence.IN_PLACE


def _choose(deployment: Deployment, made: Template, pods: Generation, world: World) -> Choice:
    spec = deployment.spec
    if spec.paused and pods.old:
        return Choice([ordinal(pod) for pod in pods.new], pods.old)
    if spec.strategy.type == "Recreate" or stops_first(world, made, deployment.metadata.annotations):
        others = [pod for pod in world.pods_of(made.owner) if not is_of(pod, made.digest)]
        gone = tuple(pod_name(pod) for pod in others)  # those on their way out still hold what they hold
        return Choice(_ordinals(pods.new, spec.replicas, spec, world), (), after=gone)
    batch = _batch(spec, pods, world)
    count = min(len(pods.new), spec.replicas) + batch.start
    kept = _best(pods.old, spec, world)[: len(pods.old) - batch.stop]
    return Choice(_ordinals(pods.new, count, spec, world), kept)


def _batch(spec: DeploymentSpec, pods: Generation, world: World) -> Batch:
    rolling = spec.strategy.rolling
    surge, unavailable = bounds(spec.replicas, rolling.max_surge, rolling.max_unavailable)
    new, old = _count(pods.new, _patience(spec, pods), world), _count(pods.old, spec.min_ready_seconds, world)
    return next_batch(spec.replicas, new, old, surge=surge, unavailable=unavailable)


def _count(pods: Sequence[SeenPod], seconds: int, world: World) -> Count:
    return Count(len(pods), sum(world.available(pod, seconds) for pod in pods))


def _best(pods: Sequence[SeenPod], spec: DeploymentSpec, world: World) -> list[SeenPod]:
    """Return pods as they deserve to stay: available ones, then ready ones, then the oldest."""
    return sorted(
        pods,
        key=lambda pod: (
            not world.available(pod, spec.min_ready_seconds),
            not world.readiness(pod).ready,
            pod.created,
            pod.name,
        ),
    )


def _ordinals(pods: Sequence[SeenPod], count: int, spec: DeploymentSpec, world: World) -> list[int]:
    """Return ``count`` ordinals: those of the best pods that are there, then the lowest that are free."""
    kept = [ordinal(pod) for pod in _best(pods, spec, world)[:count]]
    free = (number for number in range(len(pods) + count) if number not in {ordinal(pod) for pod in pods})
    return sorted([*kept, *(next(free) for _ in range(count - len(kept)))])


def _patience(spec: DeploymentSpec, pods: Generation) -> int:
    """Return for how many seconds a new pod must be ready before it counts."""
    return max(spec.min_ready_seconds, TRIAL if pods.old else 0)


def _next_available(spec: DeploymentSpec, pods: Generation, world: World) -> float | None:
    """Return when the next ready pod will have been ready long enough."""
    since = [one.since for pod in [*pods.new, *pods.old] if (one := world.readiness(pod)).ready]
    coming = (moment + _patience(spec, pods) for moment in since)
    return min((moment for moment in coming if moment > world.now), default=None)


def _status(spec: DeploymentSpec, made: Template, pods: Generation, resting: Rests, world: World) -> Status:
    everyone = [*pods.new, *pods.old]
    ready = sum(world.readiness(pod).ready for pod in everyone)
    updated = sum(world.available(pod, spec.min_ready_seconds) for pod in pods.new)
    health, reason = _health(spec, made, pods, resting, world, updated)
    return Status(health, reason, ready, spec.replicas, tuple(everyone))


def _health(
    spec: DeploymentSpec, made: Template, pods: Generation, resting: Rests, world: World, updated: int
) -> tuple[Health, str]:
    if updated >= spec.replicas and not pods.old and len(pods.new) == spec.replicas:
        return Health.HEALTHY, ""
    names = (
        f"{made.owner.namespace}.{made.owner.name}-{made.revision}-{n}" for n in range(2 * spec.replicas + 1)
    )
    if failed := failure(world, names, [one.image for one in made.spec.containers]):
        return Health.DEGRADED, failed
    if resting.reasons:
        return Health.DEGRADED, resting.reasons[0]
    if _late(spec, pods, world):
        return Health.DEGRADED, f"ProgressDeadlineExceeded: no progress for {spec.progress_deadline_seconds}s"
    if spec.paused and pods.old:
        return Health.SUSPENDED, "paused in the middle of a rollout"
    told = f"{updated} of {spec.replicas} pods of revision {made.revision} are available"
    unready = (world.past.unready[pod.id] for pod in pods.new if pod.id in world.past.unready)
    return Health.PROGRESSING, "; ".join([told, *islice(unready, 1)])


def _late(spec: DeploymentSpec, pods: Generation, world: World) -> bool:
    """Say whether nothing has got better for longer than the deadline."""
    moments = [moment for pod in pods.new for moment in (pod.created, world.readiness(pod).since)]
    return bool(moments) and world.now - max(moments) > spec.progress_deadline_seconds
