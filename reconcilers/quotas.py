"""Quotas of pods: which of the pods that are wanted now have room, beside those that are there."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from functools import cached_property

from reconcilers.wanted import Health, Wanted
from reconcilers.world import World
from runtime.dataclass import dataclass
from runtime.grouping import ENDED
from runtime.observe import pod_name
from runtime.resources import Label, Owner, Pod
from runtime.seen import SeenPod
from schemas.counting import count
from schemas.demands import total
from schemas.manifest import Manifest
from schemas.order import RUNNING
from schemas.pod import PodSpec
from schemas.pods import pod_of
from schemas.quantity import Format, Quantity
from schemas.quotas import ALL_PODS, COMPUTE, OF_PODS, PODS, ResourceQuota

ENDING = frozenset({"CronJob", "Job"})  # their pods make room by themselves


@dataclass(frozen=True, slots=True)
class Counted:
    """A pod, there or wanted, as quotas count it; ``over`` says that it has ended for good."""

    name: str
    owner: Owner
    spec: PodSpec
    over: bool = False


@dataclass(frozen=True)
class Room:
    """The quotas of one commit, and the pods that are there."""

    quotas: Sequence[ResourceQuota]
    there: Sequence[Counted]

    def of(self, namespace: str) -> list[ResourceQuota]:
        """Return the quotas of a namespace."""
        return [one for one in self.quotas if one.metadata.namespace == namespace]

    def lacking(self, pod: Counted, gone: frozenset[str], admitted: Iterable[Counted]) -> str:
        """Return why a pod has no room, "" where it has: ``gone`` will be gone before it is made."""
        beside = [*(one for one in self.there if one.name not in gone), *admitted]
        for quota in self.of(pod.owner.namespace):
            if quota.spec.counts(pod.spec) and (why := _exceeded(quota, pod, beside)):
                return why
        return ""


def within_quotas(manifests: Sequence[Manifest], answers: Sequence[Wanted], world: World) -> list[Wanted]:
    """Return the answers without the pods for which a quota has no room now; they wait for it.

    Who is there counts until it is gone, whatever becomes of it: as on a cluster, an update whose surge has
    no room goes on only as old pods may stop for it.
    Source: Kubernetes' pkg/quota/v1/evaluator/core/pods.go.
    """
    quotas = [one.object for one in manifests if isinstance(one.object, ResourceQuota)]
    if not quotas:
        return list(answers)
    specs = Specs(manifests, world, answers)
    room = Room(quotas, list(_there(world, specs)))
    admitted: list[Counted] = []
    found = [_admit(answer, room, specs, admitted) for answer in answers]
    return [_waiting(answer, why, answers, world) if why else answer for answer, why in found]


def used(name: str, quota: ResourceQuota, manifests: Sequence[Manifest], world: World) -> Quantity:
    """Return how much there is now of what a quota bounds under a name."""
    mine = [one for one in manifests if one.object.metadata.namespace == quota.metadata.namespace]
    if name not in OF_PODS:
        return _quantity(name, count(name, mine))
    there = _there(world, Specs(manifests, world))
    return _quantity(name, _sum(name, quota, there))


@dataclass(frozen=True)
class Specs:
    """What pods are made of, by the commits from which they were made; ``answers`` are what is wanted now."""

    manifests: Sequence[Manifest]
    world: World
    answers: Sequence[Wanted] = ()

    @cached_property
    def now(self) -> Mapping[Owner, PodSpec]:
        """What the commit says."""
        found = ((one.object, pod_of(one.object)) for one in self.manifests)
        return {
            Owner(one.kind, one.metadata.namespace, one.metadata.name): pod.spec for one, pod in found if pod
        }

    @cached_property
    def current(self) -> frozenset[str]:
        """The digests of the pods that are wanted now."""
        return frozenset(
            one.digest for answer in self.answers for one in answer.resources if isinstance(one, Pod)
        )

    def of(self, pod: SeenPod) -> PodSpec | None:
        """Return what a pod that is there is made of; where git can't tell any more, what is said now.

        An older commit is read only for pods of an older template: each may be of another one.
        """
        owner, commit = Owner.parse(pod.labels[Label.OWNER]), pod.labels.get(Label.COMMIT, "")
        same = owner.kind in ENDING or pod.labels.get(Label.DIGEST) in self.current
        earlier = None if same or commit == self.world.commit else self.world.earlier(commit, owner)
        then = pod_of(earlier.manifest.object) if earlier else None
        return then.spec if then else self.now.get(owner)


def _admit(answer: Wanted, room: Room, specs: Specs, admitted: list[Counted]) -> tuple[Wanted, str]:
    """Return an answer without the pods that have no room, and why the first of them has none."""
    spec = specs.now.get(answer.owner)
    new = [one for one in answer.resources if isinstance(one, Pod) and _is_new(one, answer, specs.world)]
    if spec is None or not new:
        return answer, ""
    denied: dict[str, str] = {}
    for pod in new:
        counted = Counted(pod.name, answer.owner, spec)
        if why := room.lacking(counted, frozenset([pod.name, *pod.after]), admitted):
            denied[pod.name] = why
        else:
            admitted.append(counted)
    kept = tuple(one for one in answer.resources if not (isinstance(one, Pod) and one.name in denied))
    return replace(answer, resources=kept), next(iter(denied.values()), "")


def _is_new(pod: Pod, answer: Wanted, world: World) -> bool:
    there = {pod_name(one): one for one in world.pods_of(answer.owner)}
    mine = there.get(pod.name)
    return mine is None or pod.name in answer.renewed or mine.labels.get(Label.DIGEST) != pod.digest


def _waiting(answer: Wanted, why: str, answers: Iterable[Wanted], world: World) -> Wanted:
    """Return the answer of an object that waits for room; where nobody makes any, it waits in vain."""
    status = answer.status
    coming = _is_coming_up(answer.owner, world) or _makes_room(answer.owner.namespace, answers, world)
    told = f"{why}; {status.reason}" if status.health is Health.DEGRADED else why
    health = Health.PROGRESSING if coming else Health.DEGRADED
    return replace(answer, settled=False, status=replace(status, health=health, reason=told))


def _is_coming_up(owner: Owner, world: World) -> bool:
    """Say whether a pod isn't ready yet for which another one may stop."""
    there = (pod for pod in world.pods_of(owner) if pod.state not in ENDED)
    return any(not world.readiness(pod).ready for pod in there)


