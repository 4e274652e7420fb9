"""Which function answers for which kind."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from reconcilers import deployment, plain, pod
from reconcilers.wanted import Wanted
from reconcilers.world import Catalog, World
from schemas.core import ConfigMap, PersistentVolumeClaim, Secret
from schemas.manifest import Manifest
from schemas.service import Service

KINDS: Mapping[str, Callable[[Any, Mapping[str, Any], World], Wanted]] = {
    "ConfigMap": plain.configuration,
    "Deployment": deployment.reconcile,
    "Namespace": plain.namespace,
    "PersistentVolumeClaim": plain.claim,
    "Pod": pod.reconcile,
    "Secret": plain.configuration,
    "Service": plain.configuration,
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
    return Catalog(
        config_maps={(o.metadata.namespace, o.metadata.name): o for o in objects if isinstance(o, ConfigMap)},
        secrets={(o.metadata.namespace, o.metadata.name): o for o in objects if isinstance(o, Secret)},
        claims={
            (o.metadata.namespace, o.metadata.name): o
            for o in objects
            if isinstance(o, PersistentVolumeClaim)
        },
        headless={
            namespace: [one for one in headless if one.metadata.namespace == namespace]
            for namespace in {one.metadata.namespace for one in headless}
        },
    )
