"""What the models look like, field by field: for messages, for classes, and for the documentation."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal, get_args, get_origin

from pydantic.fields import FieldInfo

from schemas.model import Mark, Model, Noted, Path, Refused

Class = Literal["honoured", "noted", "refused"]


@dataclass(frozen=True, slots=True)
class Field:
    """A field: its marks, and the model of what is inside, if it has one."""

    marks: tuple[Mark, ...]
    inside: type[Model] | None
    listed: bool


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the documentation: a field, its class, and the reason where it isn't honoured.

    ``partly`` says that only some values have this class; the others are honoured.
    """

    path: str
    kind: Class
    reason: str
    partly: bool


@cache
def shape(model: type[Model]) -> Mapping[str, Field]:
    """Return a model's fields by their names in YAML."""
    return {info.alias or name: _field(info) for name, info in model.model_fields.items()}


def _field(info: FieldInfo) -> Field:
    nested = [each for part in _parts(info.annotation) for each in _metadata(part)]
    marks = tuple(each for each in (*info.metadata, *nested) if isinstance(each, Noted | Refused))
    parts = list(_parts(info.annotation))
    inside = next((part for part in parts if isinstance(part, type) and issubclass(part, Model)), None)
    return Field(marks, inside, any(get_origin(part) is tuple for part in parts))


def _parts(annotation: Any) -> Iterator[Any]:
    yield annotation
    for argument in get_args(annotation):
        yield from _parts(argument)


def _metadata(part: Any) -> tuple[Any, ...]:
    return getattr(part, "__metadata__", ())


def model_at(model: type[Model], path: Path) -> type[Model] | None:
    """Return the model that a path leads to; None where there is none."""
    here: type[Model] | None = model
    for step in path:
        if here is not None and isinstance(step, str):
            field = shape(here).get(step)
            here = field.inside if field else None
    return here


def marked(model: type[Model], data: Any, path: Path = ()) -> Iterator[tuple[Path, Mark]]:
    """Yield the fields of plain data, whatever its state, that are noted or refused."""
    if not isinstance(data, dict):
        return
    fields = shape(model)
    for name, value in data.items():
        field = fields.get(name)
        if field is not None and value is not None and (field.marks or field.inside):
            yield from _marked(field, value, (*path, name))


def _marked(field: Field, value: Any, path: Path) -> Iterator[tuple[Path, Mark]]:
    hits = [hit for mark in field.marks for hit in _hits(mark, value, path)]
    yield from hits
    if hits or field.inside is None:
        return
    if not isinstance(value, list):
        yield from marked(field.inside, value, path)
        return
    for index, item in enumerate(value):
        yield from marked(field.inside, item, (*path, index))


def _hits(mark: Mark, value: Any, path: Path) -> Iterator[tuple[Path, Mark]]:
    if not mark.when(value):
        return
    if mark.key is None:
        yield path, mark
    elif isinstance(value, dict):
        for name in filter(mark.key, value):
            yield (*path, name), mark


def entries(model: type[Model], path: str = "") -> Iterator[Entry]:
    """Yield every field of a kind with its class, from the top down.

    What is inside a field that is noted or refused has the same class, and is left out.
    """
    for name, field in shape(model).items():
        here = f"{path}.{name}".removeprefix(".") + ("[]" if field.listed else "")
        yield from _entries(field, here)


def _entries(field: Field, path: str) -> Iterator[Entry]:
    for mark in field.marks:
        yield Entry(path, "noted" if isinstance(mark, Noted) else "refused", mark.reason, mark.is_partial)
    if not field.marks:
        yield Entry(path, "honoured", "", partly=False)
    if field.inside is not None and all(mark.is_partial for mark in field.marks):
        yield from entries(field.inside, path)
