"""Deployments: pods that are all alike, replaced step by step."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from reconcilers import words
from reconcilers.alike import Pace, Way, alike
from reconcilers.template import Template, of_object, stops_first
from reconcilers.wanted import Wanted
from reconcilers.world import World
from runtime.resources import Owner
from schemas.apps import Deployment

FOREVER = 2**31 - 1  # as a deadline


def reconcile(deployment: Deployment, document: Mapping[str, Any], world: World) -> Wanted:
    """Return the pods that a Deployment wants at this moment; never fewer available than it promises."""
    meta, spec = deployment.metadata, deployment.spec
    made = _template(deployment, document, world)
    stops = spec.strategy.type == "Recreate" or stops_first(world, made, meta.annotations)
    pace = Pace(
        replicas=spec.replicas,
        way=Way.RECREATE if stops else Way.ROLL,
        surge=spec.strategy.rolling.max_surge,
        unavailable=spec.strategy.rolling.max_unavailable,
        min_ready=spec.min_ready_seconds,
        deadline=None if spec.progress_deadline_seconds == FOREVER else spec.progress_deadline_seconds,
        paused="by git (spec.paused)" if spec.paused else words.pause(world, made.owner),
    )
    return alike(made, pace, world, lambda commit: _before(made.owner, commit, world))


def _template(deployment: Deployment, document: Mapping[str, Any], world: World) -> Template:
    meta, template = deployment.metadata, deployment.spec.template
    owner = Owner("Deployment", meta.namespace, meta.name)
    return of_object(world, owner, template, document["spec"]["template"], meta.annotations)


def _before(owner: Owner, commit: str, world: World) -> tuple[Template, World] | None:
    """Return a Deployment's template as an earlier commit had it, and the world of that commit."""
    earlier = world.earlier(commit, owner)
    if earlier is None or not isinstance(earlier.manifest.object, Deployment):
        return None
    then = replace(world, commit=commit, catalog=earlier.catalog)
    return _template(earlier.manifest.object, earlier.manifest.document, then), then
