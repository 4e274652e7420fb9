"""Which function answers for which kind."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from reconcilers import (
    autoscaler,
    cronjob,
    daemonset,
    deployment,
    ingress,
    job,
    plain,
    pod,
    replicaset,
    service,
    statefulset,
)
from reconcilers.around import around
from reconcilers.disruption import within_budgets
from reconcilers.eviction import within_limits
from reconcilers.hooks import pod_hook, staged
from reconcilers.quotas import within_quotas
from reconcilers.scaling import Scaling
from reconcilers.waiting import ordered
from reconcilers.wanted import Wanted
from reconcilers.world import Catalog, Name, World, Written
from runtime.resources import Owner
from schemas.binding import bindings
from schemas.core import ConfigMap, PersistentVolumeClaim, Pod, Secret
from schemas.hooks import hook_of
from schemas.kinds import Object
from schemas.manifest import Manifest
from schemas.openings import closed
from schemas.pods import pod_of
from schemas.service import Endpoints, EndpointSlice, Service
from schemas.storage import PersistentVolume

SLICE_OF = "kubernetes.io/service-name"  # label of an EndpointSlice

KINDS: Mapping[str, Callable[[Any, Mapping[str, Any], World], Wanted]] = {
    "ConfigMap": plain.configuration,
    "CronJob": cronjob.reconcile,
    "DaemonSet": daemonset.reconcile,
    "Deployment": deployment.reconcile,
    "HorizontalPodAutoscaler": autoscaler.reconcile,
    "Job": job.reconcile,
    "Ingress": ingress.ingress,
    "IngressClass": ingress.entrance,
    "LimitRange": plain.configuration,
    "Namespace": plain.namespace,
    "NetworkPolicy": plain.configuration,
    "PersistentVolume": plain.volume,
    "PersistentVolumeClaim": plain.claim,
    "Pod": pod.reconcile,
    "PodDisruptionBudget": plain.configuration,
    "ReplicaSet": replicaset.reconcile,
    "ReplicationController": replicaset.reconcile,
    "ResourceQuota": plain.configuration,
    "Secret": plain.configuration,
    "Endpoints": plain.configuration,
    "EndpointSlice": plain.configuration,
    "Service": service.reconcile,
    "StatefulSet": statefulset.reconcile,
}


LEADING = frozenset({"Service"})  # kinds that look at what all others want


def reconcile(manifests: Sequence[Manifest], world: World) -> list[Wanted]:
    """Return what every object of a commit wants at this moment.

    Autoscalers decide first: their targets then want as many pods as they say.  Who has to wait for
    others begins nothing new, and what has no room in a quota isn't made;
    no restart takes more away than a budget allows.
    """
    world = replace(world, routing=ingress.led([one.object for one in manifests], world))
    decided = autoscaler.scalings(manifests, world)
    then = replace(world, scalings=decided) if decided else world
    by_target = {one.target: (scaler, one) for scaler, one in decided.items()}
    first = {
        number: _answer(one, then, by_target.get(_owner(one.object)))
        for number, one in enumerate(manifests)
        if one.object.kind not in LEADING
    }
    answers = _with_leaders(manifests, first, then)
    held = staged(manifests, ordered(manifests, answers, then), then)
    held = within_budgets(manifests, within_quotas(manifests, held, then), then)
    if held == answers:
        return held
    anew = _with_leaders(manifests, {number: held[number] for number in first}, then)
    return [anew[n] if held[n] == answers[n] else held[n] for n in range(len(held))]


def _with_leaders(manifests: Sequence[Manifest], others: Mapping[int, Wanted], world: World) -> list[Wanted]:
    """Return all answers, of those that look at others from what these want."""
    later = replace(world, around=around(world, list(others.values())))
    return [others.get(number) or _answer(one, later, None) for number, one in enumerate(manifests)]


def _answer(manifest: Manifest, world: World, scaled: tuple[Owner, Scaling] | None) -> Wanted:
    return within_limits(_decided(manifest, world, scaled), world)


def _decided(manifest: Manifest, world: World, scaled: tuple[Owner, Scaling] | None) -> Wanted:
    if isinstance(manifest.object, Pod) and hook_of(manifest.object):
        return pod_hook(manifest.object, manifest.document, world)
    if scaled is None:
        return KINDS[manifest.object.kind](manifest.object, manifest.document, world)
    scaler, scaling = scaled
    one = autoscaler.scaled(manifest.object, scaling.replicas)
    answer = KINDS[one.kind](one, manifest.document, world)
    if answer.settled or answer.asked or scaling.replicas == scaling.before:
        return answer
    return replace(answer, asked=f"{scaler.kind}/{scaler.name}: {scaling.reason}")


def _owner(one: Object) -> Owner:
    return Owner(one.kind, one.metadata.namespace, one.metadata.name)


def catalog(manifests: Sequence[Manifest]) -> Catalog:
    """Return what the pods of a commit may refer to."""
    objects = [one.object for one in manifests]
    services = [one for one in objects if isinstance(one, Service)]
    headless = [one for one in services if one.spec.headless and one.spec.selector]
    claims = [one for one in objects if isinstance(one, PersistentVolumeClaim)]
    volumes = [one for one in objects if isinstance(one, PersistentVolume)]
    return Catalog(
        config_maps={(o.metadata.namespace, o.metadata.name): o for o in objects if isinstance(o, ConfigMap)},
        secrets={(o.metadata.namespace, o.metadata.name): o for o in objects if isinstance(o, Secret)},
        claims={(one.metadata.namespace, one.metadata.name): one for one in claims},
        bound=bindings(claims, volumes).bound,
        headless={
            namespace: [one for one in headless if one.metadata.namespace == namespace]
            for namespace in {one.metadata.namespace for one in headless}
        },
        addressed=frozenset(
            (one.metadata.namespace, one.metadata.name) for one in services if not one.spec.headless
        ),
        addressing=frozenset(
            one.metadata.namespace for one in objects if (found := pod_of(one)) and found.spec.reads_address
        ),
        services=services,
        closed=closed(objects),
        endpoints=_endpoints([one for one in objects if isinstance(one, Endpoints | EndpointSlice)]),
    )


def _endpoints(objects: Sequence[Endpoints | EndpointSlice]) -> Mapping[Name, Sequence[Written]]:
    """Return the addresses that are written for Services, by the Services' names."""
    found: dict[Name, list[Written]] = {}
    for one in objects:
        name = one.metadata.labels.get(SLICE_OF, "") if isinstance(one, EndpointSlice) else one.metadata.name
        found.setdefault((one.metadata.namespace, name), []).extend(_written(one))
    return found


def _written(one: Endpoints | EndpointSlice) -> Iterator[Written]:
    match one:
        case Endpoints():
            for subset in one.subsets:
                yield from ((to.ip, port.name, port.port) for to in subset.addresses for port in subset.ports)
        case EndpointSlice():
            ready = [each for each in one.endpoints if each.conditions.ready is not False]
            for each in ready:
                yield from ((to, port.name, port.port) for to in each.addresses for port in one.ports)
