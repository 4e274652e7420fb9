"""What a restart that a person asks for waits for: the budgets of the pods that it would take away.

What git asks for (another template, fewer replicas, an object that left) goes by its own strategy, as
Kubernetes' controllers don't ask budgets either; what has ended or fails its probes is down already.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from reconcilers import words
from reconcilers.budget import Budget, budget, may_go
from reconcilers.pods import GOING
from reconcilers.wanted import Health, Status, Wanted
from reconcilers.world import World
from runtime.dataclass import dataclass
from runtime.observe import pod_name
from runtime.resources import Label, Owner, Pod
from runtime.seen import SeenPod
from schemas.disruption import PodDisruptionBudget
from schemas.manifest import Manifest
from schemas.order import RUNNING
from schemas.selectors import matches

SCALED = frozenset(
    {"Deployment", "ReplicaSet", "ReplicationController", "StatefulSet"}
)  # kinds that have a number of pods


@dataclass(frozen=True, slots=True)
class Guard:
    """A budget at this moment, and the ids of the pods that it is for."""

    one: PodDisruptionBudget
    pods: frozenset[str]
    now: Budget

    def __str__(self) -> str:
        return f"PodDisruptionBudget/{self.one.metadata.name} ({self.now})"


def within_budgets(manifests: Sequence[Manifest], answers: Sequence[Wanted], world: World) -> list[Wanted]:
    """Return the answers, of restarts without the pods that their budgets keep; and how the budgets are."""
    budgets = [one.object for one in manifests if isinstance(one.object, PodDisruptionBudget)]
    guards = [_guard(one, answers, world) for one in budgets]
    told = {_owner(guard.one): str(guard.now) for guard in guards}
    found: list[Wanted] = []
    for answer in answers:
        kept, guards = _spare(answer, guards, world) if answer.asked else (answer, guards)
        found.append(_told(kept, told[kept.owner]) if kept.owner in told else kept)
    return found


def budget_of(one: PodDisruptionBudget, answers: Sequence[Wanted], world: World) -> Budget:
    """Return how a budget is at this moment."""
    return _guard(one, answers, world).now


def _guard(one: PodDisruptionBudget, answers: Iterable[Wanted], world: World) -> Guard:
    totals = {answer.owner: answer.status.total for answer in answers}
    pods = [pod for pod in world.pods_in(one.metadata.namespace) if _is_meant(one, pod)]
    makers = {maker: None for pod in pods if (maker := _maker(pod)).kind != "Pod"}
    scales = [totals.get(maker, 0) if maker.kind in SCALED else None for maker in makers]
    healthy = sum(pod.state not in GOING and world.readiness(pod).ready for pod in pods)
    now = budget(one.spec, pods=len(pods), healthy=healthy, scales=scales)
    return Guard(one, frozenset(pod.id for pod in pods), now)


def _is_meant(one: PodDisruptionBudget, pod: SeenPod) -> bool:
    return _maker(pod).kind in RUNNING and matches(one.spec.selector, pod.labels)


def _maker(pod: SeenPod) -> Owner:
    return Owner.parse(pod.labels[Label.OWNER])


def _owner(one: PodDisruptionBudget) -> Owner:
    return Owner(one.kind, one.metadata.namespace, one.metadata.name)


def _told(answer: Wanted, words: str) -> Wanted:
    return replace(answer, status=Status(Health.HEALTHY, words))


def _spare(answer: Wanted, guards: list[Guard], world: World) -> tuple[Wanted, list[Guard]]:
    """Return an answer without the disruptions that aren't allowed, and what is left of the budgets.

    Pods that have to be gone before others come go all together, or none does.
    """
    left, spared, why = guards, list[SeenPod](), ""
    going = _going(answer, world)
    for pod in going:
        strict = [n for n, one in enumerate(left) if pod.id in one.pods and not _lets(one, pod, world)]
        if strict:
            spared, why = [*spared, pod], why or str(guards[strict[0]])
        elif world.readiness(pod).ready:
            left = [_spent(one) if pod.id in one.pods else one for one in left]
    if not spared:
        return answer, left
    together = any(isinstance(one, Pod) and one.after for one in answer.resources)
    return _kept(answer, going if together else spared, why), guards if together else left


def _going(answer: Wanted, world: World) -> list[SeenPod]:
    """Return the pods that run and would go for nothing but the restart, by name: a plan is to be kept."""
    wanted = {one.name: one for one in answer.resources if isinstance(one, Pod)}
    digests = {one.digest for one in wanted.values()}
    return [
        pod
        for pod in sorted(world.pods_of(answer.owner), key=pod_name)
        if pod.state == "running"
        and words.is_spent(world, answer.owner, pod)
        and (not digests or pod.labels.get(Label.DIGEST) in digests)
        and (pod_name(pod) in answer.renewed or pod_name(pod) not in {*wanted, *answer.keep})
    ]


def _lets(guard: Guard, pod: SeenPod, world: World) -> bool:
    return may_go(guard.one.spec, guard.now, ready=world.readiness(pod).ready)


def _spent(guard: Guard) -> Guard:
    return replace(guard, now=replace(guard.now, current=guard.now.current - 1))


def _kept(answer: Wanted, pods: Sequence[SeenPod], why: str) -> Wanted:
    """Return an answer that keeps these pods, and makes none of those that wait for them to be gone."""
    names = frozenset(map(pod_name, pods))
    resources = tuple(one for one in answer.resources if not (isinstance(one, Pod) and names & {*one.after}))
    many = f", which takes {len(pods)} away at once," if len(pods) > 1 else ""
    told = f"its restart{many} waits for {why}"
    hopeful = answer.status.health is Health.PROGRESSING and answer.status.ready < answer.status.total
    health = Health.PROGRESSING if hopeful else Health.DEGRADED
    return replace(
        answer,
        resources=resources,
        keep=answer.keep | names,
        renewed=answer.renewed - names,
        settled=False,
        status=replace(answer.status, health=health, reason=told),
    )
