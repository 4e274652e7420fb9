"""Which pods a Service leads to at this moment, and to which of their ports."""

import json
from collections.abc import Iterator, Mapping, Sequence

from reconcilers.world import World
from runtime.dataclass import dataclass
from runtime.observe import pod_name
from runtime.probes import Http, Kind, Question, Tcp, read_probes
from runtime.resources import Label, Pod
from runtime.seen import SeenPod
from schemas.service import Service, ServicePort


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Something that a Service leads to: by which name, at which address, to which ports, how it is asked.

    ``ports`` go by the labels of the Service's ports.  ``question`` is the readiness probe, if it is one that
    a proxy can ask.
    """

    name: str
    address: str
    ports: Mapping[str, int]
    question: Http | Tcp | None = None


def selected(world: World, service: Service) -> list[SeenPod]:
    """Return the pods that are there and have the labels that a Service asks for."""
    wanted, namespace = service.spec.selector.items(), service.metadata.namespace
    pods = world.pods_in(namespace) if wanted else []
    return [pod for pod in pods if wanted <= pod.labels.items()]


def coming(world: World, service: Service) -> list[Pod]:
    """Return the pods of a Service that are wanted, and not there yet."""
    wanted, namespace = service.spec.selector.items(), service.metadata.namespace
    pods = [pod for pod in world.around.coming if pod.owner.namespace == namespace]
    return [pod for pod in pods if wanted and wanted <= pod.labels.items()]


def endpoints(world: World, service: Service, known: Sequence[str]) -> list[Endpoint]:
    """Return what a Service leads to; ``known`` are the names of the pods to which its proxy leads now.

    Ready pods, that is; one that its proxy knows already stays while the proxy itself can find out whether
    it serves, so that traffic follows it when nobody else looks; or, where it can't, until its probe has
    failed (decision 6).  What stops in this plan leaves before.
    """
    pods = [pod for pod in selected(world, service) if pod_name(pod) not in world.around.going]
    serving = [pod for pod in pods if _serves(world, service, pod, pod_name(pod) in known)]
    found = (_endpoint(world, service, pod) for pod in serving)
    return [*sorted((one for one in found if one.ports), key=lambda one: one.name), *_written(world, service)]


def _serves(world: World, service: Service, pod: SeenPod, known: bool) -> bool:
    if service.spec.publish_not_ready_addresses or world.readiness(pod).ready:
        return True
    if not known:
        return False
    return not _only_sloop_knows(pod) or (pod.state == "running" and not world.unready(pod))


def _only_sloop_knows(pod: SeenPod) -> bool:
    asked = _readiness(pod)
    return bool(asked) and all(_askable(one) is None for one in asked)


def _readiness(pod: SeenPod) -> list[Question]:
    probes = read_probes(pod.labels.get(Label.PROBES, "{}"))
    return [one.question for one in probes if one.kind is Kind.READINESS]


def _askable(question: Question) -> Http | Tcp | None:
    """Return a question if a proxy can put it: to the pod itself, by HTTP or by a connection."""
    match question:
        case Http(host="") | Tcp(host=""):
            return question
        case _:
            return None


def _endpoint(world: World, service: Service, pod: SeenPod) -> Endpoint:
    named = _named_ports(pod)
    targets = {port.label: _target(port, named) for port in service.spec.ports}
    questions = [one for one in map(_askable, _readiness(pod)) if one]
    return Endpoint(
        name=pod_name(pod),
        address=pod_name(pod) if pod.networks else world.machine.address,
        ports={label: number for label, number in targets.items() if number},
        question=questions[0] if questions else None,
    )


def _named_ports(pod: SeenPod) -> Mapping[str, int]:
    """Return the ports of a pod by name, as they were when it was made."""
    try:
        named = json.loads(pod.labels.get(Label.NAMED, "{}"))
    except ValueError:
        return {}
    return named if isinstance(named, dict) else {}


def _target(port: ServicePort, named: Mapping[str, int]) -> int:
    """Return the pods' port behind a Service's; 0 where a pod has none of that name."""
    match port.target_port:
        case None | 0:
            return port.port
        case str() as name:
            return named.get(name, 0)
        case number:
            return number


def _written(world: World, service: Service) -> Iterator[Endpoint]:
    """Yield what is written for a Service that selects nothing."""
    if service.spec.type == "ExternalName":
        ports = {port.label: _target(port, {}) for port in service.spec.ports}
        yield Endpoint("external", service.spec.external_name or "", ports)
    elif not service.spec.selector:
        yield from _by_address(world, service)


def _by_address(world: World, service: Service) -> Iterator[Endpoint]:
    name = (service.metadata.namespace, service.metadata.name)
    found: dict[str, dict[str, int]] = {}
    for address, port_name, number in world.catalog.endpoints.get(name, ()):
        for port in service.spec.ports:
            if port.name == port_name or (len(service.spec.ports) == 1 and not port_name):
                found.setdefault(address, {})[port.label] = number
    for address, ports in sorted(found.items()):
        yield Endpoint(address, address, ports)
