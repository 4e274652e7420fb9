"""Values in other values' places: frozen models and plain data are copied along the path, never changed."""

import re
from typing import Any

from schemas.model import Model, Path

_CAPITAL = re.compile(r"(?<=[a-z])([A-Z])")


def with_value(model: Any, path: Path, value: Any) -> Any:
    """Return a model with another value at a path of field names, as YAML spells them."""
    if not path:
        return value
    assert isinstance(model, Model)
    name = _CAPITAL.sub(lambda match: f"_{match[1].lower()}", str(path[0]))
    return model.model_copy(update={name: with_value(getattr(model, name), path[1:], value)})


def with_data(data: Any, path: Path, value: Any) -> Any:
    """Return plain data with another value at a path; what is missing on the way is made."""
    if not path:
        return value
    step, rest = path[0], path[1:]
    if isinstance(step, int):
        return [with_data(one, rest, value) if at == step else one for at, one in enumerate(data)]
    inside = data or {}
    return {**inside, step: with_data(inside.get(step), rest, value)}
