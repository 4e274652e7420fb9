"""PodDisruptionBudgets (policy/v1): how many pods of a sort have to stay when somebody takes some away."""

from collections.abc import Iterator
from typing import Literal, Self

from pydantic import Field, model_validator

from schemas.core import Status
from schemas.int_or_percent import IntOrPercent
from schemas.meta import ObjectMeta
from schemas.model import Fault, Model, complain
from schemas.selectors import LabelSelector

UnhealthyPolicy = Literal["IfHealthyBudget", "AlwaysAllow"]


class PodDisruptionBudgetSpec(Model):
    """Which pods, and how many of them have to be healthy, or may not be."""

    min_available: IntOrPercent | None = None
    max_unavailable: IntOrPercent | None = None
    selector: LabelSelector | None = None
    unhealthy_pod_eviction_policy: UnhealthyPolicy = "IfHealthyBudget"

    @model_validator(mode="after")
    def _rules(self) -> Self:
        complain(_faults(self))
        return self


class PodDisruptionBudget(Model):
    """How many pods of a sort have to stay when somebody takes some away who could leave them."""

    api_version: Literal["policy/v1"]
    kind: Literal["PodDisruptionBudget"]
    metadata: ObjectMeta
    spec: PodDisruptionBudgetSpec = Field(default_factory=PodDisruptionBudgetSpec)
    status: Status = None


def _faults(spec: PodDisruptionBudgetSpec) -> Iterator[Fault]:
    if spec.min_available is not None and spec.max_unavailable is not None:
        yield Fault(("maxUnavailable",), "minAvailable and maxUnavailable exclude each other")
    given = (("minAvailable", spec.min_available), ("maxUnavailable", spec.max_unavailable))
    for field, value in given:
        if isinstance(value, str) and int(value[:-1]) > 100:
            yield Fault((field,), "must be at most 100%")
