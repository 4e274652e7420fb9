"""Pods that stand by themselves."""

from collections.abc import Iterator, Mapping
from typing import Any

from reconcilers import words
from reconcilers.pods import earliest, endings, failure, rests, unready
from reconcilers.pulling import sought
from reconcilers.template import follows, resources, template
from reconcilers.wanted import Consequence, Health, Status, Wanted
from reconcilers.world import World
from runtime.grouping import ENDED
from runtime.observe import container_key, pod_name
from runtime.resources import Label, Owner
from runtime.seen import SeenPod
from schemas.core import Pod


def reconcile(pod: Pod, document: Mapping[str, Any], world: World) -> Wanted:
    """Return the one pod, under its own name; another template replaces it, the old one first."""
    meta = pod.metadata
    owner = Owner("Pod", meta.namespace, meta.name)
    made = template(
        world,
        owner,
        pod.spec,
        {"metadata": _templated(document["metadata"]), "spec": document["spec"]},
        labels=meta.labels,
        annotations=meta.annotations,
        follow=follows(meta.annotations),
    )
    there = world.pods_of(owner)
    resting = rests(world, there, _policy(pod, there, world))
    late = [one for one in there if one.members and _is_over(pod, there, world)]
    spent = frozenset(pod_name(one) for one in there if words.is_spent(world, owner, one))
    settled = [one.labels.get(Label.DIGEST) for one in there] == [made.digest] and not spent
    return Wanted(
        owner=owner,
        resources=resources(world, made, meta.name),
        status=_status(pod, there, world),
        resting=resting.names | {container_key(one, part) for one in late for part in one.members},
        restarting=resting.counting,
        over=frozenset(map(pod_name, late)),
        unwell=resting.unwell,
        killed=resting.killed,
        renewed=spent,
        asked=words.restart(world, owner) if spent else "",
        settled=settled,
        consequence=Consequence.RECREATE if there and not settled else Consequence.NONE,
        look_again=earliest(resting.look_again, *_deadlines(pod, there, world)),
    )


def _policy(pod: Pod, there: list[SeenPod], world: World) -> str:
    """Return the restart policy; what has had all its time isn't started again."""
    return "Never" if _is_over(pod, there, world) else pod.spec.restart_policy


def _is_over(pod: Pod, there: list[SeenPod], world: World) -> bool:
    deadline = pod.spec.active_deadline_seconds
    return bool(deadline) and any(
        world.now - world.corrected(one.created) >= (deadline or 0) for one in there
    )


def _deadlines(pod: Pod, there: list[SeenPod], world: World) -> Iterator[float]:
    """Yield when pods of several have had all their time; Podman ends a container that stands alone."""
    deadline = pod.spec.active_deadline_seconds
    moments = (world.corrected(one.created) + (deadline or 0) for one in there if one.members)
    yield from (moment for moment in moments if deadline and moment > world.now)


def _templated(metadata: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return of a pod's metadata what a template would have."""
    return {key: metadata[key] for key in ("labels", "annotations") if metadata.get(key)}


def _status(pod: Pod, there: list[SeenPod], world: World) -> Status:
    ready = sum(world.readiness(one).ready for one in there)
    health, reason = _health(pod, there, world)
    return Status(health, reason, ready, 1, pods=tuple(there))


def _health(pod: Pod, there: list[SeenPod], world: World) -> tuple[Health, str]:
    name = f"{pod.metadata.namespace}.{pod.metadata.name}"
    if failed := failure(world, [name], sought(world, pod.spec.every_container)):
        return Health.DEGRADED, failed
    mine = next((one for one in there if pod_name(one) == name), None)
    if mine is None:
        return Health.MISSING, "its container is not there"
    if _is_over(pod, there, world) and _was_ended(mine):
        return Health.DEGRADED, f"DeadlineExceeded (after {pod.spec.active_deadline_seconds}s)"
    over = endings(world, mine, _policy(pod, there, world))
    bad = [one for one in over if one.again.at is not None or one.container.exit_code]
    if bad or (over and mine.state in ENDED):
        return Health.DEGRADED if bad else Health.HEALTHY, (bad or over)[0].reason
    if world.readiness(mine).ready:
        return Health.HEALTHY, ""
    return Health.PROGRESSING, unready(world, mine) or _unready_yet(mine, len(over))


def _was_ended(mine: SeenPod) -> bool:
    """Say whether a pod whose time is over hadn't come to a good end before."""
    well = mine.state in ENDED and not mine.exit_code
    return not well if mine.members else mine.state in ENDED and bool(mine.exit_code)


def _unready_yet(mine: SeenPod, completed: int) -> str:
    if completed:
        return f"{completed} of its {len(mine.members)} containers have completed, the others run"
    return f"its container is {mine.state}, not ready yet"
