"""The kinds of the group apps (apps/v1)."""

from collections.abc import Iterator
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from schemas.core import Status
from schemas.int_or_percent import IntOrPercent
from schemas.meta import ObjectMeta
from schemas.model import Fault, Model, Natural, Noted, complain
from schemas.pod import PodTemplate
from schemas.selectors import LabelSelector, matches

_NONE_AT_ALL = frozenset({0, "0%"})


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
    revision_history_limit: Annotated[Natural | None, Noted("git has the history")] = None

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


def _faults(spec: DeploymentSpec) -> Iterator[Fault]:
    if spec.selector == LabelSelector():
        yield Fault(("selector",), "must not be empty: repeat labels of the template")
    elif not matches(spec.selector, spec.template.metadata.labels):
        yield Fault(("selector",), "must match spec.template.metadata.labels")
    if spec.template.spec.restart_policy != "Always":
        yield Fault(("template", "spec", "restartPolicy"), "must be Always in a Deployment")
    if spec.template.spec.active_deadline_seconds:
        yield Fault(("template", "spec", "activeDeadlineSeconds"), "has no place in a Deployment")
    if spec.progress_deadline_seconds <= spec.min_ready_seconds:
        yield Fault(("progressDeadlineSeconds",), "must be more than minReadySeconds")
