"""Which kinds there are: the literal table of those that are typed, and what is said of all others."""

from schemas.apps import DaemonSet, Deployment, ReplicaSet, StatefulSet
from schemas.autoscaling import Autoscaler, HorizontalPodAutoscaler, HorizontalPodAutoscalerV1
from schemas.batch import CronJob, Job
from schemas.core import ConfigMap, Namespace, PersistentVolumeClaim, Pod, Secret
from schemas.disruption import PodDisruptionBudget
from schemas.limits import LimitRange
from schemas.model import Model
from schemas.network_policy import NetworkPolicy
from schemas.networking import Ingress, IngressClass
from schemas.quotas import ResourceQuota
from schemas.replication import ReplicationController
from schemas.service import Endpoints, EndpointSlice, Service
from schemas.storage import PersistentVolume

Scaled = Deployment | ReplicaSet | ReplicationController | StatefulSet  # kinds that have a number of pods
Workload = DaemonSet | Scaled
Leading = Endpoints | EndpointSlice | Ingress | IngressClass | NetworkPolicy | Service
Batch = CronJob | Job
Bounding = LimitRange | PodDisruptionBudget | ResourceQuota
Core = ConfigMap | Namespace | PersistentVolume | PersistentVolumeClaim | Pod | Secret
Object = Autoscaler | Batch | Bounding | Core | Leading | Workload

KINDS: dict[tuple[str, str], type[Model]] = {
    ("v1", "ConfigMap"): ConfigMap,
    ("v1", "Endpoints"): Endpoints,
    ("v1", "LimitRange"): LimitRange,
    ("v1", "Namespace"): Namespace,
    ("v1", "PersistentVolume"): PersistentVolume,
    ("v1", "PersistentVolumeClaim"): PersistentVolumeClaim,
    ("v1", "Pod"): Pod,
    ("v1", "ReplicationController"): ReplicationController,
    ("v1", "ResourceQuota"): ResourceQuota,
    ("v1", "Secret"): Secret,
    ("v1", "Service"): Service,
    ("apps/v1", "DaemonSet"): DaemonSet,
    ("apps/v1", "Deployment"): Deployment,
    ("apps/v1", "ReplicaSet"): ReplicaSet,
    ("apps/v1", "StatefulSet"): StatefulSet,
    ("batch/v1", "CronJob"): CronJob,
    ("batch/v1", "Job"): Job,
    ("discovery.k8s.io/v1", "EndpointSlice"): EndpointSlice,
    ("autoscaling/v1", "HorizontalPodAutoscaler"): HorizontalPodAutoscalerV1,
    ("autoscaling/v2", "HorizontalPodAutoscaler"): HorizontalPodAutoscaler,
    ("networking.k8s.io/v1", "Ingress"): Ingress,
    ("networking.k8s.io/v1", "IngressClass"): IngressClass,
    ("networking.k8s.io/v1", "NetworkPolicy"): NetworkPolicy,
    ("policy/v1", "PodDisruptionBudget"): PodDisruptionBudget,
}
