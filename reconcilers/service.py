"""Services: one small proxy each, at an address that stays, which leads to the pods that are ready."""

from collections.abc import Mapping, Sequence
from typing import Any

from reconcilers.balancing import balanced
from reconcilers.endpoints import Endpoint, coming, endpoints, selected
from reconcilers.places import Place
from reconcilers.pods import failure
from reconcilers.proxy import Proxy, guests, proxy_image, proxy_name, proxy_resources
from reconcilers.template import network, network_name
from reconcilers.wanted import Consequence, Health, Status, Wanted
from reconcilers.world import World
from runtime.observe import pod_name
from runtime.proxies import members
from runtime.resources import Label, Owner, Pod, Port
from runtime.seen import SeenPod
from schemas.service import Service

ROOTLESS = (
    "loadBalancerSourceRanges can't be honoured here: a rootless Podman hides where connections come from. "
    "Leave them out, or run sloop as root"
)
LEFT = (
    "port {} of this machine is the Ingresses', so the Service is reached by its address only: lead an "
    "Ingress to it, or set ingress.http and ingress.https in sloop.yaml to other ports"
)


def reconcile(service: Service, _: Mapping[str, Any], world: World) -> Wanted:
    """Return a Service's proxy, told where to lead at this moment; nothing for a headless Service."""
    meta = service.metadata
    owner = Owner("Service", meta.namespace, meta.name)
    if service.spec.headless:
        return Wanted(owner, (), Status(Health.HEALTHY))
    place = world.places[meta.namespace, meta.name]
    if trouble := place.trouble or _refusal(service, world):
        return Wanted(
            owner, (network(world, meta.namespace),), Status(Health.DEGRADED, trouble), settled=False
        )
    known = members(world.note_text(proxy_name(owner)))
    there = endpoints(world, service, known)
    wanted = _proxy(service, owner, place, there, world)
    resources = proxy_resources(world, wanted)
    proxies = world.pods_of(owner)
    (pod,) = (one for one in resources if isinstance(one, Pod))
    settled = [one.labels.get(Label.DIGEST) for one in proxies] == [pod.digest]
    return Wanted(
        owner=owner,
        resources=resources,
        status=_status(service, owner, there, world),
        settled=settled,
        consequence=Consequence.RECREATE if proxies and not settled else Consequence.NONE,
    )


def spellings(name: str, namespace: str) -> tuple[str, ...]:
    """Return the names by which a Service is known in other namespaces, too."""
    return f"{name}.{namespace}", f"{name}.{namespace}.svc", f"{name}.{namespace}.svc.cluster.local"


def _refusal(service: Service, world: World) -> str:
    filtered = service.spec.type == "LoadBalancer" and service.spec.load_balancer_source_ranges
    return ROOTLESS if filtered and world.machine.rootless else ""


def _proxy(service: Service, owner: Owner, place: Place, there: Sequence[Endpoint], world: World) -> Proxy:
    filtered = _filtered(service)
    names = spellings(owner.name, owner.namespace)
    pods = {pod_name(pod) for pod in world.seen.pods}
    return Proxy(
        owner=owner,
        name=proxy_name(owner),
        text=balanced(service, there, filtered),
        members=tuple(one.name for one in there if one.name in pods),
        note={"address": place.address, "nodePorts": dict(place.node_ports)},
        ports=tuple(_published(service, place, filtered, yielded(service, world))),
        names=(owner.name, *names),
        guest=guests(world, owner.namespace, names) if _is_open(owner, world) else (),
        address=place.address,
    )


def _is_open(owner: Owner, world: World) -> bool:
    """Say whether a Service has names in other namespaces: unless a NetworkPolicy closes it."""
    return (owner.namespace, owner.name) not in world.catalog.closed


def _filtered(service: Service) -> Mapping[str, int]:
    """Return ports of the proxy's own, at which only the source ranges are let in, by labels."""
    spec = service.spec
    if spec.type != "LoadBalancer" or not spec.load_balancer_source_ranges:
        return {}
    free = (number for number in range(20000, 65536) if number not in {port.port for port in spec.ports})
    return {port.label: number for port, number in zip(spec.ports, free, strict=False)}


