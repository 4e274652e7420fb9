"""ResourceQuotas (v1): how many objects a namespace has at most, and how much its pods ask for together."""

from collections.abc import Iterator, Mapping
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from schemas.core import Status
from schemas.demands import Side, is_best_effort
from schemas.meta import ObjectMeta
from schemas.model import Fault, Many, Model, Noted, Refused, among, complain
from schemas.pod import PodSpec
from schemas.quantity import Amount
from schemas.selectors import Requirement, holds

COMPUTE: Mapping[str, tuple[Side, str]] = {
    "cpu": ("requests", "cpu"),
    "memory": ("requests", "memory"),
    "requests.cpu": ("requests", "cpu"),
    "requests.memory": ("requests", "memory"),
    "limits.cpu": ("limits", "cpu"),
    "limits.memory": ("limits", "memory"),
}
"""What pods ask for, by the name under which it is bounded."""

PODS, ALL_PODS = "pods", "count/pods"  # those that haven't ended, and all that are there
OF_PODS = frozenset({PODS, ALL_PODS, *COMPUTE})

COUNTED: Mapping[str, str] = {
    "configmaps": "ConfigMap",
    "persistentvolumeclaims": "PersistentVolumeClaim",
    "replicationcontrollers": "ReplicationController",
    "resourcequotas": "ResourceQuota",
    "secrets": "Secret",
    "services": "Service",
    "count/configmaps": "ConfigMap",
    "count/endpoints": "Endpoints",
    "count/limitranges": "LimitRange",
    "count/persistentvolumeclaims": "PersistentVolumeClaim",
    "count/replicationcontrollers": "ReplicationController",
    "count/resourcequotas": "ResourceQuota",
    "count/secrets": "Secret",
    "count/services": "Service",
    "count/cronjobs.batch": "CronJob",
    "count/daemonsets.apps": "DaemonSet",
    "count/deployments.apps": "Deployment",
    "count/endpointslices.discovery.k8s.io": "EndpointSlice",
    "count/horizontalpodautoscalers.autoscaling": "HorizontalPodAutoscaler",
    "count/ingresses.networking.k8s.io": "Ingress",
    "count/networkpolicies.networking.k8s.io": "NetworkPolicy",
    "count/statefulsets.apps": "StatefulSet",
}
"""The kinds that are counted, by the name under which that is bounded."""

STORAGE, NODE_PORTS, LOAD_BALANCERS = "requests.storage", "services.nodeports", "services.loadbalancers"
_ON_DISK = frozenset({"ephemeral-storage", "requests.ephemeral-storage", "limits.ephemeral-storage"})
_MADE_BY_OTHERS = {
    "count/jobs.batch": "what a CronJob starts is no object here: leave it out",
    "count/replicasets.apps": "a Deployment makes none here: leave it out",
}
_KNOWN = frozenset({*OF_PODS, *COUNTED, STORAGE, NODE_PORTS, LOAD_BALANCERS})
_PRIORITY = "PriorityClass"


def _is_unknown(name: str) -> bool:
    return name not in _KNOWN | _ON_DISK | _MADE_BY_OTHERS.keys()


Scope = Literal[
    "Terminating",
    "NotTerminating",
    "BestEffort",
    "NotBestEffort",
    "PriorityClass",
    "CrossNamespacePodAffinity",
    "VolumeAttributesClass",
]
_ELSEWHERE = "pods and volumes have no such thing on one machine: leave it out"


class ScopeRequirement(Model):
    """One expression over a pod: what it is, or which priority class it names."""

    scope_name: Annotated[
        Scope, Refused(_ELSEWHERE, when=among("CrossNamespacePodAffinity", "VolumeAttributesClass"))
    ]
    operator: Literal["In", "NotIn", "Exists", "DoesNotExist"]
    values: Many[str] = ()

    @model_validator(mode="after")
    def _rules(self) -> Self:
        listed = self.operator in {"In", "NotIn"}
        if self.scope_name != _PRIORITY and self.operator != "Exists":
            complain([Fault(("operator",), f"must be Exists for {self.scope_name}")])
        if listed != bool(self.values):
            told = "needs at least one value" if listed else "takes no values"
            complain([Fault(("values",), f"{self.operator} {told}")])
        return self


class ScopeSelector(Model):
    """Expressions that must all hold for a pod that counts."""

    match_expressions: Many[ScopeRequirement] = ()


def _refused_scopes(value: object) -> bool:
    return isinstance(value, list) and bool(
        {"CrossNamespacePodAffinity", "VolumeAttributesClass"} & set(value)
    )


class ResourceQuotaSpec(Model):
    """How much of what, and which pods count."""

    hard: Annotated[
        Mapping[str, Amount],
        Noted("the size of files isn't limited", key=_ON_DISK.__contains__),
        Refused(_MADE_BY_OTHERS["count/jobs.batch"], key="count/jobs.batch".__eq__),
        Refused(_MADE_BY_OTHERS["count/replicasets.apps"], key="count/replicasets.apps".__eq__),
        Refused("nobody counts that here: leave it out", key=_is_unknown),
    ] = Field(default_factory=dict)
    scopes: Annotated[Many[Scope], Refused(_ELSEWHERE, when=_refused_scopes)] = ()
    scope_selector: ScopeSelector | None = None

    @property
    def expressions(self) -> tuple[ScopeRequirement, ...]:
        """What must hold for a pod that counts."""
        written = (ScopeRequirement.model_construct(scope_name=one, operator="Exists") for one in self.scopes)
        return (*written, *(self.scope_selector.match_expressions if self.scope_selector else ()))

    def counts(self, pod: PodSpec) -> bool:
        """Say whether a pod counts.  Source: Kubernetes' pkg/quota/v1/evaluator/core/pods.go."""
        return all(_holds(one, pod) for one in self.expressions)

    @model_validator(mode="after")
    def _rules(self) -> Self:
        complain(_faults(self))
        return self


class ResourceQuota(Model):
    """How many objects its namespace has at most, and how much its pods ask for together."""

    api_version: Literal["v1"]
    kind: Literal["ResourceQuota"]
    metadata: ObjectMeta
    spec: ResourceQuotaSpec = Field(default_factory=ResourceQuotaSpec)
    status: Status = None


def is_counted(name: str) -> bool:
    """Say whether what is bounded under a name is counted here."""
    return name in _KNOWN


def _holds(one: ScopeRequirement, pod: PodSpec) -> bool:
    match one.scope_name:
        case "Terminating":
            return pod.active_deadline_seconds is not None
        case "NotTerminating":
            return pod.active_deadline_seconds is None
        case "BestEffort":
            return is_best_effort(pod)
        case "NotBestEffort":
            return not is_best_effort(pod)
        case _:
            labels = {_PRIORITY: pod.priority_class_name} if pod.priority_class_name else {}
            return holds(Requirement(key=_PRIORITY, operator=one.operator, values=one.values), labels)


def _faults(spec: ResourceQuotaSpec) -> Iterator[Fault]:
    """Yield what contradicts itself.  Source: Kubernetes' ValidateResourceQuotaSpec."""
    named = {one.scope_name for one in spec.expressions}
    for one, other in (("Terminating", "NotTerminating"), ("BestEffort", "NotBestEffort")):
        if {one, other} <= named:
            yield Fault(("scopes",), f"{one} and {other} exclude each other")
    allowed = frozenset({PODS}) if "BestEffort" in named else frozenset({PODS, *COMPUTE})
    for name in spec.hard if named else ():
        if name not in allowed | _ON_DISK:
            yield Fault(("hard", name), "has no scope: write a quota without scopes for it")
