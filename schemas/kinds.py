"""Which kinds there are: the literal table of those that are typed, and what is said of all others."""

from schemas.apps import Deployment
from schemas.core import ConfigMap, Namespace, PersistentVolumeClaim, Pod, Secret
from schemas.model import Model
from schemas.service import Service
from schemas.storage import PersistentVolume

Object = (
    ConfigMap | Deployment | Namespace | PersistentVolume | PersistentVolumeClaim | Pod | Secret | Service
)

KINDS: dict[tuple[str, str], type[Model]] = {
    ("v1", "ConfigMap"): ConfigMap,
    ("v1", "Namespace"): Namespace,
    ("v1", "PersistentVolume"): PersistentVolume,
    ("v1", "PersistentVolumeClaim"): PersistentVolumeClaim,
    ("v1", "Pod"): Pod,
    ("v1", "Secret"): Secret,
    ("v1", "Service"): Service,
    ("apps/v1", "Deployment"): Deployment,
}
