"""Services (core/v1)."""

from collections.abc import Iterator
from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from schemas.core import Status
from schemas.meta import ObjectMeta
from schemas.model import Fault, Many, Model, Noted, Positive, Texts, complain
from schemas.names import SERVICE_NAME, DnsLabel, LabelKey, LabelValue, PortNumber, PortNumberOrZero
from schemas.probes import Port

_NO_ADDRESS = "a Service has no address of its own yet, only a headless one (clusterIP: None) gives names"


def _not_headless(spec: Any) -> bool:
    return isinstance(spec, dict) and spec.get("clusterIP") != "None"


class ServicePort(Model):
    """A port of a Service, and the pods' port behind it."""

    port: PortNumber
    name: DnsLabel | None = None
    protocol: Literal["TCP", "UDP", "SCTP"] = "TCP"
    app_protocol: str | None = None
    target_port: Port | None = None
    node_port: PortNumberOrZero | None = None


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
    cluster_ips: Many[str] = ()
    external_name: str | None = None
    external_ips: Many[str] = ()
    external_traffic_policy: Literal["Cluster", "Local"] | None = None
    internal_traffic_policy: Literal["Cluster", "Local"] | None = None
    traffic_distribution: str | None = None
    session_affinity: Literal["None", "ClientIP"] = "None"
    session_affinity_config: SessionAffinityConfig | None = None
    publish_not_ready_addresses: bool = False
    load_balancer_ip: str | None = None
    load_balancer_class: str | None = None
    load_balancer_source_ranges: Many[str] = ()
    allocate_load_balancer_node_ports: bool | None = None
    health_check_node_port: PortNumberOrZero | None = None
    ip_families: Many[Literal["IPv4", "IPv6"]] = ()
    ip_family_policy: Literal["SingleStack", "PreferDualStack", "RequireDualStack"] | None = None

    @property
    def headless(self) -> bool:
        """Whether names lead to the pods themselves (``clusterIP: None``)."""
        return self.cluster_ip == "None"

    @model_validator(mode="after")
    def _rules(self) -> Self:
        complain(_faults(self))
        return self


class Service(Model):
    """A stable name in front of pods."""

    api_version: Literal["v1"]
    kind: Literal["Service"]
    metadata: ObjectMeta
    spec: Annotated[ServiceSpec, Noted(_NO_ADDRESS, when=_not_headless)]
    status: Status = None

    @model_validator(mode="after")
    def _rules(self) -> Self:
        complaint = SERVICE_NAME.complaint(self.metadata.name)
        if complaint:
            complain([Fault(("metadata", "name"), complaint)])
        return self


def _faults(spec: ServiceSpec) -> Iterator[Fault]:
    if spec.type == "ExternalName" and not spec.external_name:
        yield Fault((), "type ExternalName needs externalName")
    if spec.type != "ExternalName" and not spec.ports and not spec.headless:
        yield Fault((), "ports is required")
    if len(spec.ports) > 1:
        yield from _name_faults(spec)


def _name_faults(spec: ServiceSpec) -> Iterator[Fault]:
    for index, port in enumerate(spec.ports):
        if port.name is None:
            yield Fault(("ports", index), "name is required where a Service has several ports")
