"""The specification of a pod (core/v1), whole."""

from collections.abc import Iterator
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from schemas.container import Container, ContainerPort, InitContainer
from schemas.env import ADDRESSES
from schemas.meta import TemplateMeta
from schemas.model import (
    Fault,
    Many,
    Model,
    Natural,
    Noted,
    Opaque,
    Path,
    Positive,
    Refused,
    Texts,
    among,
    complain,
)
from schemas.names import DnsLabel, DnsSubdomain, IpAddress
from schemas.scheduling import Affinity, Toleration, TopologySpreadConstraint
from schemas.security import PodSecurityContext
from schemas.volumes import Volume

_SELECTED = "there is one machine to run on: only a DaemonSet asks for its labels"
_ONE_MACHINE = "there is one machine to run on"
_USERS = (
    "a pod gets no user namespace of its own: leave it out, and run sloop as an ordinary user, in whose"
    " namespace all of its pods are"
)
_TOKEN = "there is no cluster whose API a pod could call"
_NO_NAMES = "names of the namespace don't resolve in the machine's own network: leave it out"


class HostAlias(Model):
    """Names for an address, in the pod's /etc/hosts."""

    ip: IpAddress
    hostnames: Many[str] = ()


class DnsOption(Model):
    """An option of the resolver, such as ``ndots``."""

    name: str
    value: str | None = None


class DnsConfig(Model):
    """The pod's name servers and search domains."""

    nameservers: Many[IpAddress] = ()
    searches: Many[str] = ()
    options: Many[DnsOption] = ()


class PodOs(Model):
    """The operating system a pod is made for."""

    name: Annotated[Literal["linux", "windows"], Refused("this machine runs Linux", when=among("windows"))]


class SecretName(Model):
    """A Secret with the logins of registries; one that isn't there is none."""

    name: str = ""


