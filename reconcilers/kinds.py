"""Which function answers for which kind."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from reconcilers import daemonset, deployment, plain, pod, replicaset, statefulset
from reconcilers.wanted import Wanted
from reconcilers.world import Catalog, World
from schemas.binding import bindings
from schemas.core import ConfigMap, PersistentVolumeClaim, Secret
from schemas.manifest import Manifest
from schemas.service import Service
from schemas.storage import PersistentVolume

KINDS: Mapping[str, Callable[[Any, Mapping[str, Any], World], Wanted]] = {
    "ConfigMap": plain.configuration,
    "DaemonSet": daemonset.reconcile,
    "Deployment": deployment.reconcile,
    "Namespace": plain.namespace,
    "PersistentVolume": plain.volume,
    "PersistentVolumeClaim": plain.claim,
    "Pod": pod.reconcile,
    "ReplicaSet": replicaset.reconcile,
    "Secret": plain.configuration,
    "Service": plain.configuration,
    "StatefulSet": statefulset.reconcile,
}


def reconcile(manifests: Iterable[Manifest], world: World) -> list[Wanted]:
    """Return what every object of a commit wants at this moment."""
    return [KINDS[one.object.kind](one.object, one.document, world) for one in manifests]


def catalog(manifests: Sequence[Manifest]) -> Catalog:
    """Return what the pods of a commit may refer to."""
    objects = [one.object for one in manifests]
    headless = [
        one for one in objects if isinstance(one, Service) and one.spec.headless and one.spec.selector
    ]
    claims = [one for one in objects if isinstance(one, PersistentVolumeClaim)]
    volumes = [one for one in objects if isinstance(one, PersistentVolume)]
    return Catalog(
        config_maps={(o.metadata.namespace, o.metadata.name): o for o in objects if isinstance(o, ConfigMap)},
        secrets={(o.metadata.namespace, o.metadata.name): o for o in objects if isinstance(o, Secret)},
        claims={(one.metadata.namespace, one.metadata.name): one for one in claims},
        bound=bindings(claims, volumes).bound,
        headless={
            namespace: [one for one in headless if one.metadata.namespace == namespace]
            for namespace in {one.metadata.namespace for one in headless}
        },
        addressed=frozenset(
            (one.metadata.namespace, one.metadata.name)
            for one in objects
            if isinstance(one, Service) and not one.spec.headless
        ),
    )
