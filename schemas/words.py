"""What pydantic finds wrong, in the words of someone who writes manifests."""

from collections.abc import Callable, Mapping
from difflib import get_close_matches
from typing import Any

from pydantic_core import ErrorDetails

from schemas.model import Model, Path
from schemas.positions import Origin
from schemas.problems import Problem
from schemas.shape import model_at, shape

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


def problem_of(error: ErrorDetails, origin: Origin, model: type[Model]) -> Problem:
    """Return pydantic's error as a problem in its place."""
    at_key = error["type"] == "extra_forbidden" or _KEY in error["loc"]
    path: Path = tuple(step for step in error["loc"] if step != _KEY)
    return origin.problem(path, _message(error, path, origin, model), at_key=at_key)


def _message(error: ErrorDetails, path: Path, origin: Origin, model: type[Model]) -> str:
    kind, context = error["type"], error.get("ctx", {})
    match kind:
        case "extra_forbidden":
            return "unknown field" + _did_you_mean(model_at(model, path[:-1]), str(path[-1]))
        case "string_type":
            return _not_a_string(error["input"], _visible(path, origin, model))
        case "int_type" | "int_from_float" | "bool_type":
            return _not_a("a whole number" if kind != "bool_type" else "true or false", error["input"])
    if kind in _CONTEXT:
        return _CONTEXT[kind](context)
    return _WORDS.get(kind, error["msg"])


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


def _did_you_mean(model: type[Model] | None, name: str) -> str:
    names = {field.lower(): field for field in shape(model)} if model else {}
    near = get_close_matches(name.lower(), names, n=1)
    return f" (did you mean `{names[near[0]]}`?)" if near else ""
