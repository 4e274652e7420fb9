"""StatefulSets: pods that keep their names and volumes, and come, go and are replaced in order."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from reconcilers import words
from reconcilers.claims import leftover, mounting, volumes, with_claims
from reconcilers.ordinals import Member, Moves, most_unavailable, moves
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
from reconcilers.template import Template, follows, resources, template
from reconcilers.wanted import Consequence, Health, Status, Wanted
from reconcilers.world import World
from runtime.dataclass import dataclass
from runtime.observe import pod_name
from runtime.resources import Label, Owner, Pod, Resource
from runtime.seen import SeenPod
from schemas.apps import StatefulSet, StatefulSetSpec

POD_NAME, POD_INDEX = "statefulset.kubernetes.io/pod-name", "apps.kubernetes.io/pod-index"
REVISION_HASH = "controller-revision-hash"


@dataclass(frozen=True, slots=True)
class Written:
    """A StatefulSet as a commit has it, and the world of that commit."""

    one: StatefulSet
    document: Mapping[str, Any]
    world: World

    @property
    def owner(self) -> Owner:
        """What tells it from other objects."""
        return Owner("StatefulSet", self.one.metadata.namespace, self.one.metadata.name)

    @property
    def ordinals(self) -> range:
        """The ordinals of its pods."""
        start = self.one.spec.ordinals.start
        return range(start, start + self.one.spec.replicas)

    @property
    def untouched(self) -> range:
        """The ordinals that an update leaves at the revision before: those below the partition."""
        strategy = self.one.spec.update_strategy
        return self.ordinals[: strategy.rolling.partition if strategy.type == "RollingUpdate" else 0]

    def name(self, number: int) -> str:
        """Return the name of a pod."""
        return f"{self.one.metadata.name}-{number}"


@dataclass(frozen=True, slots=True)
class Family:
    """The pods of a StatefulSet, by ordinal: what they should be made of, and those that are there.

    ``fit`` are those of a revision that they may have.  ``base`` is the commit of the revision that the
    partition holds on to, "" where there is no such; ``before`` is the set as that commit has it, None where
    that isn't needed, or git can't tell any more.
    """

    now: Written
    templates: Mapping[int, Template]
    there: Mapping[int, SeenPod]
    fit: frozenset[int]
    base: str
    before: Written | None

    @property
    def spec(self) -> StatefulSetSpec:
        """What is asked for."""
        return self.now.one.spec

    @property
    def settled(self) -> bool:
        """Whether exactly those pods are there that should be, and each may stay as it is."""
        return len(self.fit) == len(self.there) == self.spec.replicas

    @property
    def patience(self) -> int:
        """For how many seconds a pod must be ready before another one moves."""
        return max(self.spec.min_ready_seconds, TRIAL if len(self.fit) != len(self.there) else 0)

    @property
    def served(self) -> frozenset[str]:
        """The ids of the pods for which another one may move."""
        new = [pod for number, pod in self.there.items() if number in self.fit]
        old = [pod for number, pod in self.there.items() if number not in self.fit]
        return frozenset(pod.id for pod in [*old, *fit_to_replace(self.now.world, new, old)])

    @property
    def old(self) -> Sequence[int]:
        """The pods that may stay as they are, of an older revision."""
        return [number for number in sorted(self.fit) if not self.is_new(number)]

    def is_new(self, number: int) -> bool:
        """Say whether a pod that is there is as git describes it now."""
        return is_of(self.there[number], self.templates[number].digest)

    def writer(self, number: int) -> Written | None:
        """Return what a pod is made from; None where that is a revision of which git can't tell any more."""
        held = self.base and number in self.now.untouched and number not in self.there
        return self.before if held else self.now


def reconcile(one: StatefulSet, document: Mapping[str, Any], world: World) -> Wanted:
    """Return the pods that a StatefulSet wants at this moment, in its order, one step at a time."""
    family = _family(Written(one, document, world))
    there, moved = family.there, _moves(family)
    made = [number for number in sorted(moved.make) if number not in family.old]
    resting = rests(world, there.values(), "Always")
    return Wanted(
        owner=family.now.owner,
        resources=tuple(one for number in made for one in _resources(family, number)),
        status=_status(family, resting),
        keep=frozenset(pod_name(there[number]) for number in [*moved.keep, *family.old]),
        resting=resting.names,
        restarting=resting.counting,
        unwell=resting.unwell,
        renewed=frozenset(pod_name(there[n]) for n in moved.make if n in there and n not in family.fit),
        asked=words.restart(world, family.now.owner) if len(family.fit) < len(there) else "",
        released=_released(family),
        settled=family.settled,
        consequence=_consequence(family),
        look_again=earliest(resting.look_again, next_available(world, there.values(), family.patience)),
    )


def _family(now: Written) -> Family:
    there = {ordinal(pod): pod for pod in now.world.pods_of(now.owner)}
    templates = {number: _template(now, number) for number in now.ordinals}
    by_hand = now.one.spec.update_strategy.type == "OnDelete"
    spared = {n for n in there if n in (now.ordinals if by_hand else now.untouched)}
    spent = {n for n, pod in there.items() if words.is_spent(now.world, now.owner, pod)} - spared
    new = {n for n, pod in there.items() if n in templates and is_of(pod, templates[n].digest)} - spent
    base = _base(now, [there[n] for n in sorted(spared - new)], list(there.values()))
    lacking = base and any(number not in there for number in now.untouched)
    before = _before(now, base) if lacking else None
    return Family(now, templates, there, frozenset(new | spared), base, before)


