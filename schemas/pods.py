"""The pod in an object, whatever kind the object is."""

from dataclasses import dataclass

from schemas.apps import DaemonSet, Deployment, ReplicaSet, StatefulSet
from schemas.batch import CronJob, Job
from schemas.core import Pod
from schemas.kinds import Object
from schemas.model import Path
from schemas.pod import PodSpec
from schemas.replication import ReplicationController

_TEMPLATE = ("spec", "template", "spec")


@dataclass(frozen=True, slots=True)
class PodIn:
    """A pod's specification, the path that leads to it, and how many of it there are to be.

    ``claims`` are the volumes that it has beside its own, from the templates of a StatefulSet.
    """

    spec: PodSpec
    path: Path
    replicas: int
    claims: tuple[str, ...] = ()


def pod_of(value: Object) -> PodIn | None:
    """Return the pod in an object; None where it has none."""
    match value:
        case Pod():
            return PodIn(value.spec, ("spec",), 1)
        case Deployment() | ReplicaSet() | ReplicationController():
            return PodIn(value.spec.template.spec, _TEMPLATE, value.spec.replicas)
        case DaemonSet():
            return PodIn(value.spec.template.spec, _TEMPLATE, 1)
        case StatefulSet():
            claims = tuple(one.metadata.name for one in value.spec.volume_claim_templates)
            return PodIn(value.spec.template.spec, _TEMPLATE, value.spec.replicas, claims)
        case Job() | CronJob():
            return _of_job(value)
    return None


def _of_job(value: Job | CronJob) -> PodIn:
    if isinstance(value, Job):
        return PodIn(value.spec.template.spec, _TEMPLATE, value.spec.parallelism)
    job = value.spec.job_template.spec
    return PodIn(job.template.spec, ("spec", "jobTemplate", *_TEMPLATE), job.parallelism)


def maker_of(pod: str) -> str:
    """Return the name of the StatefulSet that would make a pod of this name, "" where none would."""
    name, _, number = pod.rpartition("-")
    return name if number.isdecimal() and number == str(int(number)) else ""


def makes(value: StatefulSet, pod: str) -> bool:
    """Say whether a StatefulSet makes a pod of this name."""
    start = value.spec.ordinals.start
    return maker_of(pod) == value.metadata.name and (
        start <= int(pod.rpartition("-")[2]) < start + value.spec.replicas
    )
