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
from schemas.hooks import Phase, phase_of
from schemas.manifest import Manifest
from schemas.order import before

LEADING = frozenset({"Ingress", "IngressClass", "Service"})
WAITS = "waits for "
RUN_TO_THEIR_END = frozenset({"CronJob", "Job"})


def ordered(manifests: Sequence[Manifest], answers: Sequence[Wanted], world: World) -> list[Wanted]:
    """Return the answers, of those that have to wait only what keeps their pods as they are.

    Who has begun goes on, whatever becomes of those before it: an outage spreads to nobody.  But nothing that
    a commit changes begins while one of its first hooks runs, or has failed.
    """
    needs = {Owner(*one): [Owner(*each) for each in found] for one, found in before(manifests).items()}
    if not any(needs.values()):
        return list(answers)
    told = {answer.owner: answer for answer in answers}
    first = {Owner(*_identity(one)) for one in manifests if phase_of(one.object) is Phase.PRE_SYNC}
    for owner in TopologicalSorter(needs).static_order():
        missing = [told[one] for one in needs[owner] if not is_well(told[one])]
        begins = owner in world.changed and any(one.owner in first for one in missing)
        if missing and (begins or not _has_begun(told[owner], world)):
            told[owner] = _held(told[owner], missing, world)
    return [told[answer.owner] for answer in answers]


def is_well(answer: Wanted) -> bool:
    """Say whether who waits for an object may begin."""
    health = answer.status.health
    return health is Health.SUSPENDED or (answer.settled and health is Health.HEALTHY)


def is_lost(answer: Wanted) -> bool:
    """Say whether an object isn't well and won't mend by itself."""
    return answer.status.health is Health.DEGRADED and (answer.look_again is None or answer.final)


def written_down(owner: Owner, world: World) -> Iterator[Volume]:
    """Yield what is written down of earlier runs of a Job."""
    for one in world.seen.volumes:
        if Label.MARK in one.labels and one.labels.get(Label.OWNER) == str(owner):
            yield Volume(one.name, one.labels)


def _identity(manifest: Manifest) -> tuple[str, str, str]:
    meta = manifest.object.metadata
    return manifest.object.kind, meta.namespace, meta.name


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
        resources=(*_supplies(answer), *written_down(answer.owner, world)),
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


def _supplies(answer: Wanted) -> Iterator[Resource]:
    """Yield what may be there before an object begins: nothing of one that leads elsewhere from then on."""
    if answer.owner.kind not in LEADING:
        yield from (one for one in answer.resources if not _begins(one))


def _begins(one: Resource) -> bool:
    """Say whether something begins with a resource: a pod, or what is written down of a Job's beginning."""
    return isinstance(one, Pod) or (isinstance(one, Volume) and Label.MARK in one.labels)


def _why(missing: Sequence[Wanted]) -> tuple[Health, str]:
    """Return how who waits fares: as badly as one before it that won't mend by itself."""
    lost = [one for one in missing if is_lost(one)]
    first = min(lost or missing, key=lambda one: one.status.reason.startswith(WAITS))
    told = f"{WAITS}{first.owner.kind}/{first.owner.name}"
    reason = f": {first.status.reason}" if lost and first.status.reason else ""
    return (Health.DEGRADED if lost else Health.PROGRESSING), told + reason
