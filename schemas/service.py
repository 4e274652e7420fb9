"""Services: an address and names in front of pods, the Endpoints of those that select none, and all rules."""

from collections.abc import Iterator
from ipaddress import AddressValueError, IPv4Address, IPv4Network
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from schemas.core import Status
from schemas.meta import ObjectMeta
from schemas.model import Fault, Many, Model, Noted, Opaque, Positive, Refused, Texts, complain
from schemas.names import (
    SERVICE_NAME,
    DnsLabel,
    DnsSubdomain,
    LabelKey,
    LabelValue,
    PortNumber,
    PortNumberOrZero,
)
from schemas.probes import Port

_ONE_MACHINE = "it concerns a cluster, and there is one machine"
_IPV4 = "addresses are IPv4"
_ELSEWHERE = "nothing leads such an address to this machine"
_ONLY_TCP = "only TCP is led to pods: publish it by a hostPort, or make the Service headless"


def _other_than_tcp(ports: Any) -> bool:
    return isinstance(ports, list | tuple) and any(
        isinstance(one, dict) and one.get("protocol", "TCP") != "TCP" for one in ports
    )


def _through_a_proxy(spec: Any) -> bool:
    headless = isinstance(spec, dict) and spec.get("clusterIP") == "None"
    return isinstance(spec, dict) and not headless and _other_than_tcp(spec.get("ports"))


def _ipv4(text: str) -> str:
    try:
        return str(IPv4Address(text))
    except AddressValueError:
        raise ValueError("must be an IPv4 address") from None


def _range(text: str) -> str:
    try:
        return str(IPv4Network(text, strict=False))
    except ValueError:
        raise ValueError("must be an IPv4 range such as 192.0.2.0/24") from None


Address = Annotated[str, AfterValidator(_ipv4)]
Range = Annotated[str, AfterValidator(_range)]


class ServicePort(Model):
    """A port of a Service, and the pods' port behind it."""

    port: PortNumber
    name: DnsLabel | None = None
    protocol: Literal["TCP", "UDP", "SCTP"] = "TCP"
    app_protocol: Annotated[str | None, Noted("connections are led on as they are")] = None
    target_port: Port | None = None
    node_port: PortNumberOrZero | None = None

    @property
    def label(self) -> str:
        """What it is called: by its name, where it has none by its number."""
        return self.name or str(self.port)


class ClientIp(Model):
    """How long a client stays with its pod, in seconds."""

    timeout_seconds: Positive = 10800


class SessionAffinityConfig(Model):
    """How clients stay with their pods."""

    client_ip: ClientIp | None = None


class ServiceSpec(Model):
    """A stable name in front of the pods it selects."""

    type: Literal["ClusterIP", "NodePort", "LoadBalancer", "ExternalName"] = "ClusterIP"
    selector: Texts[LabelKey, LabelValue] = Field(default_factory=dict)
    ports: Many[ServicePort] = ()
    cluster_ip: str | None = None
    cluster_ips: Annotated[Many[str], Noted("clusterIP alone says it")] = ()
    external_name: DnsSubdomain | None = None
    external_ips: Annotated[Many[str], Noted(_ELSEWHERE)] = ()
    external_traffic_policy: Annotated[Literal["Cluster", "Local"] | None, Noted(_ONE_MACHINE)] = None
    internal_traffic_policy: Annotated[Literal["Cluster", "Local"] | None, Noted(_ONE_MACHINE)] = None
    traffic_distribution: Annotated[str | None, Noted(_ONE_MACHINE)] = None
    session_affinity: Literal["None", "ClientIP"] = "None"
    session_affinity_config: SessionAffinityConfig | None = None
    publish_not_ready_addresses: bool = False
    load_balancer_ip: Annotated[str | None, Noted(_ELSEWHERE)] = None
    load_balancer_class: Annotated[str | None, Noted(_ONE_MACHINE)] = None
    load_balancer_source_ranges: Many[Range] = ()
    allocate_load_balancer_node_ports: Annotated[
        bool | None, Noted("a LoadBalancer has the node ports that are written, and no others")
    ] = None
    health_check_node_port: Annotated[PortNumberOrZero | None, Noted(_ONE_MACHINE)] = None
    ip_families: Annotated[Many[Literal["IPv4", "IPv6"]], Noted(_IPV4)] = ()
    ip_family_policy: Annotated[
        Literal["SingleStack", "PreferDualStack", "RequireDualStack"] | None, Noted(_IPV4)
    ] = None

    @property
    def headless(self) -> bool:
        """Whether names lead to the pods themselves (``clusterIP: None``)."""
        return self.cluster_ip == "None"

    @property
    def affinity_seconds(self) -> int:
        """For how many seconds a client stays with its pod; 0 where it doesn't."""
        if self.session_affinity == "None":
            return 0
        config = self.session_affinity_config
        return ((config and config.client_ip) or ClientIp()).timeout_seconds

    @model_validator(mode="after")
    def _rules(self) -> Self:
        complain(_faults(self))
        return self


