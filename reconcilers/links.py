"""The variables by which a pod finds the Services of its namespace, as Docker's links once did."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from reconcilers.places import Place
from schemas.service import Service

Name = tuple[str, str]  # namespace and name


def links(services: Sequence[Service], places: Mapping[Name, Place]) -> Mapping[str, Mapping[str, str]]:
    """Return by namespace all variables of Services that have an address.

    Not part of a pod's digest: a pod that is there stays when a Service comes.
    Source: Kubernetes' pkg/kubelet/envvars/envvars.go.
    """
    found: defaultdict[str, dict[str, str]] = defaultdict(dict)
    for one in services:
        place = places.get((one.metadata.namespace, one.metadata.name))
        if place and one.spec.type != "ExternalName":
            found[one.metadata.namespace] |= _of(one, place.address)
    return found


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
