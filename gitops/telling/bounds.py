"""What git says of objects that bound others, in the fields that ``describe`` tells."""

from collections.abc import Mapping
from typing import Any

from gitops.look import Sight
from reconcilers.budget import Budget
from reconcilers.disruption import budget_of
from reconcilers.quotas import used
from schemas.disruption import PodDisruptionBudget
from schemas.limits import LimitRange
from schemas.quantity import Quantity
from schemas.quotas import ResourceQuota, is_counted

Details = Mapping[str, Any]


def limit_range(one: LimitRange, _: Sight) -> Details:
    """Return the bounds and defaults for each type."""
    fields = {
        "min": "min",
        "max": "max",
        "default_requests": "defaultRequest",
        "default_limits": "default",
        "max_limit_request_ratio": "maxLimitRequestRatio",
    }
    return {
        "limits": [
            {
                "name": item.type,
                **{field: _amounts(getattr(item, name)) for name, field in fields.items()},
            }
            for item in one.spec.limits
        ]
    }


def quota(one: ResourceQuota, _: Sight) -> Details:
    """Return which pods count; what is used stands in the columns."""
    scopes = [" ".join([each.scope_name, each.operator, *each.values]) for each in one.spec.expressions]
    return {"scopes": scopes}


def usage(one: ResourceQuota, sight: Sight) -> Mapping[str, str]:
    """Return, of all that a quota bounds, how much is used and how much there may be."""
    manifests = list(sight.manifests.values())
    spent = {name: used(name, one, manifests, sight.world) for name in one.spec.hard if is_counted(name)}
    return {name: f"{amount}/{one.spec.hard[name]}" for name, amount in spent.items()}


def disruption(one: PodDisruptionBudget, sight: Sight) -> Details:
    """Return what a budget asks for, and how it is, in Kubernetes' words."""
    found = budget_now(one, sight)
    return {
        "unhealthyPodEvictionPolicy": one.spec.unhealthy_pod_eviction_policy,
        "expectedPods": found.expected,
        "currentHealthy": found.current,
        "desiredHealthy": found.desired,
    }


def budget_now(one: PodDisruptionBudget, sight: Sight) -> Budget:
    """Return how a budget is at this moment."""
    return budget_of(one, sight.view.wanted if sight.view else (), sight.world)


def _amounts(amounts: Mapping[str, Quantity]) -> Details:
    return {name: str(amount) for name, amount in amounts.items()}
