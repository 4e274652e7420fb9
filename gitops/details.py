"""What git says of an object, in the fields that ``describe`` tells; of a Secret only keys and sizes."""

from collections.abc import Callable, Mapping
from typing import Any

from gitops.look import Sight
from reconcilers.template import network_name
from schemas.apps import Deployment
from schemas.core import ConfigMap, Namespace, PersistentVolumeClaim, Pod, Secret
from schemas.manifest import Manifest
from schemas.selectors import LabelSelector
from schemas.service import Service
from schemas.storage import PersistentVolume

Details = Mapping[str, Any]


def details(sight: Sight, manifest: Manifest) -> Details:
    """Return an object's labels and annotations, and what its kind has to tell."""
    one = manifest.object
    told = KINDS.get(one.kind, _nothing)(one, sight)
    annotations = {} if isinstance(one, Secret) else one.metadata.annotations  # kubectl copies values there
    return {"labels": dict(one.metadata.labels), "annotations": dict(annotations), **told}


def _deployment(one: Deployment, _: Sight) -> Details:
    rolling = one.spec.strategy.rolling
    pace = {"maxSurge": rolling.max_surge, "maxUnavailable": rolling.max_unavailable}
    kind = one.spec.strategy.type
    return {
        "selector": _selector(one.spec.selector),
        "replicas": one.spec.replicas,
        "strategy": {"type": kind, **(pace if kind == "RollingUpdate" else {})},
        "containers": {each.name: each.image for each in one.spec.template.spec.containers},
    }


def _pod(one: Pod, _: Sight) -> Details:
    containers = {each.name: each.image for each in one.spec.containers}
    return {"restartPolicy": one.spec.restart_policy, "containers": containers}


def _service(one: Service, _: Sight) -> Details:
    targets = {f"{port.port}/{port.protocol}": port.target_port or port.port for port in one.spec.ports}
    return {"selector": dict(one.spec.selector), "targetPorts": targets}


def _config_map(one: ConfigMap, _: Sight) -> Details:
    return {"data": dict(one.data), "binaryData": {key: _size(one.values[key]) for key in one.binary_data}}


def _secret(one: Secret, _: Sight) -> Details:
    return {"data": {key: _size(value) for key, value in one.values.items()}}


def _claim(one: PersistentVolumeClaim, _: Sight) -> Details:
    return {"requests": {name: str(amount) for name, amount in one.spec.resources.requests.items()}}


def _volume(one: PersistentVolume, _: Sight) -> Details:
    return {"storageClassName": one.spec.storage_class_name, "type": one.spec.place.type}


def _namespace(one: Namespace, sight: Sight) -> Details:
    name = network_name(one.metadata.name)
    subnets = [subnet for each in sight.seen.networks if each.name == name for subnet in each.subnets]
    return {"network": name, "subnets": subnets}


def _selector(selector: LabelSelector) -> Details:
    expressions = {f"{one.key} {one.operator}": ", ".join(one.values) for one in selector.match_expressions}
    return {**selector.match_labels, **expressions}


def _size(value: bytes) -> str:
    return f"{len(value)} bytes"


def _nothing(_: Any, __: Sight) -> Details:
    return {}


KINDS: Mapping[str, Callable[[Any, Sight], Details]] = {
    "ConfigMap": _config_map,
    "Deployment": _deployment,
    "Namespace": _namespace,
    "PersistentVolume": _volume,
    "PersistentVolumeClaim": _claim,
    "Pod": _pod,
    "Secret": _secret,
    "Service": _service,
}