def yielded(service: Service, world: World) -> frozenset[int]:
    """Return the ports of the machine that a Service leaves to the Ingresses; one that it has it keeps."""
    if service.spec.type != "LoadBalancer" or not world.routing.routes:
        return frozenset()
    owner = Owner("Service", service.metadata.namespace, service.metadata.name)
    mine = [pod for pod in world.pods_of(owner) if pod.state == "running"]
    had = {port for pod in mine for port in pod.labels.get(Label.PORTS, "").split(",")}
    entered = {world.entrance.http, world.entrance.https}
    return frozenset(
        one.port for one in service.spec.ports if one.port in entered and f"{one.port}/tcp" not in had
    )


def _published(
    service: Service, place: Place, filtered: Mapping[str, int], left: frozenset[int]
) -> list[Port]:
    """Return the ports of the machine on which a Service is reached."""
    found = []
    for port in service.spec.ports:
        inside = filtered.get(port.label, port.port)
        if number := place.node_ports.get(port.label):
            found.append(Port(inside, number))
        if service.spec.type == "LoadBalancer" and port.port not in left:
            found.append(Port(inside, port.port))
    return found


def _status(service: Service, owner: Owner, there: Sequence[Endpoint], world: World) -> Status:
    pods, proxies = selected(world, service), tuple(world.pods_of(owner))
    staying = [pod for pod in pods if pod_name(pod) not in world.around.going]
    health, reason = _health(service, owner, there, staying, world)
    ready = sum(world.readiness(pod).ready for pod in staying)
    return Status(health, reason, ready, len(staying), pods=proxies)


def _health(
    service: Service, owner: Owner, there: Sequence[Endpoint], pods: Sequence[SeenPod], world: World
) -> tuple[Health, str]:
    if failed := failure(world, [proxy_name(owner)], [proxy_image(world).reference]):
        return Health.DEGRADED, failed
    if not world.pods_of(owner):
        return Health.MISSING, "its proxy is not there"
    if lacking := _lacking(owner, world):
        return Health.PROGRESSING, lacking
    if left := yielded(service, world):
        return Health.DEGRADED, LEFT.format(", ".join(map(str, sorted(left))))
    return _behind(service, there, pods, world)


def _lacking(owner: Owner, world: World) -> str:
    """Return what a Service's proxy lacks to lead anybody, "" for nothing."""
    (proxy, *_) = world.pods_of(owner)
    if proxy.state != "running":
        return f"its proxy is {proxy.state}"
    if network_name(owner.namespace) not in proxy.networks:
        return "its proxy has left its network"
    silent = world.past.serving.get(proxy_name(owner)) is False
    return "its proxy doesn't answer yet, or finds nobody up yet" if silent else ""


def _behind(
    service: Service, there: Sequence[Endpoint], pods: Sequence[SeenPod], world: World
) -> tuple[Health, str]:
    """Return how a Service fares whose proxy does well."""
    wanted = coming(world, service)
    ready = [pod for pod in pods if world.readiness(pod).ready]
    if not (pods or wanted or there):
        what = "selects no pod" if service.spec.selector else "selects nothing, and no Endpoints are written"
        return Health.HEALTHY, f"it {what}"
    if there and (ready or not pods or service.spec.publish_not_ready_addresses):
        down = [one.name for one in there if world.past.serving.get(one.name) is False]
        if len(down) == len(there):
            return Health.PROGRESSING, f"its proxy finds none of {len(there)} up yet"
        return Health.HEALTHY, ""
    if ready:
        return Health.DEGRADED, "none of its pods has a port of the name that targetPort says"
    owners = {Owner.parse(pod.labels[Label.OWNER]) for pod in pods} | {pod.owner for pod in wanted}
    told = f"none of {len(pods) + len(wanted)} pods is ready"
    lost = all(world.around.health.get(one) == Health.DEGRADED for one in owners)
    return (Health.DEGRADED if lost else Health.PROGRESSING), told


def networks_of(services: Sequence[Service]) -> frozenset[str]:
    """Return the names of the networks in which Services have their addresses."""
    return frozenset(network_name(one.metadata.namespace) for one in services if not one.spec.headless)
