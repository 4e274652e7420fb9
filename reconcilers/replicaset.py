"""ReplicaSets and ReplicationControllers: pods kept at a number, never replaced for another template."""

from collections.abc import Mapping
from typing import Any

from reconcilers.alike import Pace, Way, alike
from reconcilers.template import of_object
from reconcilers.wanted import Wanted
from reconcilers.world import World
from runtime.resources import Owner
from schemas.apps import ReplicaSet
from schemas.replication import ReplicationController


def reconcile(one: ReplicaSet | ReplicationController, document: Mapping[str, Any], world: World) -> Wanted:
    """Return the pods that such an object wants at this moment."""
    meta, spec = one.metadata, one.spec
    owner = Owner(one.kind, meta.namespace, meta.name)
    written = {"kind": one.kind, **document["spec"]["template"]}  # no other kind makes pods of the same names
    made = of_object(world, owner, spec.template, written, meta.annotations)
    return alike(made, Pace(spec.replicas, Way.STAY, min_ready=spec.min_ready_seconds), world)
