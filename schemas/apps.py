"""The kinds of the group apps (apps/v1)."""

from collections.abc import Iterator
from typing import Literal, Self

from pydantic import Field, model_validator

from schemas.core import Status
from schemas.int_or_percent import IntOrPercent
from schemas.meta import ObjectMeta
from schemas.model import Fault, Many, Model, Natural, complain
from schemas.names import DNS_LABEL
from schemas.placement import PlacedTemplate
from schemas.pod import PodTemplate
from schemas.selectors import LabelSelector, matches
from schemas.volumes import StatefulClaim

_NONE_AT_ALL = frozenset({0, "0%"})
REVISIONS = 10  # older ones that are told of, where nothing is said


class RollingUpdate(Model):
    """How many pods may be there too many, and too few, during an update."""

    max_surge: IntOrPercent = "25%"
    max_unavailable: IntOrPercent = "25%"

    @model_validator(mode="after")
    def _rules(self) -> Self:
        if self.max_surge in _NONE_AT_ALL and self.max_unavailable in _NONE_AT_ALL:
            complain([Fault(("maxUnavailable",), "must be more than 0 where maxSurge is 0")])
        return self


class DeploymentStrategy(Model):
    """How old pods are replaced by new ones."""

    type: Literal["RollingUpdate", "Recreate"] = "RollingUpdate"
    rolling_update: RollingUpdate | None = None

    @property
    def rolling(self) -> RollingUpdate:
        """The rolling update's figures, Kubernetes' own where none are given."""
        return self.rolling_update or RollingUpdate()

    @model_validator(mode="after")
    def _rules(self) -> Self:
        if self.type == "Recreate" and self.rolling_update:
            complain([Fault(("rollingUpdate",), "has no place beside type Recreate")])
        return self


class DeploymentSpec(Model):
    """The pods of a Deployment, and how they are replaced. Times in seconds."""

    replicas: Natural = 1
    selector: LabelSelector
    template: PodTemplate
    strategy: DeploymentStrategy = Field(default_factory=DeploymentStrategy)
    min_ready_seconds: Natural = 0
    progress_deadline_seconds: Natural = 600
    paused: bool = False
    revision_history_limit: Natural = REVISIONS

    @model_validator(mode="after")
    def _rules(self) -> Self:
        complain(_faults(self))
        return self


class Deployment(Model):
    """Pods that are all alike, kept at a number and replaced step by step."""

    api_version: Literal["apps/v1"]
    kind: Literal["Deployment"]
    metadata: ObjectMeta
    spec: DeploymentSpec
    status: Status = None


class ReplicaSetSpec(Model):
    """The pods of a ReplicaSet. Times in seconds."""

    replicas: Natural = 1
    selector: LabelSelector
    template: PodTemplate
    min_ready_seconds: Natural = 0

    @property
    def label_selector(self) -> LabelSelector:
        """What chooses its pods."""
        return self.selector

    @model_validator(mode="after")
    def _rules(self) -> Self:
        complain(template_faults(self.selector, self.template, "ReplicaSet"))
        return self


class ReplicaSet(Model):
    """Pods that are kept at a number; another template concerns only the pods that are made from then on."""

    api_version: Literal["apps/v1"]
    kind: Literal["ReplicaSet"]
    metadata: ObjectMeta
    spec: ReplicaSetSpec
    status: Status = None


class StatefulRollingUpdate(Model):
    """Which pods of a StatefulSet an update reaches, and how many of them may be unavailable meanwhile."""

    partition: Natural = 0
    max_unavailable: IntOrPercent = 1

    @model_validator(mode="after")
    def _rules(self) -> Self:
        if self.max_unavailable in _NONE_AT_ALL:
            complain([Fault(("maxUnavailable",), "must be more than 0")])
        return self


class StatefulStrategy(Model):
    """How the pods of a StatefulSet are replaced."""

    type: Literal["RollingUpdate", "OnDelete"] = "RollingUpdate"
    rolling_update: StatefulRollingUpdate | None = None

    @property
    def rolling(self) -> StatefulRollingUpdate:
        """The rolling update's figures, Kubernetes' own where none are given."""
        return self.rolling_update or StatefulRollingUpdate()

    @model_validator(mode="after")
    def _rules(self) -> Self:
        if self.type == "OnDelete" and self.rolling_update:
            complain([Fault(("rollingUpdate",), "has no place beside type OnDelete")])
        return self


class Ordinals(Model):
    """Where the numbers of a StatefulSet's pods begin."""

    start: Natural = 0


class ClaimRetention(Model):
    """What becomes of the claims of a StatefulSet's pods when the set, or a pod too many, is gone."""

    when_deleted: Literal["Retain", "Delete"] = "Retain"
    when_scaled: Literal["Retain", "Delete"] = "Retain"


