"""Pods that are only for some machines: where a DaemonSet's labels of nodes have a meaning."""

from typing import Annotated

from pydantic import Field

from schemas.model import Many, Model, Noted, Texts
from schemas.pod import PodSpec, PodTemplate
from schemas.scheduling import NodeSelector, PodAffinity, PreferredNode

_PREFERENCE = "there is one machine to run on: nothing to prefer it to"
_OTHERS = "pods are not placed by where others are: there is one machine"


class PlacedNodeAffinity(Model):
    """Which machines a pod is for."""

    required_during_scheduling_ignored_during_execution: NodeSelector | None = None
    preferred_during_scheduling_ignored_during_execution: Annotated[
        Many[PreferredNode], Noted(_PREFERENCE)
    ] = ()


class PlacedAffinity(Model):
    """What decides whether a pod is for this machine."""

    node_affinity: PlacedNodeAffinity | None = None
    pod_affinity: Annotated[PodAffinity | None, Noted(_OTHERS)] = None
    pod_anti_affinity: Annotated[PodAffinity | None, Noted(_OTHERS)] = None


class PlacedPodSpec(PodSpec):
    """A pod as PodSpec, that runs here if this machine's labels are what it asks for."""

    affinity: PlacedAffinity | None = None  # type: ignore[assignment]
    node_selector: Texts[str, str] = Field(default_factory=dict)


class PlacedTemplate(PodTemplate):
    """The pod that a controller makes on the machines that it is for."""

    spec: PlacedPodSpec
