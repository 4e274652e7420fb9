"""Probes as a pod carries them in its label: which questions are put to it, how often, and what counts."""

import json
from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any

from runtime.dataclass import dataclass

SHORTEST = 0.01  # seconds between two questions; Kubernetes' own least is 1


class Kind(StrEnum):
    """What a probe is for."""

    STARTUP = "startup"
    READINESS = "readiness"
    LIVENESS = "liveness"


@dataclass(frozen=True, slots=True)
class Http:
    """A GET; 200 to 399 is success, or, where it is ``lenient``, any answer.

    ``host`` empty means the pod itself.
    """

    port: int
    path: str = "/"
    host: str = ""
    secure: bool = False
    headers: tuple[tuple[str, str], ...] = ()
    lenient: bool = False


@dataclass(frozen=True, slots=True)
class Tcp:
    """A port that must accept a connection."""

    port: int
    host: str = ""


@dataclass(frozen=True, slots=True)
class Grpc:
    """A question by gRPC's health protocol."""

    port: int
    service: str = ""


@dataclass(frozen=True, slots=True)
class Exec:
    """A command in the container that must exit with 0."""

    command: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Unclear:
    """A question that can't be put, and why: a pod that asks it is never well."""

    why: str


Question = Http | Tcp | Grpc | Exec | Unclear


@dataclass(frozen=True, slots=True)
class Probe:
    """A question that is put to a container again and again.  Times in seconds."""

    container: str
    kind: Kind
    question: Question
    initial_delay: float = 0
    period: float = 10
    timeout: float = 1
    success_threshold: int = 1
    failure_threshold: int = 3
    grace: int | None = None  # of the restart that it brings about, where that isn't the pod's

    @property
    def patience(self) -> float:
        """Return after how long, from the start of the pod, its failures alone have decided."""
        return self.initial_delay + self.failure_threshold * (self.period + self.timeout)


def read_probes(label: str) -> tuple[Probe, ...]:
    """Return the probes in a pod's label; one that can't be read becomes a question that can't be put.

    The label holds JSON by container, then by kind, and in it Kubernetes' own fields.  Fields that
    nobody knows are those of a later release, and left alone.
    """
    try:
        return tuple(
            _probe(container, Kind(kind), written)
            for container, kinds in json.loads(label).items()
            for kind, written in kinds.items()
        )
    except (ValueError, TypeError, AttributeError, KeyError) as error:
        return (Probe("", Kind.READINESS, Unclear(f"its probes can't be read: {error!r}")),)


def _probe(container: str, kind: Kind, written: Mapping[str, Any]) -> Probe:
    return Probe(
        container,
        kind,
        question_of(written),
        initial_delay=float(written.get("initialDelaySeconds", 0)),
        period=max(float(written.get("periodSeconds", 10)), SHORTEST),
        timeout=float(written.get("timeoutSeconds", 1)),
        success_threshold=int(written.get("successThreshold", 1)),
        failure_threshold=int(written.get("failureThreshold", 3)),
        grace=written.get("terminationGracePeriodSeconds"),
    )


def question_of(written: Mapping[str, Any]) -> Question:
    """Return the question in a probe or hook, written in Kubernetes' own fields."""
    match written:
        case {"httpGet": {"port": int()} as http}:
            return _http(http)
        case {"tcpSocket": {"port": int(port)} as tcp}:
            return Tcp(port, tcp.get("host") or "")
        case {"grpc": {"port": int(port)} as grpc}:
            return Grpc(port, grpc.get("service") or "")
        case {"exec": {"command": command}}:
            return Exec(tuple(command))
        case {"httpGet": {"port": name}} | {"tcpSocket": {"port": name}}:
            return Unclear(f"the container has no port named {name}")
    return Unclear("it asks nothing that is known here")


def _http(written: Mapping[str, Any]) -> Http:
    headers: Sequence[Mapping[str, str]] = written.get("httpHeaders") or ()
    return Http(
        port=written["port"],
        path=written.get("path") or "/",
        host=written.get("host") or "",
        secure=written.get("scheme") == "HTTPS",
        headers=tuple((header["name"], header.get("value") or "") for header in headers),
    )
