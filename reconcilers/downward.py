"""The downward API: what a pod may read of itself, as text."""

import json
import math
from collections.abc import Mapping
from decimal import Decimal

from reconcilers.world import World
from runtime.dataclass import dataclass
from schemas.container import Container
from schemas.env import ResourceFieldRef
from schemas.quantity import Quantity


@dataclass(frozen=True, slots=True)
class Identity:
    """What a pod knows of itself before it runs; ``account`` is its service account's name.

    ``linked`` says that it is told of the Services of its namespace; ``address`` is only known of one that
    asks for it.
    """

    name: str
    namespace: str
    labels: Mapping[str, str]
    annotations: Mapping[str, str]
    uid: str = ""
    account: str = "default"
    containers: tuple[Container, ...] = ()
    linked: bool = False
    address: str = ""


def field(world: World, identity: Identity, field_path: str) -> str | None:
    """Return a field's text; None for one that the schema doesn't let through."""
    kind, subscript, rest = field_path.partition("['")
    if subscript:
        texts = identity.labels if kind == "metadata.labels" else identity.annotations
        return texts.get(rest.removesuffix("']"), "")
    known = {
        "metadata.name": identity.name,
        "metadata.namespace": identity.namespace,
        "metadata.uid": identity.uid,
        "metadata.labels": _lines(identity.labels),
        "metadata.annotations": _lines(identity.annotations),
        "spec.nodeName": world.node,
        "spec.serviceAccountName": identity.account,
        "status.podIP": identity.address,
        "status.podIPs": identity.address,
        "status.hostIP": world.machine.address,
        "status.hostIPs": world.machine.address,
    }
    return known.get(kind)


def amount(world: World, reference: ResourceFieldRef, container: Container) -> str:
    """Return what a container asks for or may use, in units of the divisor, rounded up.

    Where nothing limits it, all that the machine has does.  Source: Kubernetes'
    pkg/api/v1/resource/helpers.go, ExtractContainerResourceValue.
    """
    kind, _, name = reference.resource.partition(".")
    given = _amounts(container, kind).get(name)
    value = given.value if given else _left_open(world, kind, name)
    divisor = reference.divisor.value if reference.divisor and reference.divisor.value else Decimal(1)
    return str(math.ceil(value / divisor))


def _amounts(container: Container, kind: str) -> Mapping[str, Quantity]:
    """Return limits, or requests, which are the limits where they aren't given."""
    limits = container.resources.limits
    return limits if kind == "limits" else {**limits, **container.resources.requests}


def _left_open(world: World, kind: str, name: str) -> Decimal:
    if kind == "requests":
        return Decimal(0)
    return Decimal(world.machine.cores if name == "cpu" else world.machine.memory)


def _lines(texts: Mapping[str, str]) -> str:
    """Return one line for each key, its value quoted.  Source: Kubernetes' pkg/fieldpath, FormatMap."""
    return "\n".join(f"{key}={json.dumps(texts[key], ensure_ascii=False)}" for key in sorted(texts))