def _makes_room(namespace: str, answers: Iterable[Wanted], world: World) -> bool:
    staying = {one.name for answer in answers for one in answer.resources if isinstance(one, Pod)}
    staying |= {name for answer in answers for name in answer.keep}
    return any(
        pod_name(pod) not in staying or Owner.parse(pod.labels[Label.OWNER]).kind in ENDING
        for pod in world.pods_in(namespace)
        if not (pod.state in ENDED and pod_name(pod) in staying)
    )


def _there(world: World, specs: Specs) -> Iterator[Counted]:
    for pod in world.seen.pods:
        owner = Owner.parse(pod.labels[Label.OWNER])
        spec = specs.of(pod) if owner.kind in RUNNING else None
        if spec:
            yield Counted(pod_name(pod), owner, spec, _is_over(pod, spec))


def _is_over(pod: SeenPod, spec: PodSpec) -> bool:
    """Say whether nothing of a pod is started again."""
    policy = spec.restart_policy
    return pod.state in ENDED and (policy == "Never" or (policy == "OnFailure" and not pod.exit_code))


def _exceeded(quota: ResourceQuota, pod: Counted, beside: Sequence[Counted]) -> str:
    for name, most in quota.spec.hard.items():
        own = _amount(name, pod) if name in OF_PODS else Decimal(0)
        taken = _sum(name, quota, beside) if own else Decimal(0)
        if own and taken + own > most.value:
            short = pod.name.partition(".")[2]
            told = f"{_quantity(name, taken)} of {most} are used, and it takes {_quantity(name, own)}"
            return f"no room for {short} in ResourceQuota/{quota.metadata.name}: {name} {told}"
    return ""


def _sum(name: str, quota: ResourceQuota, pods: Iterable[Counted]) -> Decimal:
    namespace = quota.metadata.namespace
    mine = (one for one in pods if one.owner.namespace == namespace and quota.spec.counts(one.spec))
    return sum((_amount(name, one) for one in mine), Decimal(0))


def _amount(name: str, pod: Counted) -> Decimal:
    if name == ALL_PODS:
        return Decimal(1)
    if pod.over:
        return Decimal(0)
    return Decimal(1) if name == PODS else total(pod.spec, *COMPUTE[name])


def _quantity(name: str, amount: Decimal) -> Quantity:
    binary = name.rpartition(".")[2] in {"memory", "storage"}
    return Quantity(amount, Format.BINARY if binary else Format.DECIMAL)