class StatefulSetSpec(Model):
    """The pods of a StatefulSet, their order, and their claims. Times in seconds."""

    service_name: str = ""
    replicas: Natural = 1
    ordinals: Ordinals = Field(default_factory=Ordinals)
    selector: LabelSelector
    template: PodTemplate
    volume_claim_templates: Many[StatefulClaim] = ()
    persistent_volume_claim_retention_policy: ClaimRetention = Field(default_factory=ClaimRetention)
    pod_management_policy: Literal["OrderedReady", "Parallel"] = "OrderedReady"
    update_strategy: StatefulStrategy = Field(default_factory=StatefulStrategy)
    min_ready_seconds: Natural = 0
    revision_history_limit: Natural = REVISIONS

    @model_validator(mode="after")
    def _rules(self) -> Self:
        complain(_stateful_faults(self))
        return self


class StatefulSet(Model):
    """Pods that keep their names, their places in an order and their volumes."""

    api_version: Literal["apps/v1"]
    kind: Literal["StatefulSet"]
    metadata: ObjectMeta
    spec: StatefulSetSpec
    status: Status = None


class DaemonRollingUpdate(Model):
    """Whether a DaemonSet's new pod starts before the old one stops."""

    max_surge: IntOrPercent = 0
    max_unavailable: IntOrPercent = 1

    @model_validator(mode="after")
    def _rules(self) -> Self:
        surge, unavailable = (one not in _NONE_AT_ALL for one in (self.max_surge, self.max_unavailable))
        if not surge and not unavailable:
            complain([Fault(("maxUnavailable",), "must be more than 0 where maxSurge is 0")])
        if surge and unavailable:
            complain([Fault(("maxSurge",), "only where maxUnavailable is 0 (left out, it is 1)")])
        return self


class DaemonStrategy(Model):
    """How the pod of a DaemonSet is replaced."""

    type: Literal["RollingUpdate", "OnDelete"] = "RollingUpdate"
    rolling_update: DaemonRollingUpdate | None = None

    @property
    def surges(self) -> bool:
        """Whether a new pod starts before the old one stops."""
        return self.rolling_update is not None and self.rolling_update.max_surge not in _NONE_AT_ALL

    @model_validator(mode="after")
    def _rules(self) -> Self:
        if self.type == "OnDelete" and self.rolling_update:
            complain([Fault(("rollingUpdate",), "has no place beside type OnDelete")])
        return self


class DaemonSetSpec(Model):
    """The pod of a DaemonSet. Times in seconds."""

    selector: LabelSelector
    template: PlacedTemplate
    update_strategy: DaemonStrategy = Field(default_factory=DaemonStrategy)
    min_ready_seconds: Natural = 0
    revision_history_limit: Natural = REVISIONS

    @model_validator(mode="after")
    def _rules(self) -> Self:
        complain(template_faults(self.selector, self.template, "DaemonSet"))
        return self


class DaemonSet(Model):
    """A pod on each machine that it is for: here one, or none."""

    api_version: Literal["apps/v1"]
    kind: Literal["DaemonSet"]
    metadata: ObjectMeta
    spec: DaemonSetSpec
    status: Status = None


def _faults(spec: DeploymentSpec) -> Iterator[Fault]:
    yield from template_faults(spec.selector, spec.template, "Deployment")
    if spec.progress_deadline_seconds <= spec.min_ready_seconds:
        yield Fault(("progressDeadlineSeconds",), "must be more than minReadySeconds")


def template_faults(selector: LabelSelector, template: PodTemplate, kind: str) -> Iterator[Fault]:
    """Yield what is wrong with a selector and a template of pods that are kept running."""
    if selector == LabelSelector():
        yield Fault(("selector",), "must not be empty: repeat labels of the template")
    elif not matches(selector, template.metadata.labels):
        yield Fault(("selector",), "must match spec.template.metadata.labels")
    if template.spec.restart_policy != "Always":
        yield Fault(("template", "spec", "restartPolicy"), f"must be Always in a {kind}")
    if template.spec.active_deadline_seconds:
        yield Fault(("template", "spec", "activeDeadlineSeconds"), f"has no place in a {kind}")


def _stateful_faults(spec: StatefulSetSpec) -> Iterator[Fault]:
    yield from template_faults(spec.selector, spec.template, "StatefulSet")
    if spec.service_name and (complaint := DNS_LABEL.complaint(spec.service_name)):
        yield Fault(("serviceName",), complaint)
    names = [one.metadata.name for one in spec.volume_claim_templates]
    for index, name in enumerate(names):
        if name in names[:index]:
            at = ("volumeClaimTemplates", index, "metadata", "name")
            yield Fault(at, f"a second claim template `{name}`")
