"""Autoscalers: how many pods their targets should have, by what their pods use."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from reconcilers.demand import Demand, Tolerance, Unmeasured, by_average, by_utilization, grouped, most
from reconcilers.headroom import MEBI, room
from reconcilers.pacing import DOWN, UP, Course, Policy, Rules, changed, kept, limited, stabilized
from reconcilers.pods import GOING
from reconcilers.sampling import Samples
from reconcilers.scaling import EVERY, WORD, Figure, Scaling, State
from reconcilers.wanted import Health, Status, Wanted
from reconcilers.world import World
from runtime.dataclass import dataclass
from runtime.records import Note
from runtime.resources import Owner
from runtime.seen import SeenPod
from schemas.autoscaling import (
    Autoscaler,
    HorizontalPodAutoscaler,
    HorizontalPodAutoscalerV1,
    Metric,
    MetricTarget,
    ScalingRules,
)
from schemas.kinds import Object, Scaled
from schemas.manifest import Manifest


@dataclass(frozen=True, slots=True)
class Measured:
    """What one metric found: how many pods it asks for, None where it can't be had, and why not."""

    figure: Figure
    demand: Demand | None = None
    trouble: str = ""
    lasting: bool = False


def reconcile(one: Autoscaler, _: Mapping[str, Any], world: World) -> Wanted:
    """Return no resources: what an autoscaler decided is wanted by its target."""
    owner = _owner(one)
    scaling = world.scalings[owner]
    noted = {WORD: Note(scaling.state.at, scaling.state.write())} if scaling.state and scaling.fresh else {}
    lasting = scaling.health is Health.DEGRADED
    return Wanted(
        owner,
        (),
        Status(scaling.health, scaling.reason),
        noted=noted,
        look_again=scaling.state.at + EVERY if scaling.state and not lasting else None,
    )


def scalings(manifests: Iterable[Manifest], world: World) -> Mapping[Owner, Scaling]:
    """Return what every autoscaler decides at this moment: anew where its target was measured just now."""
    objects = [one.object for one in manifests]
    targets = {_owner(one): one for one in objects if isinstance(one, Scaled)}
    scalers = [one for one in objects if isinstance(one, HorizontalPodAutoscaler | HorizontalPodAutoscalerV1)]
    return {
        _owner(one): _scaling(one, targets[_target(one)], world) for one in scalers if _target(one) in targets
    }


def scaled(one: Object, replicas: int) -> Object:
    """Return a target with so many replicas, whatever git says."""
    if not isinstance(one, Scaled):
        return one
    return one.model_copy(update={"spec": one.spec.model_copy(update={"replicas": replicas})})


def _owner(one: Autoscaler | Scaled) -> Owner:
    return Owner(one.kind, one.metadata.namespace, one.metadata.name)


def _target(one: Autoscaler) -> Owner:
    ref = one.spec.scale_target_ref
    return Owner(ref.kind, one.metadata.namespace, ref.name)


def _scaling(one: Autoscaler, target: Scaled, world: World) -> Scaling:
    note = world.past.notes.get((_owner(one), WORD))
    state = State.read(note.text) if note else None
    owner, pods = _owner(target), [pod for pod in world.pods_of(_owner(target)) if pod.state not in GOING]
    if target.spec.replicas == 0:
        return Scaling(owner, 0, 0, Health.HEALTHY, "its target is scaled to 0 by git", state)
    before = state.replicas if state else len(pods) or target.spec.replicas
    current = _within(one, before)
    if world.usage is None:
        health = Health.DEGRADED if world.unmeasured else Health.HEALTHY
        return Scaling(owner, current, before, health, world.unmeasured or _told(state, current), state)
    samples = Samples(world, target.spec.template.spec, world.usage, state.spent if state else {})
    return _decided(Moment(one, owner, pods, samples, before, state), current)


def _within(one: Autoscaler, replicas: int) -> int:
    return min(max(replicas, one.spec.min_replicas), one.spec.max_replicas)


def _told(state: State | None, replicas: int) -> str:
    return _words(state.figures, replicas) if state else ""


def _words(figures: Sequence[Figure], replicas: int) -> str:
    return f"{', '.join(map(str, figures))}; {replicas} {'pod' if replicas == 1 else 'pods'}"


@dataclass(frozen=True, slots=True)
class Moment:
    """What an autoscaler goes by: its target's pods, what they use, and what it decided before."""

    one: Autoscaler
    target: Owner
    pods: Sequence[SeenPod]
    samples: Samples
    before: int
    state: State | None


def _decided(moment: Moment, current: int) -> Scaling:
    found = [_measured(moment, metric, current) for metric in moment.one.metrics]
    replicas, course, held = _replicas(moment, current, [one.demand for one in found])
    figures = tuple(one.figure for one in found)
    state = State(moment.samples.world.now, replicas, course, _spent(moment), figures)
    troubles = [f"{one.figure.name}: {one.trouble}" for one in found if one.trouble]
    health = Health.DEGRADED if any(one.lasting for one in found) else Health.HEALTHY
    reason = "; ".join([_words(figures, replicas), *troubles, *filter(None, [held])])
    return Scaling(moment.target, replicas, moment.before, health, reason, state, fresh=True)


