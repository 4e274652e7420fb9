"""What every typed object is made of: a strict, frozen base, and the class of each field."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, NamedTuple, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, Strict, ValidationError, model_validator
from pydantic_core import InitErrorDetails, PydanticCustomError

Path = tuple[str | int, ...]

_CAPITALS = {
    "api": "API",
    "cpu": "CPU",
    "fqdn": "FQDN",
    "io": "IO",
    "ip": "IP",
    "ipc": "IPC",
    "ips": "IPs",
    "pid": "PID",
    "uid": "UID",
}


def camel(name: str) -> str:
    """Spell an attribute's name as Kubernetes spells the field: ``host_ip`` is ``hostIP``."""
    first, *rest = name.split("_")
    return first + "".join(_CAPITALS.get(word, word.capitalize()) for word in rest)


class Model(BaseModel):
    """A frozen value with Kubernetes' field names, that takes nothing it doesn't know.

    Types are strict, as in Kubernetes: a number where a string belongs is an error.
    An explicit null is the same as leaving the field out.
    """

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        strict=True,
        alias_generator=camel,
        defer_build=True,
        hide_input_in_errors=True,
    )

    @model_validator(mode="before")
    @classmethod
    def _null_is_absent(cls, data: Any) -> Any:
        if type(data) is dict and None in data.values():
            return {name: value for name, value in data.items() if value is not None}
        return data


def _null_is_empty(data: Any) -> Any:
    if type(data) is dict and None in data.values():
        return {name: "" if value is None else value for name, value in data.items()}
    return data


T = TypeVar("T")
K = TypeVar("K", bound=str)
V = TypeVar("V", bound=str)

Many = Annotated[tuple[T, ...], Strict(False)]
"""A list in YAML, a tuple in Python."""

Texts = Annotated[Mapping[K, V], BeforeValidator(_null_is_empty)]
"""A mapping of strings; Kubernetes reads a null in it as the empty string."""

Opaque = Mapping[str, Any]
"""A mapping whose inside has no meaning here, and is not looked at."""

Natural = Annotated[int, Field(ge=0, le=2**31 - 1)]
Positive = Annotated[int, Field(ge=1, le=2**31 - 1)]
UserId = Annotated[int, Field(ge=0, le=2**31 - 1)]


def always(value: Any) -> bool:  # noqa: ARG001 (a predicate over values)
    """Hold for every value."""
    return True


def among(*values: Any) -> Callable[[Any], bool]:
    """Return a predicate that holds for these values."""
    return lambda value: value in values


@dataclass(frozen=True, slots=True)
class Noted:
    """Mark a field that has no meaning on one machine: reported once, then left alone.

    ``when`` narrows the mark to some values; ``key`` to some keys of a mapping.
    """

    reason: str
    when: Callable[[Any], bool] = always
    key: Callable[[str], bool] | None = None

    @property
    def is_partial(self) -> bool:
        """Whether some values, or keys, are honoured."""
        return self.when is not always or self.key is not None


@dataclass(frozen=True, slots=True)
class Refused:
    """Mark a field that can't be left alone without changing meaning or safety.

    The reason says what to do instead. ``when`` and ``key`` as for :class:`Noted`.
    """

    reason: str
    when: Callable[[Any], bool] = always
    key: Callable[[str], bool] | None = None

    @property
    def is_partial(self) -> bool:
        """Whether some values, or keys, are honoured."""
        return self.when is not always or self.key is not None


Mark = Noted | Refused


class Fault(NamedTuple):
    """What is wrong at a path below a model; a rule that holds between fields yields them."""

    at: Path
    message: str


def complain(faults: Iterable[Fault]) -> None:
    """Raise pydantic's error with each fault at its own field; do nothing if there are none."""
    errors = [_error(fault) for fault in faults]
    if errors:
        raise ValidationError.from_exception_data("rules", errors)


def _error(fault: Fault) -> InitErrorDetails:
    words = PydanticCustomError("rule", "{message}", {"message": fault.message})
    return InitErrorDetails(type=words, loc=fault.at, input=None)
