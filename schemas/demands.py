"""What a pod asks for, all its containers together, as Kubernetes adds it up."""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Literal

from schemas.container import Container, InitContainer
from schemas.pod import PodSpec
from schemas.quantity import Quantity

Side = Literal["requests", "limits"]


def asked(container: Container, side: Side) -> Mapping[str, Quantity]:
    """Return what a container requests, or may use; a request that isn't written is the limit."""
    resources = container.resources
    return resources.limits if side == "limits" else {**resources.limits, **resources.requests}


def names(spec: PodSpec, side: Side) -> frozenset[str]:
    """Return what any container of a pod asks for."""
    return frozenset(name for one in spec.every_container for name in asked(one, side))


def total(spec: PodSpec, side: Side, name: str) -> Decimal:
    """Return how much of one thing a pod asks for: at its beginning or later, whichever is more.

    An init container runs beside the sidecars before it, the others beside all sidecars.
    Source: Kubernetes' component-helpers, resource/helpers.go, PodRequests.
    """
    sidecars, peak = Decimal(0), Decimal(0)
    for one in spec.init_containers:
        peak = max(peak, sidecars + _amount(one, side, name))
        sidecars += _amount(one, side, name) if one.stays else 0
    return max(peak, sidecars + _sum(spec.containers, side, name))


def is_best_effort(spec: PodSpec) -> bool:
    """Say whether no container asks for processors or memory: such a pod goes first where both are short."""
    return not (names(spec, "requests") | names(spec, "limits")) & {"cpu", "memory"}


def _sum(containers: Iterable[Container], side: Side, name: str) -> Decimal:
    return sum((_amount(one, side, name) for one in containers), Decimal(0))


def _amount(container: Container | InitContainer, side: Side, name: str) -> Decimal:
    amount = asked(container, side).get(name)
    return amount.value if amount else Decimal(0)
