"""What git says of objects that bound others, in the fields that ``describe`` tells."""

from collections.abc import Mapping
from typing import Any

from gitops.look import Sight
from schemas.limits import LimitRange
from schemas.quantity import Quantity

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


def _amounts(amounts: Mapping[str, Quantity]) -> Details:
    return {name: str(amount) for name, amount in amounts.items()}