class Service(Model):
    """A stable name in front of pods."""

    api_version: Literal["v1"]
    kind: Literal["Service"]
    metadata: ObjectMeta
    spec: Annotated[ServiceSpec, Refused(_ONLY_TCP, when=_through_a_proxy)]
    status: Status = None

    @model_validator(mode="after")
    def _rules(self) -> Self:
        complaint = SERVICE_NAME.complaint(self.metadata.name)
        if complaint:
            complain([Fault(("metadata", "name"), complaint)])
        return self


class EndpointAddress(Model):
    """An address to which a Service leads."""

    ip: Address
    hostname: Annotated[str | None, Noted(_ELSEWHERE)] = None
    node_name: Annotated[str | None, Noted(_ONE_MACHINE)] = None
    target_ref: Annotated[Opaque | None, Noted("the address alone says it")] = None


class EndpointPort(Model):
    """A port of such addresses."""

    port: PortNumber
    name: DnsLabel | None = None
    protocol: Literal["TCP", "UDP", "SCTP"] = "TCP"
    app_protocol: Annotated[str | None, Noted("connections are led on as they are")] = None


class EndpointSubset(Model):
    """Addresses that have the same ports."""

    addresses: Many[EndpointAddress] = ()
    not_ready_addresses: Annotated[Many[EndpointAddress], Noted("nobody is led there")] = ()
    ports: Many[EndpointPort] = ()


class Endpoints(Model):
    """Where a Service of the same name leads that selects no pods."""

    api_version: Literal["v1"]
    kind: Literal["Endpoints"]
    metadata: ObjectMeta
    subsets: Many[EndpointSubset] = ()


class EndpointConditions(Model):
    """Whether an endpoint may be led to."""

    ready: bool | None = None
    serving: Annotated[bool | None, Noted("`ready` says it")] = None
    terminating: Annotated[bool | None, Noted("`ready` says it")] = None


class Endpoint(Model):
    """An endpoint of an EndpointSlice."""

    addresses: Many[str]
    conditions: EndpointConditions = Field(default_factory=EndpointConditions)
    hostname: Annotated[str | None, Noted(_ELSEWHERE)] = None
    node_name: Annotated[str | None, Noted(_ONE_MACHINE)] = None
    zone: Annotated[str | None, Noted(_ONE_MACHINE)] = None
    hints: Annotated[Opaque | None, Noted(_ONE_MACHINE)] = None
    deprecated_topology: Annotated[Opaque | None, Noted(_ONE_MACHINE)] = None
    target_ref: Annotated[Opaque | None, Noted("the address alone says it")] = None


class EndpointSlice(Model):
    """Where the Service named by the label kubernetes.io/service-name leads, if it selects no pods."""

    api_version: Literal["discovery.k8s.io/v1"]
    kind: Literal["EndpointSlice"]
    metadata: ObjectMeta
    address_type: Annotated[
        Literal["IPv4", "IPv6", "FQDN"], Refused("only IPv4 is led to", when=lambda value: value != "IPv4")
    ]
    endpoints: Many[Endpoint] = ()
    ports: Many[EndpointPort] = ()


def _faults(spec: ServiceSpec) -> Iterator[Fault]:
    if spec.type == "ExternalName" and not spec.external_name:
        yield Fault((), "type ExternalName needs externalName")
    if spec.type == "ExternalName" and not spec.ports:
        yield Fault((), "type ExternalName needs ports: only those that are listed are led on")
    if spec.type != "ExternalName" and not spec.ports and not spec.headless:
        yield Fault((), "ports is required")
    if spec.headless and spec.type in {"NodePort", "LoadBalancer"}:
        yield Fault(("clusterIP",), f"type {spec.type} can't be headless")
    if spec.cluster_ip not in {None, "", "None"}:
        yield from _address_faults(str(spec.cluster_ip))
    yield from _port_faults(spec)


def _address_faults(address: str) -> Iterator[Fault]:
    try:
        IPv4Address(address)
    except AddressValueError:
        yield Fault(("clusterIP",), "must be an IPv4 address, or None for a headless Service")


def _port_faults(spec: ServiceSpec) -> Iterator[Fault]:
    seen: set[tuple[int, str]] = set()
    names: set[str] = set()
    for index, port in enumerate(spec.ports):
        if len(spec.ports) > 1 and port.name is None:
            yield Fault(("ports", index), "name is required where a Service has several ports")
        if (port.port, port.protocol) in seen:
            yield Fault(("ports", index, "port"), f"a second port {port.port}/{port.protocol}")
        if port.name in names:
            yield Fault(("ports", index, "name"), f"a second port named `{port.name}`")
        if port.node_port and spec.type in {"ClusterIP", "ExternalName"}:
            yield Fault(("ports", index, "nodePort"), f"a Service of type {spec.type} has no node ports")
        seen.add((port.port, port.protocol))
        names |= {port.name} if port.name else set()
