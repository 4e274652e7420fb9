"""What Ingresses lead to and isn't there: Services, their ports, and certificates that are none."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from schemas.certificates import pair_fault
from schemas.core import Secret
from schemas.manifest import Manifest
from schemas.model import Path
from schemas.nearest import did_you_mean
from schemas.networking import CONTROLLER, OURS, Ingress, IngressBackend, IngressClass, ServiceBackendPort
from schemas.problems import Problem
from schemas.service import Service, ServicePort

Name = tuple[str, str]  # namespace and name


@dataclass
class _Commit:
    """What is looked up while the Ingresses of a commit are checked."""

    classes: set[str] = field(default_factory=lambda: {OURS})
    services: dict[Name, Service] = field(default_factory=dict)
    secrets: dict[Name, Secret] = field(default_factory=dict)


def unanswered(manifests: Iterable[Manifest], unread: Iterable[tuple[str, str, str]]) -> Iterator[Problem]:
    """Yield what Ingresses of our own class name and can't be led to.

    A Secret may be missing: what is made elsewhere may come later, and https waits for it.
    """
    manifests = tuple(manifests)
    commit, untold = _looked_up(manifests), set(unread)
    for manifest in manifests:
        if isinstance(manifest.object, Ingress) and manifest.object.class_name in commit.classes:
            yield from _backends(manifest, manifest.object, commit, untold)
            yield from _certificates(manifest, manifest.object, commit)


def ours(one: IngressClass) -> bool:
    """Say whether a class is served here."""
    return one.metadata.name == OURS or one.spec.controller == CONTROLLER


def port_of(service: Service, wanted: ServiceBackendPort) -> ServicePort | None:
    """Return the port of a Service that is meant, None where it has no such one."""
    for port in service.spec.ports:
        if (wanted.name and port.name == wanted.name) or port.port == wanted.number:
            return port
    return None


def backends(one: Ingress) -> Iterator[tuple[Path, IngressBackend]]:
    """Yield every backend of an Ingress, with its path."""
    if one.spec.default_backend:
        yield ("spec", "defaultBackend"), one.spec.default_backend
    for number, rule in enumerate(one.spec.rules):
        for place, path in enumerate(rule.paths):
            yield ("spec", "rules", number, "http", "paths", place, "backend"), path.backend


def _looked_up(manifests: Iterable[Manifest]) -> _Commit:
    commit = _Commit()
    for manifest in manifests:
        name = (manifest.object.metadata.namespace, manifest.object.metadata.name)
        match manifest.object:
            case Service() as service:
                commit.services[name] = service
            case Secret() as secret:
                commit.secrets[name] = secret
            case IngressClass() as one if ours(one):
                commit.classes.add(one.metadata.name)
    return commit


def _backends(
    manifest: Manifest, one: Ingress, commit: _Commit, untold: set[tuple[str, str, str]]
) -> Iterator[Problem]:
    namespace = one.metadata.namespace
    for at, backend in backends(one):
        name = backend.service.name
        service = commit.services.get((namespace, name))
        if service is None and ("Service", namespace, name) not in untold:
            known = [other for where, other in commit.services if where == namespace]
            message = f"no Service `{name}` in namespace `{namespace}`{did_you_mean(name, known)}"
            yield manifest.origin.problem((*at, "service", "name"), message)
        elif service and service.spec.headless:
            message = f"Service `{name}` is headless: an Ingress leads to one that has an address"
            yield manifest.origin.problem((*at, "service", "name"), message)
        elif service and port_of(service, backend.service.port) is None:
            message = f"Service `{name}` has no port `{backend.service.port}`: {_ports(service)}"
            yield manifest.origin.problem((*at, "service", "port"), message)


def _ports(service: Service) -> str:
    said = [f"{port.name} ({port.port})" if port.name else str(port.port) for port in service.spec.ports]
    return f"it has {', '.join(said)}" if said else "it has none"


def _certificates(manifest: Manifest, one: Ingress, commit: _Commit) -> Iterator[Problem]:
    for number, tls in enumerate(one.spec.tls):
        secret = commit.secrets.get((one.metadata.namespace, tls.secret_name or ""))
        fault = pair_fault(secret.values) if secret else ""
        if fault:
            at = ("spec", "tls", number, "secretName")
            yield manifest.origin.problem(at, f"Secret `{tls.secret_name}`: {fault}")
