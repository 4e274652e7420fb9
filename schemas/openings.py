"""Which Services a NetworkPolicy closes to other namespaces, and which ways in it could not close."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from schemas.apps import DaemonSet, Deployment, ReplicaSet, StatefulSet
from schemas.core import Pod
from schemas.kinds import Object
from schemas.manifest import Manifest
from schemas.network_policy import NetworkPolicy
from schemas.pods import pod_of
from schemas.problems import Problem
from schemas.replication import ReplicationController
from schemas.selectors import matches
from schemas.service import Service

_WAY_OUT = "take the port away, or leave the policy out"
_ON_THE_MACHINE = frozenset({"NodePort", "LoadBalancer"})


def closing(policies: Iterable[NetworkPolicy], labels: Mapping[str, str]) -> str:
    """Return the name of the policy by which pods with these labels are closed, "" where they are open.

    What one policy lets in is let in, whatever others say.
    """
    found = ""
    for one in policies:
        if one.spec.closes:
            found = found or one.metadata.name
        elif "Ingress" in one.spec.types and matches(one.spec.pod_selector, labels):
            return ""
    return found


def closed(objects: Iterable[Object]) -> Mapping[tuple[str, str], str]:
    """Return the Services that are closed to other namespaces, each with the policy that does it."""
    objects = tuple(objects)
    policies = _by_namespace(objects)
    services = [one for one in objects if isinstance(one, Service)] if policies else []
    found = {
        (one.metadata.namespace, one.metadata.name): closing(
            policies.get(one.metadata.namespace, ()), one.spec.selector
        )
        for one in services
    }
    return {name: policy for name, policy in found.items() if policy}


def openings(manifests: Iterable[Manifest]) -> Iterator[Problem]:
    """Yield the ports of the machine that lead to pods which a policy closes: nobody would enforce it."""
    manifests = tuple(manifests)
    policies = _by_namespace(manifest.object for manifest in manifests)
    for manifest in manifests if policies else ():
        yield from _of(manifest, policies.get(manifest.object.metadata.namespace, ()))


def _by_namespace(objects: Iterable[Object]) -> Mapping[str, Sequence[NetworkPolicy]]:
    policies: dict[str, list[NetworkPolicy]] = {}
    for one in objects:
        if isinstance(one, NetworkPolicy):
            policies.setdefault(one.metadata.namespace, []).append(one)
    return policies


def _of(manifest: Manifest, policies: Sequence[NetworkPolicy]) -> Iterator[Problem]:
    value, pod = manifest.object, pod_of(manifest.object)
    if isinstance(value, Service) and value.spec.type in _ON_THE_MACHINE:
        name = closing(policies, value.spec.selector)
        if name:
            told = f"is a port of this machine, which NetworkPolicy `{name}` would not close: {_WAY_OUT}"
            yield manifest.origin.problem(("spec", "type"), told)
    if pod is None:
        return
    name = closing(policies, _labels(value))
    for number, container in enumerate(pod.spec.containers if name else ()):
        for place, port in enumerate(container.ports):
            if port.host_port:
                at = (*pod.path, "containers", number, "ports", place, "hostPort")
                yield manifest.origin.problem(at, f"NetworkPolicy `{name}` would not close it: {_WAY_OUT}")


def _labels(value: Object) -> Mapping[str, str]:
    match value:
        case Pod():
            return value.metadata.labels
        case DaemonSet() | Deployment() | ReplicaSet() | ReplicationController() | StatefulSet():
            return value.spec.template.metadata.labels
    return {}
