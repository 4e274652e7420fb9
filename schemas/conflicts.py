"""What contradicts itself inside a pod, and names and host ports that several pods of one machine claim."""

from collections.abc import Hashable, Iterable, Iterator
from dataclasses import dataclass

from schemas.apps import StatefulSet
from schemas.container import Container, ContainerPort
from schemas.core import Pod
from schemas.manifest import Manifest
from schemas.model import Fault, Path
from schemas.pod import PodSpec
from schemas.pods import PodIn, maker_of, makes, pod_of
from schemas.problems import Problem
from schemas.service import Service

_EVERYWHERE = frozenset({"", "0.0.0.0", "::"})


@dataclass(frozen=True, slots=True)
class Claimed:
    """A port of this machine, and who claims it where."""

    port: ContainerPort
    number: int
    manifest: Manifest
    path: Path


def conflicts(manifests: Iterable[Manifest]) -> Iterator[Problem]:
    """Yield what contradicts itself, in each pod and between them."""
    everything = list(manifests)
    pods = [(each, pod) for each in everything if (pod := pod_of(each.object))]
    for manifest, pod in pods:
        for fault in _faults(pod):
            yield manifest.origin.problem(pod.path + fault.at, fault.message)
    yield from _name_conflicts(manifest for manifest, _ in pods)
    claims = [claim for manifest, pod in pods for claim in _claims(manifest, pod)]
    services = [(each, each.object) for each in everything if isinstance(each.object, Service)]
    led = [claim for manifest, service in services for claim in _outside(manifest, service)]
    yield from _port_conflicts([*claims, *led])


def _faults(pod: PodIn) -> Iterator[Fault]:
    spec = pod.spec
    yield from _repeated("volume", [((("volumes", i, "name")), v.name) for i, v in enumerate(spec.volumes)])
    yield from _repeated("container", [((*at, "name"), container.name) for at, container in spec.in_order])
    for at, container in spec.in_order:
        yield from _container_faults(container, pod, at)
    if pod.replicas > 1:
        yield from _too_many(spec)


def _repeated(what: str, named: Iterable[tuple[Path, Hashable]]) -> Iterator[Fault]:
    seen: set[Hashable] = set()
    for path, name in named:
        if name in seen:
            yield Fault(path, f"a second {what} `{name}`")
        seen.add(name)


def _container_faults(container: Container, pod: PodIn, at: Path) -> Iterator[Fault]:
    mounts = list(enumerate(container.volume_mounts))
    volumes = {*(volume.name for volume in pod.spec.volumes), *pod.claims}
    for index, mount in mounts:
        if mount.name not in volumes:
            yield Fault((*at, "volumeMounts", index, "name"), f"the pod has no volume `{mount.name}`")
    images = {volume.name for volume in pod.spec.volumes if volume.image}
    for index, mount in mounts:
        if mount.name in images and (mount.sub_path or mount.sub_path_expr):
            field = "subPath" if mount.sub_path else "subPathExpr"
            yield Fault((*at, "volumeMounts", index, field), "an image is mounted as a whole: leave it out")
    paths = [((*at, "volumeMounts", index, "mountPath"), mount.mount_path) for index, mount in mounts]
    yield from _repeated("mount at", paths)
    ports = [((*at, "ports", index, "name"), port.name) for index, port in enumerate(container.ports)]
    yield from _repeated("port", [(path, name) for path, name in ports if name])


def _host_ports(spec: PodSpec) -> Iterator[tuple[Path, ContainerPort, int]]:
    for path, container in spec.in_order:
        for at, port in enumerate(container.ports):
            if number := spec.published(port):
                field = "hostPort" if port.host_port else "containerPort"
                yield (*path, "ports", at, field), port, number


def _too_many(spec: PodSpec) -> Iterator[Fault]:
    for path, _, number in _host_ports(spec):
        out = "hostNetwork" if spec.host_network else "hostPort"
        yield Fault(path, f"one machine has one port {number}: set replicas to 1, or leave {out} out")


def _name_conflicts(manifests: Iterable[Manifest]) -> Iterator[Problem]:
    """Yield the pods that stand by themselves under the name of one of a StatefulSet's."""
    objects = [(each, each.object) for each in manifests]
    sets = {(o.metadata.namespace, o.metadata.name): (m, o) for m, o in objects if isinstance(o, StatefulSet)}
    for manifest, one in objects:
        if isinstance(one, Pod):
            maker, value = sets.get((one.metadata.namespace, maker_of(one.metadata.name)), (None, None))
            if maker and value and makes(value, one.metadata.name):
                told = f"a pod of this name is made by {_called(maker)} in {maker.file}:{maker.line}"
                yield manifest.origin.problem(("metadata", "name"), told)


def _claims(manifest: Manifest, pod: PodIn) -> Iterator[Claimed]:
    for path, port, number in _host_ports(pod.spec) if pod.replicas else ():
        yield Claimed(port, number, manifest, pod.path + path)


def _outside(manifest: Manifest, service: Service) -> Iterator[Claimed]:
    """Yield the ports of this machine on which a Service is reached."""
    for index, port in enumerate(service.spec.ports):
        own = ContainerPort.model_construct(container_port=port.port, protocol=port.protocol)
        if service.spec.type == "LoadBalancer":
            yield Claimed(own, port.port, manifest, ("spec", "ports", index, "port"))
        if port.node_port:
            yield Claimed(own, port.node_port, manifest, ("spec", "ports", index, "nodePort"))


def _port_conflicts(claims: Iterable[Claimed]) -> Iterator[Problem]:
    earlier: dict[tuple[int, str], list[Claimed]] = {}
    for claim in claims:
        same = earlier.setdefault((claim.number, claim.port.protocol), [])
        before = next((each for each in same if _overlap(each.port, claim.port)), None)
        if before is None:
            same.append(claim)
        else:
            yield claim.manifest.origin.problem(claim.path, _claimed_by(before))


def _overlap(one: ContainerPort, other: ContainerPort) -> bool:
    addresses = {one.host_ip or "", other.host_ip or ""}
    return len(addresses) == 1 or bool(addresses & _EVERYWHERE)


def _claimed_by(claim: Claimed) -> str:
    line, _ = claim.manifest.origin.locate(claim.path)
    taken = f"port {claim.number}/{claim.port.protocol} is taken by {_called(claim.manifest)}"
    return f"{taken} in {claim.manifest.file}:{line}"


def _called(manifest: Manifest) -> str:
    metadata = manifest.object.metadata
    return f"{manifest.object.kind} {metadata.namespace}/{metadata.name}"
