"""From a pod template to the pod that Podman is asked for."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from reconcilers.container import container, hooks_of, ports_of, probes_of
from reconcilers.contents import KEEP_ON_CHANGE, template_digest
from reconcilers.downward import Identity
from reconcilers.mounts import scratch_name
from reconcilers.pulling import images
from reconcilers.security import sharing
from reconcilers.world import World
from runtime.dataclass import dataclass
from runtime.grouping import parts_of
from runtime.observe import pod_name
from runtime.resources import Container, Label, Names, Network, Owner, Pod, Resource, digest, short
from schemas.pod import PodSpec, PodTemplate

DEFAULT_CONTAINER = "kubectl.kubernetes.io/default-container"
OVERLAP = "sloop/allow-overlap"  # "true" on a workload: its old and new pods may write to one volume at once


@dataclass(frozen=True, slots=True)
class Template:
    """A pod template in its place: whose it is, and what identifies its pods.

    ``document`` is the template as it was written.
    """

    owner: Owner
    spec: PodSpec
    labels: Mapping[str, str]
    annotations: Mapping[str, str]
    digest: str
    aliases: tuple[str, ...]

    @property
    def revision(self) -> str:
        """The part of the digest that goes into names."""
        return short(self.digest)

    @property
    def network(self) -> str:
        """The name of the namespace's network; "" for pods in the machine's own."""
        return "" if self.spec.host_network else network_name(self.owner.namespace)


def template(
    world: World,
    owner: Owner,
    spec: PodSpec,
    document: Mapping[str, Any],
    *,
    labels: Mapping[str, str],
    annotations: Mapping[str, str],
    follow: bool = True,
    governing: str = "",
) -> Template:
    """Return an object's template with its digest; ``governing`` names a Service that is known beforehand."""
    names = sorted({*_headless(world, owner.namespace, labels), *filter(None, [governing])})
    made = template_digest(world, document, spec, owner.namespace, names=names, follow=follow)
    return Template(owner, spec, labels, annotations, made, tuple(_every_spelling(names, owner.namespace)))


def of_object(
    world: World,
    owner: Owner,
    written: PodTemplate,
    document: Mapping[str, Any],
    annotations: Mapping[str, str],
) -> Template:
    """Return the template of an object with these annotations, of which all its pods are made."""
    return template(
        world,
        owner,
        written.spec,
        document,
        labels=written.metadata.labels,
        annotations=written.metadata.annotations,
        follow=follows(annotations),
    )


def follows(annotations: Mapping[str, str]) -> bool:
    """Say whether a workload's pods are replaced when their configuration changes."""
    return annotations.get(KEEP_ON_CHANGE) != "false"


def network_name(namespace: str) -> str:
    """Return the name of a namespace's network."""
    return f"sloop-{namespace}"


def network(world: World, namespace: str) -> Network:
    """Return a namespace's network."""
    labels = {Label.SOURCE: world.source, "sloop/namespace": namespace}
    return Network(network_name(namespace), labels, world.ground.subnets.get(namespace, ""))


def resources(
    world: World, made: Template, name: str, *, after: tuple[str, ...] = ()
) -> tuple[Resource, ...]:
    """Return the pod ``name`` of a template and everything that it needs."""
    address = _address(world, made, f"{made.owner.namespace}.{name}")
    identity = Identity(
        name,
        made.owner.namespace,
        made.labels,
        made.annotations,
        uid=_uid(world, made, name),
        account=made.spec.service_account_name or made.spec.service_account or "default",
        containers=made.spec.every_container,
        linked=made.spec.enable_service_links,
        address=address or world.machine.address,
    )
    built = [container(world, one, made.spec, identity) for one in made.spec.every_container]
    behind = {one.key: one for _, needs in built for one in needs}
    pod = _addressed(_pod(world, made, name, [one for one, _ in built], sorted(behind)), address)
    needed = images(world, made.spec, made.owner.namespace)
    own = (network(world, made.owner.namespace),) if made.network else ()
    return (*own, *behind.values(), *needed, replace(pod, after=after))


def _address(world: World, made: Template, pod: str) -> str:
    """Return the address that a pod has which wants to know it, "" for any other."""
    if not (made.network and made.spec.reads_address):
        return ""
    there = (one.labels for one in world.pods_of(made.owner) if pod_name(one) == pod)
    kept = (labels.get(Label.ADDRESS) for labels in there if labels.get(Label.DIGEST) == made.digest)
    return next(filter(None, kept), "") or world.free_address(made.owner.namespace, pod)


def _addressed(pod: Pod, address: str) -> Pod:
    return replace(pod, address=address, labels={**pod.labels, Label.ADDRESS: address}) if address else pod


