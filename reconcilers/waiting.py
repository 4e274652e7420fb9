"""What has to wait: a new version is begun only once all that comes before it is well."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from graphlib import TopologicalSorter

from reconcilers.pods import GOING
from reconcilers.wanted import Health, Wanted
from reconcilers.world import World
from runtime.observe import pod_name
from runtime.resources import Label, Owner, Pod, Resource, Volume
from runtime.seen import SeenPod
from schemas.manifest import Manifest
from schemas.order import before

RUN_TO_THEIR_END = frozenset({"CronJob", "Job"})


def ordered(manifests: Sequence[Manifest], answers: Sequence[Wanted], world: World) -> list[Wanted]:
    """Return the answers, of those that have to wait only what keeps their pods as they are.

    Who has begun goes on, whatever becomes of those before it: an outage spreads to nobody.
    """
    needs = {Owner(*one): [Owner(*each) for each in found] for one, found in before(manifests).items()}
    if not any(needs.values()):
        return list(answers)
    told = {answer.owner: answer for answer in answers}
    for owner in TopologicalSorter(needs).static_order():
        missing = [told[one] for one in needs[owner] if not _is_well(told[one])]
        if missing and not _has_begun(told[owner], world):
            told[owner] = _held(told[owner], missing, world)
    return [told[answer.owner] for answer in answers]


def _is_well(answer: Wanted) -> bool:
    health = answer.status.health
    return health is Health.SUSPENDED or (answer.settled and health is Health.HEALTHY)


def _has_begun(answer: Wanted, world: World) -> bool:
    """Say whether a pod runs already of what is wanted; also where there is nothing to begin."""
    wanted = _digests(answer)
    running = (pod for pod in world.pods_of(answer.owner) if pod.state == "running")
    return not wanted or any(pod.labels.get(Label.DIGEST) in wanted for pod in running)


def _digests(answer: Wanted) -> frozenset[str]:
    return frozenset(one.digest for one in answer.resources if isinstance(one, Pod))


def _held(answer: Wanted, missing: Sequence[Wanted], world: World) -> Wanted:
    """Return an answer that leaves every pod as it is; what has stopped of the new version stays so."""
    there = [pod for pod in world.pods_of(answer.owner) if pod.state not in GOING]
    wanted = _digests(answer)
    stopped = {pod_name(pod) for pod in there if pod.state != "running" and _stays_down(answer, pod, wanted)}
    health, reason = _why(missing)
    return replace(
        answer,
        resources=(*(one for one in answer.resources if not _begins(one)), *_marks(answer.owner, world)),
        status=replace(answer.status, health=health, reason=reason),
        keep=frozenset(map(pod_name, there)),
        resting=answer.resting | stopped,
        renewed=frozenset(),
        released=frozenset(),
        settled=False,
    )


def _stays_down(answer: Wanted, pod: SeenPod, wanted: frozenset[str]) -> bool:
    """Say whether a pod that has stopped isn't started: it is of the new version, or of a Job that ran."""
    return answer.owner.kind in RUN_TO_THEIR_END or pod.labels.get(Label.DIGEST) in wanted


def _marks(owner: Owner, world: World) -> Iterator[Volume]:
    """Yield what is written down of earlier runs of a Job: it holds until the next one begins."""
    for one in world.seen.volumes:
        if Label.MARK in one.labels and one.labels.get(Label.OWNER) == str(owner):
            yield Volume(one.name, one.labels)


def _begins(one: Resource) -> bool:
    """Say whether something begins with a resource: a pod, or what is written down of a Job's beginning."""
    return isinstance(one, Pod) or (isinstance(one, Volume) and Label.MARK in one.labels)


def _why(missing: Sequence[Wanted]) -> tuple[Health, str]:
    """Return how who waits fares: as badly as one before it that won't mend by itself."""
    ill = [one for one in missing if one.status.health is Health.DEGRADED]
    lost = [one for one in ill if one.look_again is None or one.final]
    first = (lost or missing)[0]
    told = f"waits for {first.owner.kind}/{first.owner.name}"
    reason = f": {first.status.reason}" if lost and first.status.reason else ""
    return (Health.DEGRADED if lost else Health.PROGRESSING), told + reason