def _replicas(moment: Moment, current: int, demands: Sequence[Demand | None]) -> tuple[int, Course, str]:
    """Return how many pods there should be, what to remember of that, and what held them back.

    Source: Kubernetes' pkg/controller/podautoscaler/horizontal.go.
    """
    now, (up, down) = moment.samples.world.now, _rules(moment.one)
    course = moment.state.course if moment.state else Course(recommended=((now, current),))
    if current != moment.before or not any(demands):
        return current, course, ""
    desired = most(demands, current)
    steady = stabilized(current, desired, course.recommended, up, down, now)
    paced = _within(moment.one, limited(current, steady, course, up, down, now))
    replicas, held = _fitting(moment, current, paced)
    recommended = kept(course.recommended, desired, now, max(up.window, down.window))
    ups, downs = (
        changed(course.ups, replicas - current, up, now),
        changed(course.downs, current - replicas, down, now),
    )
    return replicas, Course(recommended, ups, downs), held or _limit(moment.one, desired)


def _fitting(moment: Moment, current: int, replicas: int) -> tuple[int, str]:
    """Return no more pods than the machine can hold, and why."""
    space = room(current, moment.samples.of(moment.pods, "memory").values(), moment.samples.world.free)
    if replicas <= current or space.pods is None or replicas <= space.pods:
        return replicas, ""
    return space.pods, f"{replicas} are wanted, but {space.reason}"


def _limit(one: Autoscaler, desired: int) -> str:
    if desired > one.spec.max_replicas:
        return f"{desired} are wanted, and maxReplicas is {one.spec.max_replicas}"
    return ""


def _spent(moment: Moment) -> Mapping[str, tuple[float, float]]:
    ids = (one.id for pod in moment.pods for one in pod.containers)
    usage = moment.samples.usage
    return {id_: (usage[id_].at, usage[id_].cpu) for id_ in ids if id_ in usage}


def _measured(moment: Moment, metric: Metric, current: int) -> Measured:
    inside = metric.container_resource
    what, container = (inside, inside.container) if inside else (metric.resource, "")
    assert what is not None  # the schema holds a metric's type and its field together
    name, target = f"{what.name} of {container}" if container else what.name, what.target
    unknown = Figure(name, "<unknown>", _aim(target))
    lacking = moment.samples.lacking(what.name, container)
    if target.average_utilization is not None and lacking:
        told = f"container {lacking} requests no {what.name}, and a utilization is a part of a request"
        return Measured(unknown, trouble=told, lasting=True)
    try:
        demand = _demand(moment, what.name, container, target, current)
    except Unmeasured as error:
        return Measured(unknown, trouble=str(error))
    shown = f"{demand.utilization}%" if demand.utilization is not None else _shown(what.name, demand.average)
    return Measured(Figure(name, shown, _aim(target)), demand)


def _demand(moment: Moment, resource: str, container: str, target: MetricTarget, current: int) -> Demand:
    pods = moment.samples.of(moment.pods, resource, container)
    groups = grouped(pods, moment.samples.world.now, is_cpu=resource == "cpu")
    tolerance = _tolerance(moment.one)
    if target.average_utilization is not None:
        return by_utilization(current, target.average_utilization, pods, groups, tolerance)
    assert target.average_value is not None  # the other type that there is
    return by_average(current, float(target.average_value.value), pods, groups, tolerance)


def _aim(target: MetricTarget) -> str:
    return f"{target.average_utilization}%" if target.average_utilization else str(target.average_value)


def _shown(resource: str, amount: float) -> str:
    return f"{amount * 1000:.0f}m" if resource == "cpu" else f"{amount / MEBI:.0f}Mi"


def _rules(one: Autoscaler) -> tuple[Rules, Rules]:
    return _of(one.behavior.scale_up, UP), _of(one.behavior.scale_down, DOWN)


def _of(given: ScalingRules | None, usual: Rules) -> Rules:
    """Return the rules of one direction, Kubernetes' own where nothing is given."""
    if given is None:
        return usual
    policies = tuple(Policy(each.type, each.value, each.period_seconds) for each in given.policies)
    window = given.stabilization_window_seconds
    return Rules(policies or usual.policies, given.select_policy, usual.window if window is None else window)


def _tolerance(one: Autoscaler) -> Tolerance:
    up, down = one.behavior.scale_up, one.behavior.scale_down
    usual = Tolerance()
    return Tolerance(
        float(up.tolerance.value) if up and up.tolerance else usual.above,
        float(down.tolerance.value) if down and down.tolerance else usual.below,
    )
