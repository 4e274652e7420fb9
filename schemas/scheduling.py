"""Where a cluster would place a pod (core/v1): typed whole, without meaning on one machine."""

import re
from collections.abc import Iterator
from typing import Literal, Self

from pydantic import model_validator

from schemas.model import Fault, Many, Model, Natural, Positive, complain
from schemas.selectors import LabelSelector

WHOLE = re.compile(r"[-+]?[0-9]{1,18}")


class NodeRequirement(Model):
    """One expression over the labels or fields of nodes."""

    key: str
    operator: Literal["In", "NotIn", "Exists", "DoesNotExist", "Gt", "Lt"]
    values: Many[str] = ()

    @model_validator(mode="after")
    def _rules(self) -> Self:
        complain(_value_faults(self))
        return self


class NodeSelectorTerm(Model):
    """Expressions that must all hold."""

    match_expressions: Many[NodeRequirement] = ()
    match_fields: Many[NodeRequirement] = ()


class NodeSelector(Model):
    """Terms of which one must hold."""

    node_selector_terms: Many[NodeSelectorTerm]


class PreferredNode(Model):
    """A term and how much it weighs."""

    weight: Positive
    preference: NodeSelectorTerm


class NodeAffinity(Model):
    """Which nodes a pod needs or prefers."""

    required_during_scheduling_ignored_during_execution: NodeSelector | None = None
    preferred_during_scheduling_ignored_during_execution: Many[PreferredNode] = ()


class PodAffinityTerm(Model):
    """Pods to be near to, or away from."""

    label_selector: LabelSelector | None = None
    namespaces: Many[str] = ()
    namespace_selector: LabelSelector | None = None
    topology_key: str
    match_label_keys: Many[str] = ()
    mismatch_label_keys: Many[str] = ()


class PreferredPods(Model):
    """A term and how much it weighs."""

    weight: Positive
    pod_affinity_term: PodAffinityTerm


class PodAffinity(Model):
    """Pods that a pod needs or prefers near to, or away from, itself."""

    required_during_scheduling_ignored_during_execution: Many[PodAffinityTerm] = ()
    preferred_during_scheduling_ignored_during_execution: Many[PreferredPods] = ()


class Affinity(Model):
    """Everything that attracts or repels a pod."""

    node_affinity: NodeAffinity | None = None
    pod_affinity: PodAffinity | None = None
    pod_anti_affinity: PodAffinity | None = None


class Toleration(Model):
    """A taint of nodes that a pod tolerates."""

    key: str | None = None
    operator: Literal["Exists", "Equal"] | None = None
    value: str | None = None
    effect: Literal["NoSchedule", "PreferNoSchedule", "NoExecute"] | None = None
    toleration_seconds: int | None = None


class TopologySpreadConstraint(Model):
    """How pods spread over zones or nodes."""

    max_skew: Positive
    topology_key: str
    when_unsatisfiable: Literal["DoNotSchedule", "ScheduleAnyway"]
    label_selector: LabelSelector | None = None
    min_domains: Natural | None = None
    node_affinity_policy: Literal["Honor", "Ignore"] | None = None
    node_taints_policy: Literal["Honor", "Ignore"] | None = None
    match_label_keys: Many[str] = ()


def _value_faults(one: NodeRequirement) -> Iterator[Fault]:
    match one.operator, one.values:
        case (("In" | "NotIn"), ()):
            yield Fault(("values",), f"must not be empty beside {one.operator}")
        case (("Exists" | "DoesNotExist"), (_, *_)):
            yield Fault(("values",), f"have no place beside {one.operator}")
        case (("Gt" | "Lt"), values) if len(values) != 1 or not WHOLE.fullmatch(values[0]):
            yield Fault(("values",), f"must be one whole number beside {one.operator}")
