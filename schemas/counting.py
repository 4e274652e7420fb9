"""What the objects of a commit come to, beside what quotas allow; and what pods must say to be counted."""

from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal

from schemas.apps import StatefulSet
from schemas.core import PersistentVolumeClaim
from schemas.demands import asked
from schemas.manifest import Manifest
from schemas.model import Path
from schemas.pods import pod_of
from schemas.problems import Problem
from schemas.quotas import (
    COMPUTE,
    COUNTED,
    LOAD_BALANCERS,
    NODE_PORTS,
    STORAGE,
    ResourceQuota,
)
from schemas.service import Service
from schemas.volumes import ClaimSpec

_CLAIMS = frozenset({"persistentvolumeclaims", "count/persistentvolumeclaims"})
_HERE: Path = ("metadata", "name")


def overdrawn(manifests: Sequence[Manifest]) -> Iterator[Problem]:
    """Yield the objects that are too many for a quota, and the pods that don't say what one counts.

    How much pods ask for together is not looked at: those that have no room wait for it.
    """
    for quota in manifests:
        if isinstance(quota.object, ResourceQuota):
            namespace = quota.object.metadata.namespace
            others = [one for one in manifests if one.object.metadata.namespace == namespace]
            said = f"ResourceQuota/{quota.object.metadata.name} in {quota.file}:{quota.line}"
            yield from _too_many(quota.object, others, said)
            yield from _unsaid(quota.object, others, said)


def count(name: str, manifests: Iterable[Manifest]) -> Decimal:
    """Return what objects of one namespace come to, of what a quota bounds under a name."""
    return sum((amount(name, one) for one in manifests), Decimal(0))


def amount(name: str, manifest: Manifest) -> Decimal:
    """Return what one object comes to; a StatefulSet has the claims of its pods."""
    one = manifest.object
    if name in _CLAIMS or name == STORAGE:
        sizes = ((_size(spec) if name == STORAGE else Decimal(1), times) for spec, times in _claims(manifest))
        return sum((size * times for size, times in sizes), Decimal(0))
    match name, one:
        case "services.nodeports", Service():
            return Decimal(_node_ports(one))
        case "services.loadbalancers", Service():
            return Decimal(one.spec.type == "LoadBalancer")
    return Decimal(COUNTED.get(name) == one.kind)


def _too_many(quota: ResourceQuota, others: Sequence[Manifest], said: str) -> Iterator[Problem]:
    for name, most in quota.spec.hard.items():
        if name not in {*COUNTED, STORAGE, NODE_PORTS, LOAD_BALANCERS}:
            continue
        sum_ = Decimal(0)
        for manifest in others:
            own = amount(name, manifest)
            sum_ += own
            if own and sum_ > most.value:
                yield manifest.origin.problem(_HERE, f"exceeds {said}, which allows {most} of {name}")


def _unsaid(quota: ResourceQuota, others: Iterable[Manifest], said: str) -> Iterator[Problem]:
    """Yield the containers that don't say what is counted.  Source: Kubernetes' podEvaluator.Constraints."""
    for manifest in others:
        pod = pod_of(manifest.object)
        if pod and quota.spec.counts(pod.spec):
            for name in sorted(quota.spec.hard.keys() & COMPUTE.keys()):
                side, what = COMPUTE[name]
                for at, one in pod.spec.in_order:
                    if what not in asked(one, side):
                        told = f"must say {side}.{what}, which {said} counts"
                        yield manifest.origin.problem((*pod.path, *at), told)


def _claims(manifest: Manifest) -> Iterator[tuple[ClaimSpec, int]]:
    """Yield the claims that an object is or makes, and how often."""
    match manifest.object:
        case PersistentVolumeClaim(spec=spec):
            yield spec, 1
        case StatefulSet(spec=spec):
            for template in spec.volume_claim_templates:
                yield template.spec, spec.replicas


def _size(claim: ClaimSpec) -> Decimal:
    asked_for = claim.resources.requests.get("storage")
    return asked_for.value if asked_for else Decimal(0)


def _node_ports(service: Service) -> int:
    """Return on how many ports of a node a Service is.  Source: Kubernetes' evaluator/core/services.go."""
    ports = service.spec.ports
    match service.spec.type:
        case "NodePort":
            return len(ports)
        case "LoadBalancer" if service.spec.allocate_load_balancer_node_ports is False:
            return sum(bool(port.node_port) for port in ports)
        case "LoadBalancer":
            return len(ports)
    return 0