def _base(now: Written, old: Sequence[SeenPod], pods: Sequence[SeenPod]) -> str:
    """Return the commit of the revision below the partition: its pods know, or those that were made since."""
    if not now.untouched:
        return ""
    known = [pod.labels.get(Label.COMMIT, "") for pod in old]
    return next(filter(None, [*known, *(pod.labels.get(Label.BASE, "") for pod in pods)]), "")


def _before(now: Written, base: str) -> Written | None:
    earlier = now.world.earlier(base, now.owner)
    if earlier is None or not isinstance(earlier.manifest.object, StatefulSet):
        return None
    world = replace(now.world, commit=base, catalog=earlier.catalog)
    return Written(earlier.manifest.object, earlier.manifest.document, world)


def _template(written: Written, number: int) -> Template:
    one, pod = written.one, written.name(number)
    service = one.spec.service_name
    shared = (one.metadata.namespace, service) in written.world.catalog.addressed
    labels = {**one.spec.template.metadata.labels, POD_NAME: pod, POD_INDEX: str(number)}
    made = template(
        written.world,
        written.owner,
        mounting(one, pod).model_copy(update={"hostname": pod, "subdomain": service or None}),
        written.document["spec"]["template"],
        labels=labels,
        annotations=one.spec.template.metadata.annotations,
        follow=follows(one.metadata.annotations),
        governing="" if shared else service,
    )
    return replace(made, labels={**labels, REVISION_HASH: f"{one.metadata.name}-{made.revision}"})


def _moves(family: Family) -> Moves:
    spec = family.spec
    return moves(
        {number: _member(family, number) for number in family.there},
        family.now.ordinals,
        ordered=spec.pod_management_policy == "OrderedReady",
        unavailable=most_unavailable(spec.replicas, spec.update_strategy.rolling.max_unavailable),
    )


def _member(family: Family, number: int) -> Member:
    pod, world = family.there[number], family.now.world
    going = pod.state in GOING
    return Member(
        fit=number in family.fit,
        available=not going and world.available(pod, family.patience) and pod.id in family.served,
        lost=_never_ready(world, pod),
        going=going,
    )


def _never_ready(world: World, pod: SeenPod) -> bool:
    """Say whether a pod has not been ready since it was last started; a paused one may have been."""
    if pod.state != "running":
        return pod.state != "paused"
    readiness = world.readiness(pod)
    return not readiness.ready and readiness.since <= max(pod.created, pod.started)


def _resources(family: Family, number: int) -> Iterator[Resource]:
    writer = family.writer(number)
    if writer is None:
        return
    pod = writer.name(number)
    world = with_claims(writer.world, writer.one, pod)
    yield from volumes(world, writer.one, pod)
    base = {Label.BASE: family.base} if family.base and writer is family.now else {}
    for one in resources(world, _template(writer, number), pod):
        yield replace(one, labels={**one.labels, **base}) if isinstance(one, Pod) else one


def _released(family: Family) -> frozenset[str]:
    if family.spec.persistent_volume_claim_retention_policy.when_scaled == "Retain":
        return frozenset()
    used = {*family.now.ordinals, *family.there}
    return leftover(family.now.one, family.now.world.seen.volumes, used)


def _consequence(family: Family) -> Consequence:
    if any(number in family.templates and number not in family.fit for number in family.there):
        return Consequence.RECREATE
    return Consequence.NONE if family.settled or not family.there else Consequence.IN_PLACE


def _status(family: Family, resting: Rests) -> Status:
    world, inside = family.now.world, [n for n in family.templates if n in family.there]
    ready = sum(world.readiness(family.there[number]).ready for number in inside)
    seconds = family.spec.min_ready_seconds
    good = sum(n in family.fit and world.available(family.there[n], seconds) for n in inside)
    health, reason = _health(family, resting, good)
    pods = tuple(family.there[number] for number in sorted(family.there))
    updated = len(family.fit) - len(family.old)
    return Status(health, reason, ready, family.spec.replicas, updated, good, pods)


def _health(family: Family, resting: Rests, good: int) -> tuple[Health, str]:
    if family.settled and good == family.spec.replicas:
        return Health.HEALTHY, _older(family)
    if trouble := _trouble(family):
        return Health.DEGRADED, trouble
    if resting.reasons:
        return Health.DEGRADED, resting.reasons[0]
    told = f"{good} of {family.spec.replicas} pods are updated and available"
    there = [pod for _, pod in sorted(family.there.items())]
    return Health.PROGRESSING, "; ".join([told, *first_unready(family.now.world, there)])


def _trouble(family: Family) -> str:
    lost = [number for number in family.now.untouched if family.writer(number) is None]
    if lost:
        return (
            f"{family.now.name(lost[0])} has to be of the revision of commit {family.base[:7]}, which git "
            "can't tell any more: bring that commit back, or lower the partition"
        )
    namespace = family.now.one.metadata.namespace
    names = (f"{namespace}.{family.now.name(number)}" for number in family.templates)
    return failure(
        family.now.world, names, sought(family.now.world, family.spec.template.spec.every_container)
    )


def _older(family: Family) -> str:
    count, strategy = len(family.old), family.spec.update_strategy
    if not count:
        return ""
    words = "1 pod stays" if count == 1 else f"{count} pods stay"
    why = "until somebody removes what is old" if strategy.type == "OnDelete" else "below the partition"
    return f"{words} at an older revision, {why}"
