"""What pydantic finds wrong, in the words of someone who writes manifests."""

from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from schemas.model import Model, Path
from schemas.nearest import did_you_mean
from schemas.positions import Origin
from schemas.problems import Problem
from schemas.shape import model_at, shape

_MOST = 500
_KEY = "[key]"
_MAPPING = "must be a mapping"
_LIST = "must be a list"
_WORDS: dict[str, str] = {
    "missing": "is required",
    "dict_type": _MAPPING,
    "mapping_type": _MAPPING,
    "model_type": _MAPPING,
    "model_attributes_type": _MAPPING,
    "tuple_type": _LIST,
    "list_type": _LIST,
}
_CONTEXT: dict[str, Callable[[Mapping[str, Any]], str]] = {
    "greater_than_equal": lambda context: f"must be at least {context['ge']}",
    "less_than_equal": lambda context: f"must be at most {context['le']}",
    "literal_error": lambda context: f"must be {context['expected']}",
    "rule": lambda context: str(context["message"]),
    "value_error": lambda context: str(context["error"]),
}


def problems_of(error: ValidationError, origin: Origin, model: type[Model]) -> Iterator[Problem]:
    """Yield what pydantic found as problems in their places; no more than anybody would read."""
    errors = error.errors(include_url=False)
    yield from (_problem_of(each, origin, model) for each in errors[:_MOST])
    if len(errors) > _MOST:
        yield origin.problem((), f"and {len(errors) - _MOST} more problems in this object")


def _problem_of(error: ErrorDetails, origin: Origin, model: type[Model]) -> Problem:
    at_key = error["type"] == "extra_forbidden" or _KEY in error["loc"]
    path: Path = tuple(step for step in error["loc"] if step != _KEY)
    return origin.problem(path, _message(error, path, origin, model), at_key=at_key)


def _message(error: ErrorDetails, path: Path, origin: Origin, model: type[Model]) -> str:
    kind, context = error["type"], error.get("ctx", {})
    match kind:
        case "extra_forbidden":
            return "unknown field" + did_you_mean(str(path[-1]), _fields(model_at(model, path[:-1])))
        case "string_type":
            return _not_a_string(error["input"], _visible(path, origin, model))
        case "int_type" | "int_from_float" | "bool_type":
            return _not_a("a whole number" if kind != "bool_type" else "true or false", error["input"])
    if kind in _CONTEXT:
        return _CONTEXT[kind](context)
    return _WORDS.get(kind, error["msg"])


def _fields(model: type[Model] | None) -> Collection[str]:
    return shape(model) if model else ()


def _visible(path: Path, origin: Origin, model: type[Model]) -> str | None:
    return None if model.__name__ == "Secret" and path[0] != "metadata" else origin.written(path)


def _not_a_string(value: Any, written: str | None) -> str:
    if isinstance(value, dict | list | tuple):
        return (
            "must be a string, not a mapping" if isinstance(value, dict) else "must be a string, not a list"
        )
    what = "true or false" if isinstance(value, bool) else "a number"
    if value is None:
        return "must be a string, and there is nothing"
    return f"must be a string, not {what}: " + (f'write "{written}"' if written else "put it in quotes")


def _not_a(what: str, value: Any) -> str:
    return f"must be {what}" + (", without quotes" if isinstance(value, str) and value else "")
