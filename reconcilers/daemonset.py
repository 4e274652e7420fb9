"""DaemonSets: one pod on this machine, if the machine's labels are what its template asks for."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from reconcilers.alike import Pace, Way, alike
from reconcilers.nodes import is_for
from reconcilers.template import Template, of_object, stops_first
from reconcilers.wanted import Wanted
from reconcilers.world import World
from runtime.resources import Owner
from schemas.apps import DaemonSet

NOT_FOR_US = "this machine's labels are not what its nodeSelector or node affinity asks for"


def reconcile(one: DaemonSet, document: Mapping[str, Any], world: World) -> Wanted:
    """Return the one pod that a DaemonSet wants at this moment, or none where it isn't for this machine."""
    meta, spec = one.metadata, one.spec
    owner = Owner("DaemonSet", meta.namespace, meta.name)
    written = {"kind": one.kind, **document["spec"]["template"]}  # no other kind makes pods of the same names
    made = of_object(world, owner, spec.template, written, meta.annotations)
    ours = is_for(spec.template.spec, world.node, world.node_labels)
    answer = alike(made, _pace(one, made, world, replicas=int(ours)), world)
    return answer if ours else replace(answer, status=replace(answer.status, reason=NOT_FOR_US))


def _pace(one: DaemonSet, made: Template, world: World, *, replicas: int) -> Pace:
    strategy = one.spec.update_strategy
    if strategy.type == "OnDelete":
        way = Way.STAY
    elif strategy.surges and not stops_first(world, made, one.metadata.annotations):
        way = Way.ROLL
    else:
        way = Way.RECREATE
    return Pace(replicas, way, surge=1, unavailable=0, min_ready=one.spec.min_ready_seconds)
