"""``dataclass`` as the standard library has it, but what it writes for a frozen value is written when needed.

The library writes six functions for each class as text and compiles them: a fifth of what Python computes
in an ``apply`` before its first step, for 260 classes of which it makes values of a third.
"""

import dataclasses
from collections.abc import Callable
from operator import attrgetter
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dataclasses import dataclass as dataclass  # noqa: PLC0414 (it is exported)
else:

    def dataclass(
        cls: type | None = None, /, *, frozen: bool = False, slots: bool = False, **others: Any
    ) -> Any:
        """Decorate a class as ``dataclasses.dataclass`` does; a frozen one with slots writes itself late."""
        if frozen and slots and not others:
            return _value
        return dataclasses.dataclass(cls, frozen=frozen, slots=slots, **others)


def _value(cls: type) -> type:
    made: Any = dataclasses.dataclass(init=False, repr=False, eq=False, slots=True)(cls)
    made.__init__ = _writes_itself(made)
    made.__repr__ = cls.__dict__.get("__repr__", _shown)
    made.__eq__, made.__hash__ = _compared(made)
    made.__setattr__ = made.__delattr__ = _refuse
    made.__getstate__, made.__setstate__ = _state, _restore
    return made  # type: ignore[no-any-return]


def _writes_itself(made: Any) -> Callable[..., None]:
    def __init__(self: Any, /, *given: Any, **named: Any) -> None:  # noqa: N807 (it is what it says)
        fields = [(one.name, one.type, one) for one in dataclasses.fields(made)]
        said = {"__doc__": made.__doc__}  # without one a signature is computed to stand there
        twin: Any = dataclasses.make_dataclass(
            made.__name__, fields, namespace=said, frozen=True, repr=False, eq=False
        )
        twin.__init__.__qualname__ = f"{made.__qualname__}.__init__"
        made.__init__ = twin.__init__
        made.__init__(self, *given, **named)

    return __init__


def _compared(made: Any) -> tuple[Callable[[Any, Any], bool], Callable[[Any], int]]:
    names = [one.name for one in dataclasses.fields(made) if one.compare]
    values: Callable[[Any], Any] = attrgetter(*names) if names else lambda _: ()

    def __eq__(self: Any, other: Any) -> bool:  # noqa: N807
        return values(self) == values(other) if other.__class__ is self.__class__ else NotImplemented

    def __hash__(self: Any) -> int:  # noqa: N807
        return hash(values(self))

    return __eq__, __hash__


def _shown(self: Any) -> str:
    told = (f"{one.name}={getattr(self, one.name)!r}" for one in dataclasses.fields(self) if one.repr)
    return f"{self.__class__.__qualname__}({', '.join(told)})"


def _refuse(_: Any, name: str, *__: Any) -> None:
    raise dataclasses.FrozenInstanceError(f"cannot assign to or delete field {name!r}")


def _state(self: Any) -> list[Any]:
    return [getattr(self, one.name) for one in dataclasses.fields(self)]


def _restore(self: Any, state: list[Any]) -> None:
    for one, value in zip(dataclasses.fields(self), state, strict=True):
        object.__setattr__(self, one.name, value)
