"""Deployments: pods that are all alike, replaced step by step."""

from collections.abc import Mapping
from typing import Any

from reconcilers.alike import Pace, Way, alike
from reconcilers.template import of_object, stops_first
from reconcilers.wanted import Wanted
from reconcilers.world import World
from runtime.resources import Owner
from schemas.apps import Deployment

FOREVER = 2**31 - 1  # as a deadline


def reconcile(deployment: Deployment, document: Mapping[str, Any], world: World) -> Wanted:
    """Return the pods that a Deployment wants at this moment; never fewer available than it promises."""
    meta, spec = deployment.metadata, deployment.spec
    owner = Owner("Deployment", meta.namespace, meta.name)
    made = of_object(world, owner, spec.template, document["spec"]["template"], meta.annotations)
    stops = spec.strategy.type == "Recreate" or stops_first(world, made, meta.annotations)
    pace = Pace(
        replicas=spec.replicas,
        way=Way.RECREATE if stops else Way.ROLL,
        surge=spec.strategy.rolling.max_surge,
        unavailable=spec.strategy.rolling.max_unavailable,
        min_ready=spec.min_ready_seconds,
        deadline=None if spec.progress_deadline_seconds == FOREVER else spec.progress_deadline_seconds,
        paused=spec.paused,
    )
    return alike(made, pace, world)
