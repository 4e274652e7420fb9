"""Pods that stand by themselves."""

from collections.abc import Mapping
from typing import Any

from reconcilers.pods import ending, failure, rests
from reconcilers.template import follows, resources, template
from reconcilers.wanted import Consequence, Health, Status, Wanted
from reconcilers.world import World
from runtime.observe import pod_name
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
    resting = rests(world, there, pod.spec.restart_policy)
    settled = [one.labels.get(Label.DIGEST) for one in there] == [made.digest]
    return Wanted(
        owner=owner,
        resources=resources(world, made, meta.name),
        status=_status(pod, there, world),
        resting=resting.names,
        restarting=resting.counting,
        unwell=resting.unwell,
        settled=settled,
        consequence=Consequence.RECREATE if there and not settled else Consequence.NONE,
        look_again=resting.look_again,
    )


def _templated(metadata: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return of a pod's metadata what a template would have."""
    return {key: metadata[key] for key in ("labels", "annotations") if metadata.get(key)}


def _status(pod: Pod, there: list[SeenPod], world: World) -> Status:
    ready = sum(world.readiness(one).ready for one in there)
    health, reason = _health(pod, there, world)
    return Status(health, reason, ready, 1, tuple(there))


def _health(pod: Pod, there: list[SeenPod], world: World) -> tuple[Health, str]:
    name = f"{pod.metadata.namespace}.{pod.metadata.name}"
    if failed := failure(world, [name], [one.image for one in pod.spec.containers]):
        return Health.DEGRADED, failed
    mine = next((one for one in there if pod_name(one) == name), None)
    if mine is None:
        return Health.MISSING, "its container is not there"
    if over := ending(world, mine, pod.spec.restart_policy):
        done = over.at is None and mine.exit_code == 0
        return Health.HEALTHY if done else Health.DEGRADED, over.reason
    if world.readiness(mine).ready:
        return Health.HEALTHY, ""
    return Health.PROGRESSING, world.past.unready.get(
        mine.id
    ) or f"its container is {mine.state}, not ready yet"