def stops_first(world: World, made: Template, annotations: Mapping[str, str]) -> bool:
    """Say whether an old pod must be gone before a new one starts.

    A host port can be had once; a volume that one node may write to would be written to by two programs
    that don't know of each other (decision 7).
    """
    if any(ports_of(one, made.spec) for one in made.spec.every_container):
        return True
    if annotations.get(OVERLAP) == "true":
        return False
    mounts = [mount for one in made.spec.every_container for mount in one.volume_mounts]
    read_only = {one.name for one in mounts if one.read_only} - {
        one.name for one in mounts if not one.read_only
    }
    claims = [v.persistent_volume_claim for v in made.spec.volumes if v.name not in read_only]
    written = [
        world.catalog.claims[made.owner.namespace, one.claim_name]
        for one in claims
        if one and not one.read_only
    ]
    return any("ReadWriteMany" not in claim.spec.access_modes for claim in written)


def _pod(
    world: World, made: Template, name: str, containers: Sequence[Container], uses: Sequence[str]
) -> Pod:
    published = tuple(port for one in made.spec.every_container for port in ports_of(one, made.spec))
    full = f"{made.owner.namespace}.{name}"
    ours = {
        Label.SOURCE: world.source,
        Label.OWNER: str(made.owner),
        Label.POD: full,
        Label.DIGEST: made.digest,
        Label.REVISION: made.revision,
        Label.COMMIT: world.commit,
        Label.USES: ",".join(uses),
        Label.NAMED: _named(made.spec),
        Label.PORTS: ",".join(f"{port.host}/{port.protocol}" for port in published),
        Label.GRACE: str(made.spec.termination_grace_period_seconds),
        Label.PROBES: probes_of(made.spec),
        Label.HOOKS: hooks_of(made.spec),
        **(_group(made, containers) if made.spec.grouped else {}),
    }
    return Pod(
        name=full,
        owner=made.owner,
        labels={**made.labels, **{label: text for label, text in ours.items() if text}},
        digest=made.digest,
        network=made.network,
        containers=tuple(containers),
        names=_names(made, name),
        ports=published,
        restart=made.spec.restart_policy,
        grace=made.spec.termination_grace_period_seconds,
        uses=tuple(uses),
        sharing=sharing(made.spec),
        host=tuple(kind for kind in ("pid", "ipc") if getattr(made.spec, f"host_{kind}")),
        deadline=made.spec.active_deadline_seconds or 0,
        shares_processes=bool(made.spec.share_process_namespace),
        memory=tuple(scratch_name(made.owner.namespace, name, one) for one in sorted(made.spec.in_memory)),
    )


def _named(spec: PodSpec) -> str:
    """Return a pod's ports by name, as JSON; "" where none has one."""
    named = {
        port.name: port.container_port for one in spec.every_container for port in one.ports if port.name
    }
    return json.dumps(named, sort_keys=True) if named else ""


def _group(made: Template, containers: Sequence[Container]) -> Mapping[str, str]:
    return {
        Label.CONTAINERS: parts_of((one.role, one.name) for one in containers),
        Label.RESTART: made.spec.restart_policy,
        Label.DEFAULT: made.annotations.get(DEFAULT_CONTAINER, ""),
    }


def _uid(world: World, made: Template, name: str) -> str:
    """Return what tells a pod from every other one, in the shape of a UUID; its next life has the same."""
    text = digest([world.source, str(made.owner), name, made.digest]).partition(":")[2]
    return "-".join([text[:8], text[8:12], f"5{text[13:16]}", f"8{text[17:20]}", text[20:32]])


def _names(made: Template, name: str) -> Names:
    dns = made.spec.dns_config
    return Names(
        hostname=_hostname(made, name) if made.network else "",
        aliases=(*made.aliases, *_own_names(made)) if made.network else (),
        hosts=tuple((host, alias.ip) for alias in made.spec.host_aliases for host in alias.hostnames),
        servers=dns.nameservers if dns else (),
        searches=dns.searches if dns else (),
        options=tuple(f"{one.name}:{one.value}" if one.value else one.name for one in dns.options)
        if dns
        else (),
    )


def _hostname(made: Template, name: str) -> str:
    own = (made.spec.hostname or name)[:63].rstrip("-.")
    if not (made.spec.set_hostname_as_fqdn and made.spec.subdomain):
        return own
    return f"{own}.{made.spec.subdomain}.{made.owner.namespace}.svc.cluster.local"


def _own_names(made: Template) -> Iterator[str]:
    """Yield the names of a pod alone, inside the headless Service that its subdomain names."""
    spec = made.spec
    if spec.hostname and spec.subdomain in made.aliases:
        yield from _every_spelling([f"{spec.hostname}.{spec.subdomain}"], made.owner.namespace)


def _headless(world: World, namespace: str, labels: Mapping[str, str]) -> list[str]:
    """Return the names of the headless Services that select pods with these labels."""
    services = world.catalog.headless.get(namespace, ())
    return sorted(one.metadata.name for one in services if one.spec.selector.items() <= labels.items())


def _every_spelling(names: Sequence[str], namespace: str) -> Iterator[str]:
    for name in names:
        full = f"{name}.{namespace}.svc.cluster.local"
        yield from (name, f"{name}.{namespace}", f"{name}.{namespace}.svc", full)
