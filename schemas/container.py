"""Containers of a pod (core/v1), whole."""

from collections.abc import Iterator
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from schemas.env import EnvFrom, EnvVar
from schemas.image import PullPolicy, default_policy, named
from schemas.model import Fault, Many, Model, Noted, Opaque, Refused, among, camel, complain
from schemas.names import AbsolutePath, DnsLabel, InnerPath, IpAddress, PortName, PortNumber, PortNumberOrZero
from schemas.probes import Lifecycle, Probe
from schemas.resources import Resources
from schemas.security import SecurityContext


class ContainerPort(Model):
    """A port of a container, published on the machine where ``host_port`` is given."""

    container_port: PortNumber
    name: PortName | None = None
    host_port: PortNumberOrZero | None = None
    host_ip: IpAddress | None = None
    protocol: Annotated[
        Literal["TCP", "UDP", "SCTP"],
        Refused("only TCP and UDP are supported", when=among("SCTP")),
    ] = "TCP"


class VolumeMount(Model):
    """Where a volume appears in a container."""

    name: str
    mount_path: AbsolutePath
    sub_path: InnerPath = ""
    read_only: bool = False
    sub_path_expr: InnerPath = ""
    mount_propagation: Literal["None", "HostToContainer", "Bidirectional"] | None = None
    recursive_read_only: Annotated[
        Literal["Disabled", "IfPossible", "Enabled"] | None,
        Refused("can't be had of every Podman: write readOnly alone", when=among("Enabled")),
    ] = None

    @model_validator(mode="after")
    def _rules(self) -> Self:
        if self.sub_path and self.sub_path_expr:
            complain([Fault(("subPathExpr",), "subPath and subPathExpr exclude each other")])
        return self


class Container(Model):
    """One container."""

    name: DnsLabel
    image: Annotated[str, AfterValidator(named)]
    command: Many[str] = ()
    args: Many[str] = ()
    working_dir: str | None = None
    ports: Many[ContainerPort] = ()
    env: Many[EnvVar] = ()
    env_from: Many[EnvFrom] = ()
    resources: Resources = Field(default_factory=Resources)
    volume_mounts: Many[VolumeMount] = ()
    liveness_probe: Probe | None = None
    readiness_probe: Probe | None = None
    startup_probe: Probe | None = None
    security_context: SecurityContext = Field(default_factory=SecurityContext)
    image_pull_policy: PullPolicy | None = None
    stdin: bool = False
    tty: bool = False
    stdin_once: Annotated[bool, Noted("nothing attaches to a container's input here")] = False
    lifecycle: Lifecycle | None = None
    restart_policy: Annotated[
        Literal["Always"] | None, Refused("only for init containers: the pod's counts for all others")
    ] = None
    resize_policy: Annotated[Many[Opaque], Noted("a change of resources makes a new container")] = ()
    termination_message_path: Annotated[str | None, Noted("the end of the log is shown instead")] = None
    termination_message_policy: Annotated[str | None, Noted("the end of the log is shown instead")] = None
    volume_devices: Annotated[Many[Opaque], Refused("block volumes are not supported")] = ()

    @property
    def pull_policy(self) -> PullPolicy:
        """When to pull: as written, else ``Always`` for the tag ``latest`` or none, else ``IfNotPresent``."""
        return self.image_pull_policy or default_policy(self.image)

    @model_validator(mode="after")
    def _rules(self) -> Self:
        complain(_faults(self))
        return self


class InitContainer(Container):
    """A container that has to end well before the next one starts; or, restarted always, a sidecar.

    A sidecar has to have started before the next one does, and stops after the others.
    """

    restart_policy: Literal["Always"] | None = None

    @property
    def stays(self) -> bool:
        """Say whether it is a sidecar."""
        return self.restart_policy == "Always"

    @model_validator(mode="after")
    def _ends(self) -> Self:
        watched = ("lifecycle", "liveness_probe", "readiness_probe", "startup_probe")
        given = [name for name in watched if not self.stays and getattr(self, name) is not None]
        complain(
            Fault((camel(name),), "only for one with restartPolicy Always (a sidecar)") for name in given
        )
        return self


def _faults(container: Container) -> Iterator[Fault]:
    if container.readiness_probe and container.readiness_probe.termination_grace_period_seconds:
        yield Fault(
            ("readinessProbe", "terminationGracePeriodSeconds"),
            "has no place in a probe that restarts nothing",
        )
    for name in ("liveness", "startup"):
        probe: Probe | None = getattr(container, f"{name}_probe")
        if probe and probe.success_threshold != 1:
            yield Fault((f"{name}Probe", "successThreshold"), f"must be 1 for a {name} probe")
    for name, least in container.resources.requests.items():
        most = container.resources.limits.get(name)
        if most and least.value > most.value:
            yield Fault(("resources", "requests", name), f"must be at most the limit, {most}")
