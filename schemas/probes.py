"""Probes and lifecycle hooks of a container (core/v1)."""

from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, PlainValidator, model_validator

from schemas.model import Fault, Many, Model, Natural, Positive, Refused, complain
from schemas.names import PORT_NAME, PortNumber, port_number

_NO_HANDLER = "exactly one of exec, httpGet, tcpSocket and grpc is required, and there {}"


SIGNALS = frozenset(
    f"SIG{name}"
    for name in [
        "ABRT",
        "ALRM",
        "BUS",
        "CHLD",
        "CONT",
        "FPE",
        "HUP",
        "ILL",
        "INT",
        "IO",
        "KILL",
        "PIPE",
        "PROF",
        "PWR",
        "QUIT",
        "SEGV",
        "STKFLT",
        "STOP",
        "SYS",
        "TERM",
        "TRAP",
        "TSTP",
        "TTIN",
        "TTOU",
        "URG",
        "USR1",
        "USR2",
        "VTALRM",
        "WINCH",
        "XCPU",
        "XFSZ",
    ]
)  # signal(7)


def read_port(value: Any) -> int | str:
    """Take a port by number or by name; raises ValueError for anything else."""
    if isinstance(value, int) and not isinstance(value, bool):
        return port_number(value)
    if isinstance(value, str) and PORT_NAME.allows(value):
        return value
    if isinstance(value, str) and value.isdigit():
        raise ValueError(f"must be a number or a port's name: write {value} without quotes")
    raise ValueError("must be a port from 1 to 65535, or a port's name")


Port = Annotated[int | str, PlainValidator(read_port)]


class ExecAction(Model):
    """A command that is run in the container, without a shell."""

    command: Many[str] = ()


class HttpHeader(Model):
    """A header of a probe's request."""

    name: str
    value: str = ""


class HttpGetAction(Model):
    """A request over HTTP; 200 to 399 is success."""

    path: str = "/"
    port: Port
    host: str | None = None
    scheme: Literal["HTTP", "HTTPS"] = "HTTP"
    http_headers: Many[HttpHeader] = ()


class TcpSocketAction(Model):
    """A port that must accept a connection."""

    port: Port
    host: str | None = None


class GrpcAction(Model):
    """A gRPC health check."""

    port: PortNumber
    service: str = ""


class SleepAction(Model):
    """A pause, in seconds."""

    seconds: Natural


class Probe(Model):
    """A question that is put to a container again and again. Times in seconds."""

    exec: ExecAction | None = None
    http_get: HttpGetAction | None = None
    tcp_socket: TcpSocketAction | None = None
    grpc: GrpcAction | None = None
    initial_delay_seconds: Natural = 0
    timeout_seconds: Positive = 1
    period_seconds: Positive = 10
    success_threshold: Positive = 1
    failure_threshold: Positive = 3
    termination_grace_period_seconds: Positive | None = None

    @model_validator(mode="after")
    def _rules(self) -> Self:
        handlers = (self.exec, self.http_get, self.tcp_socket, self.grpc)
        given = sum(handler is not None for handler in handlers)
        if given != 1:
            complain([Fault((), _NO_HANDLER.format("is none" if not given else f"are {given}"))])
        return self


class LifecycleHandler(Model):
    """What a hook does."""

    exec: ExecAction | None = None
    http_get: HttpGetAction | None = None
    tcp_socket: Annotated[
        TcpSocketAction | None, Refused("Kubernetes itself can't do it: write exec, httpGet or sleep")
    ] = None
    sleep: SleepAction | None = None

    @model_validator(mode="after")
    def _rules(self) -> Self:
        handlers = (self.exec, self.http_get, self.tcp_socket, self.sleep)
        given = sum(handler is not None for handler in handlers)
        if given != 1:
            complain([Fault((), "exactly one of exec, httpGet and sleep is needed")])
        return self


def signal_name(name: str) -> str:
    """Return the name of a signal that Linux has; raises ValueError for another."""
    if name not in SIGNALS:
        raise ValueError("must be the name of a signal, such as SIGTERM or SIGQUIT")
    return name


class Lifecycle(Model):
    """Hooks after a container's start and before its stop, and the signal that asks it to stop."""

    post_start: LifecycleHandler | None = None
    pre_stop: LifecycleHandler | None = None
    stop_signal: Annotated[str, AfterValidator(signal_name)] | None = None
