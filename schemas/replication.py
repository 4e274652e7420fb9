"""ReplicationControllers (v1): what ReplicaSets were before there were any."""

from collections.abc import Iterator
from typing import Literal, Self

from pydantic import Field, model_validator

from schemas.apps import template_faults
from schemas.core import Status
from schemas.meta import Labels, ObjectMeta
from schemas.model import Fault, Model, Natural, complain
from schemas.pod import PodTemplate
from schemas.selectors import LabelSelector


class ReplicationControllerSpec(Model):
    """The pods of a ReplicationController. Times in seconds."""

    replicas: Natural = 1
    selector: Labels = Field(default_factory=dict)
    template: PodTemplate
    min_ready_seconds: Natural = 0

    @property
    def label_selector(self) -> LabelSelector:
        """What chooses its pods: where no selector is written, the labels of the template."""
        return LabelSelector.model_construct(match_labels=self.selector or self.template.metadata.labels)

    @model_validator(mode="after")
    def _rules(self) -> Self:
        complain(_faults(self))
        return self


class ReplicationController(Model):
    """Pods that are kept at a number, as a ReplicaSet keeps them; its selector is labels alone."""

    api_version: Literal["v1"]
    kind: Literal["ReplicationController"]
    metadata: ObjectMeta
    spec: ReplicationControllerSpec
    status: Status = None


def _faults(spec: ReplicationControllerSpec) -> Iterator[Fault]:
    if spec.template.metadata.labels:
        yield from template_faults(spec.label_selector, spec.template, "ReplicationController")
    else:
        yield Fault(("template", "metadata", "labels"), "must not be empty: a pod belongs to it by them")