class PodSpec(Model):
    """A pod: its containers, what they share, and how they end."""

    containers: Many[Container]
    volumes: Many[Volume] = ()
    restart_policy: Literal["Always", "OnFailure", "Never"] = "Always"
    termination_grace_period_seconds: Natural = 30
    hostname: DnsLabel | None = None
    host_aliases: Many[HostAlias] = ()
    dns_policy: Annotated[
        Literal["ClusterFirst", "ClusterFirstWithHostNet", "Default", "None"],
        Refused(_NO_NAMES, when=among("ClusterFirstWithHostNet")),
    ] = "ClusterFirst"
    dns_config: DnsConfig | None = None
    security_context: PodSecurityContext = Field(default_factory=PodSecurityContext)

    init_containers: Many[InitContainer] = ()
    ephemeral_containers: Annotated[
        Many[Opaque], Refused("are added to a running pod, never written in a manifest", when=bool)
    ] = ()
    active_deadline_seconds: Positive | None = None
    host_ipc: bool = False
    host_network: bool = False
    host_pid: bool = False
    host_users: Annotated[bool | None, Refused(_USERS, when=among(False))] = None
    image_pull_secrets: Many[SecretName] = ()
    os: PodOs | None = None
    readiness_gates: Annotated[Many[Opaque], Refused("nobody here would ever open them", when=bool)] = ()
    resource_claims: Annotated[Many[Opaque], Refused("devices can't be claimed here", when=bool)] = ()
    runtime_class_name: Annotated[str | None, Refused("Podman's own runtime is the only one")] = None
    scheduling_gates: Annotated[Many[Opaque], Refused("nobody here would ever open them", when=bool)] = ()
    set_hostname_as_fqdn: bool | None = None
    share_process_namespace: bool | None = None
    subdomain: DnsLabel | None = None

    affinity: Annotated[Affinity | None, Noted(_ONE_MACHINE)] = None
    automount_service_account_token: Annotated[bool | None, Noted(_TOKEN)] = None
    enable_service_links: bool = True
    node_name: Annotated[str | None, Noted(_ONE_MACHINE)] = None
    node_selector: Annotated[Texts[str, str], Noted(_SELECTED)] = Field(default_factory=dict)
    overhead: Annotated[Opaque | None, Noted("it belongs to runtime classes")] = None
    preemption_policy: Annotated[str | None, Noted("no pod makes room for another here")] = None
    priority: Annotated[int | None, Noted("no pod makes room for another here")] = None
    priority_class_name: Annotated[str | None, Noted("no pod makes room for another here")] = None
    scheduler_name: Annotated[str | None, Noted(_ONE_MACHINE)] = None
    service_account: Annotated[str | None, Noted(_TOKEN)] = None
    service_account_name: Annotated[DnsSubdomain | None, Noted(_TOKEN)] = None
    tolerations: Annotated[Many[Toleration], Noted(_ONE_MACHINE)] = ()
    topology_spread_constraints: Annotated[Many[TopologySpreadConstraint], Noted(_ONE_MACHINE)] = ()

    @property
    def in_order(self) -> Iterator[tuple[Path, Container]]:
        """Yield every container with its path, in the order of their starts."""
        yield from ((("initContainers", at), one) for at, one in enumerate(self.init_containers))
        yield from ((("containers", at), one) for at, one in enumerate(self.containers))

    @property
    def every_container(self) -> tuple[Container, ...]:
        """Return every container, init containers first."""
        return (*self.init_containers, *self.containers)

    @property
    def reads_address(self) -> bool:
        """Say whether a container is told the pod's address, which it then has to keep."""
        given = (one.value_from for each in self.every_container for one in each.env if one.value_from)
        return any(one.field_ref and one.field_ref.field_path in ADDRESSES for one in given)

    @property
    def in_memory(self) -> frozenset[str]:
        """Return the names of the volumes in memory that several containers share, each as a whole."""
        users = [{one.name for one in each.volume_mounts} for each in self.every_container]
        given = (one.name for one in self.volumes if one.in_memory and one.name not in self.narrowed)
        return frozenset(name for name in given if sum(name in each for each in users) > 1)

    @property
    def narrowed(self) -> frozenset[str]:
        """Return the names of the volumes of which a container sees a part only."""
        mounts = (one for each in self.every_container for one in each.volume_mounts)
        return frozenset(one.name for one in mounts if one.sub_path or one.sub_path_expr)

    @property
    def grouped(self) -> bool:
        """Say whether its containers share what one alone has to itself."""
        return len(self.every_container) > 1 or bool(self.share_process_namespace)

    def published(self, port: ContainerPort) -> int | None:
        """Return which port of the machine a container's port takes; all of them in its own network."""
        return port.host_port or (port.container_port if self.host_network else None)

    @model_validator(mode="after")
    def _rules(self) -> Self:
        complain(_faults(self))
        return self


class PodTemplate(Model):
    """The pod that a controller makes, again and again."""

    metadata: TemplateMeta = Field(default_factory=TemplateMeta)
    spec: PodSpec


def _faults(spec: PodSpec) -> Iterator[Fault]:
    if not spec.containers:
        yield Fault(("containers",), "a pod needs a container")
    if spec.dns_policy == "None" and not (spec.dns_config and spec.dns_config.nameservers):
        yield Fault(("dnsConfig",), "dnsPolicy None needs dnsConfig with nameservers")
    for at, container in spec.in_order:
        yield from _user_faults(spec, container, at)
        yield from _port_faults(spec, container, at)


def _user_faults(spec: PodSpec, container: Container, at: Path) -> Iterator[Fault]:
    own, shared = container.security_context, spec.security_context
    user = shared.run_as_user if own.run_as_user is None else own.run_as_user
    non_root = shared.run_as_non_root if own.run_as_non_root is None else own.run_as_non_root
    place = (*(at if own.run_as_non_root else ()), "securityContext", "runAsNonRoot")
    if non_root and user == 0:
        yield Fault(place, "contradicts runAsUser 0")


def _port_faults(spec: PodSpec, container: Container, at: Path) -> Iterator[Fault]:
    for index, port in enumerate(container.ports if spec.host_network else ()):
        if port.host_port and port.host_port != port.container_port:
            yield Fault((*at, "ports", index, "hostPort"), "must be the containerPort with hostNetwork")
