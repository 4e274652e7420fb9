"""The variables by which a pod finds the Services of its namespace, as Docker's links once did."""

from collections.abc import Iterator, Mapping

from reconcilers.world import World
from schemas.service import Service


def links(world: World, namespace: str) -> Mapping[str, str]:
    """Return all variables of Services that have an address.

    Not part of a pod's digest: a pod that is there stays when a Service comes.
    Source: Kubernetes' pkg/kubelet/envvars/envvars.go.
    """
    services = [one for one in world.catalog.services if one.metadata.namespace == namespace]
    return dict(pair for one in services for pair in _of(one, _address(world, one)))


def _address(world: World, service: Service) -> str:
    place = world.places.get((service.metadata.namespace, service.metadata.name))
    return place.address if place and service.spec.type != "ExternalName" else ""


def _of(service: Service, address: str) -> Iterator[tuple[str, str]]:
    if not (address and service.spec.ports):
        return
    prefix = _variable(service.metadata.name)
    first = service.spec.ports[0]
    yield f"{prefix}_SERVICE_HOST", address
    yield f"{prefix}_SERVICE_PORT", str(first.port)
    yield f"{prefix}_PORT", f"{first.protocol.lower()}://{address}:{first.port}"
    for port in service.spec.ports:
        if port.name:
            yield f"{prefix}_SERVICE_PORT_{_variable(port.name)}", str(port.port)
        one = f"{prefix}_PORT_{port.port}_{port.protocol}"
        yield one, f"{port.protocol.lower()}://{address}:{port.port}"
        yield f"{one}_PROTO", port.protocol.lower()
        yield f"{one}_PORT", str(port.port)
        yield f"{one}_ADDR", address


def _variable(name: str) -> str:
    return name.upper().replace("-", "_")
