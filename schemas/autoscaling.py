"""Autoscalers of the group autoscaling, in both of its versions."""

from collections.abc import Iterator
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from schemas.core import Status
from schemas.meta import ObjectMeta
from schemas.model import Fault, Many, Model, Opaque, Positive, Refused, complain
from schemas.names import DnsLabel, DnsSubdomain
from schemas.quantity import Amount

_NOBODY = "nobody measures it here: only Resource and ContainerResource can be had"
_LONGEST_WINDOW = 3600  # seconds, of Kubernetes' own
_LONGEST_PERIOD = 1800
_USUAL_PERCENT = 80

Percent = Annotated[int, Field(ge=1, le=2**31 - 1)]


class ScaleTarget(Model):
    """The object whose pods are counted."""

    api_version: str = ""
    kind: Literal["Deployment", "ReplicaSet", "ReplicationController", "StatefulSet"]
    name: DnsSubdomain

    @model_validator(mode="after")
    def _rules(self) -> Self:
        version = "v1" if self.kind == "ReplicationController" else "apps/v1"
        if self.api_version not in ("", version):
            complain([Fault(("apiVersion",), f"must be {version!r}")])
        return self


class MetricTarget(Model):
    """What a metric should come to."""

    type: Literal["Utilization", "AverageValue"]
    average_utilization: Percent | None = None
    average_value: Amount | None = None
    value: Annotated[Amount | None, Refused("a resource has no such target: write averageValue")] = None

    @model_validator(mode="after")
    def _rules(self) -> Self:
        complain(_target_faults(self))
        return self


class ResourceMetric(Model):
    """What a whole pod uses of the processor or of memory."""

    name: Literal["cpu", "memory"]
    target: MetricTarget


class ContainerResourceMetric(Model):
    """What one container of each pod uses of the processor or of memory."""

    container: DnsLabel
    name: Literal["cpu", "memory"]
    target: MetricTarget


class Metric(Model):
    """One figure to go by."""

    type: Annotated[
        Literal["ContainerResource", "External", "Object", "Pods", "Resource"],
        Refused(_NOBODY, when=lambda value: value in {"External", "Object", "Pods"}),
    ]
    resource: ResourceMetric | None = None
    container_resource: ContainerResourceMetric | None = None
    external: Annotated[Opaque | None, Refused(_NOBODY)] = None
    object: Annotated[Opaque | None, Refused(_NOBODY)] = None
    pods: Annotated[Opaque | None, Refused(_NOBODY)] = None

    @model_validator(mode="after")
    def _rules(self) -> Self:
        complain(_metric_faults(self))
        return self


class ScalingPolicy(Model):
    """By how many pods, or percent of them, their number may change in so many seconds."""

    type: Literal["Pods", "Percent"]
    value: Positive
    period_seconds: Annotated[int, Field(ge=1, le=_LONGEST_PERIOD)]


class ScalingRules(Model):
    """How fast the number of pods may follow in one direction. Times in seconds."""

    stabilization_window_seconds: Annotated[int, Field(ge=0, le=_LONGEST_WINDOW)] | None = None
    select_policy: Literal["Max", "Min", "Disabled"] = "Max"
    policies: Many[ScalingPolicy] = ()
    tolerance: Amount | None = None


class Behavior(Model):
    """How fast the number of pods may follow."""

    scale_up: ScalingRules | None = None
    scale_down: ScalingRules | None = None


class AutoscalerSpec(Model):
    """How many pods there may be, and the figures that decide."""

    scale_target_ref: ScaleTarget
    min_replicas: Positive = 1
    max_replicas: Positive
    metrics: Many[Metric] = ()
    behavior: Behavior = Field(default_factory=Behavior)

    @model_validator(mode="after")
    def _rules(self) -> Self:
        complain(_bounds_faults(self.min_replicas, self.max_replicas))
        return self


class AutoscalerSpecV1(Model):
    """How many pods there may be, and how much of the processors that they request they should use."""

    scale_target_ref: ScaleTarget
    min_replicas: Positive = 1
    max_replicas: Positive
    target_cpu_utilization_percentage: Percent = _USUAL_PERCENT

    @model_validator(mode="after")
    def _rules(self) -> Self:
        complain(_bounds_faults(self.min_replicas, self.max_replicas))
        return self


class HorizontalPodAutoscaler(Model):
    """As many pods as what they use asks for."""

    api_version: Literal["autoscaling/v2"]
    kind: Literal["HorizontalPodAutoscaler"]
    metadata: ObjectMeta
    spec: AutoscalerSpec
    status: Status = None

    @property
    def metrics(self) -> tuple[Metric, ...]:
        """The figures that decide, Kubernetes' own where none are given."""
        return self.spec.metrics or (cpu(_USUAL_PERCENT),)

    @property
    def behavior(self) -> Behavior:
        """How fast the number of pods may follow."""
        return self.spec.behavior


class HorizontalPodAutoscalerV1(Model):
    """As many pods as what they use of the processors asks for."""

    api_version: Literal["autoscaling/v1"]
    kind: Literal["HorizontalPodAutoscaler"]
    metadata: ObjectMeta
    spec: AutoscalerSpecV1
    status: Status = None

    @property
    def metrics(self) -> tuple[Metric, ...]:
        """The one figure that decides."""
        return (cpu(self.spec.target_cpu_utilization_percentage),)

    @property
    def behavior(self) -> Behavior:
        """Kubernetes' own."""
        return Behavior()


Autoscaler = HorizontalPodAutoscaler | HorizontalPodAutoscalerV1


def cpu(percent: int) -> Metric:
    """Return the metric that brings the use of processors to so many percent of what is requested."""
    target = MetricTarget.model_validate({"type": "Utilization", "averageUtilization": percent})
    resource = ResourceMetric.model_validate({"name": "cpu", "target": target})
    return Metric.model_validate({"type": "Resource", "resource": resource})


def _target_faults(target: MetricTarget) -> Iterator[Fault]:
    given = {
        "Utilization": ("averageUtilization", target.average_utilization),
        "AverageValue": ("averageValue", target.average_value),
    }
    for kind, (field, value) in given.items():
        if kind == target.type and value is None:
            yield Fault((field,), f"is required beside type {kind}")
        if kind != target.type and value is not None:
            yield Fault((field,), f"has no place beside type {target.type}")
    amount = target.average_value
    if amount is not None and amount.value <= 0:
        yield Fault(("averageValue",), "must be more than 0")


def _metric_faults(metric: Metric) -> Iterator[Fault]:
    match metric.type, metric.resource, metric.container_resource:
        case ("Resource", None, _):
            yield Fault(("resource",), "is required beside type Resource")
        case ("ContainerResource", _, None):
            yield Fault(("containerResource",), "is required beside type ContainerResource")


def _bounds_faults(least: int, most: int) -> Iterator[Fault]:
    if most < least:
        yield Fault(("maxReplicas",), "must be at least minReplicas")
