"""The pod in an object, whatever kind the object is."""

from dataclasses import dataclass

from schemas.apps import Deployment
from schemas.core import Pod
from schemas.kinds import Object
from schemas.model import Path
from schemas.pod import PodSpec


@dataclass(frozen=True, slots=True)
class PodIn:
    """A pod's specification, the path that leads to it, and how many of it there are to be."""

    spec: PodSpec
    path: Path
    replicas: int


def pod_of(value: Object) -> PodIn | None:
    """Return the pod in an object; None where it has none."""
    match value:
        case Pod():
            return PodIn(value.spec, ("spec",), 1)
        case Deployment():
            return PodIn(value.spec.template.spec, ("spec", "template", "spec"), value.spec.replicas)
    return None
