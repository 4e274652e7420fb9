"""What writes itself when needed behaves as what the standard library writes at once."""

import copy
import dataclasses
import pickle
from collections.abc import Callable, Mapping
from dataclasses import FrozenInstanceError, field, replace
from typing import Any

import pytest

from runtime.dataclass import dataclass
from runtime.resources import Mount


def _written(decorate: Callable[[type], type]) -> Any:
    class Value:
        """Every sort of field that the program uses."""

        name: str
        size: int = 3
        labels: Mapping[str, str] = field(default_factory=dict)
        key: bytes = field(default=b"", repr=False)
        seen: float = field(default=0.0, compare=False)

        @property
        def twice(self) -> int:
            return self.size * 2

    return decorate(Value)


Late: Any = dataclass(frozen=True, slots=True)(type("Late", (), {"__annotations__": {"name": str}}))
OURS = _written(dataclass(frozen=True, slots=True))
THEIRS = _written(dataclasses.dataclass(frozen=True, slots=True))
GIVEN: tuple[tuple[tuple[Any, ...], dict[str, Any]], ...] = (
    (("web",), {}),
    (("web", 4), {"key": b"secret"}),
    ((), {"name": "web", "seen": 2.5}),
    (("api", 3, {"a": "b"}, b"", 1.0), {}),
)


@pytest.mark.parametrize(("given", "named"), GIVEN)
def test_a_value_shows_itself_and_its_fields_as_the_librarys_does(
    given: tuple[Any, ...], named: dict[str, Any]
) -> None:
    ours, theirs = OURS(*given, **named), THEIRS(*given, **named)
    assert repr(ours) == repr(theirs)
    assert "secret" not in repr(ours)
    assert dataclasses.asdict(ours) == dataclasses.asdict(theirs)
    assert (ours.twice, ours.__match_args__) == (theirs.twice, theirs.__match_args__)
    assert not hasattr(ours, "__dict__")


@pytest.mark.parametrize("other", GIVEN)
@pytest.mark.parametrize("one", GIVEN)
def test_values_are_equal_where_the_librarys_are(one: Any, other: Any) -> None:
    ours = [OURS(*given, **named) for given, named in (one, other)]
    theirs = [THEIRS(*given, **named) for given, named in (one, other)]
    assert (ours[0] == ours[1]) == (theirs[0] == theirs[1])
    assert ours[0] != theirs[0]


def test_equal_values_have_one_hash_and_what_cannot_be_hashed_says_so() -> None:
    assert hash(Late("web")) == hash(Late("web"))
    assert {Late("web"), Late("web"), Late("api")} == {Late("api"), Late("web")}
    with pytest.raises(TypeError, match="unhashable"):
        hash(OURS("web"))


@pytest.mark.parametrize("given", [(), ("web", 1, {}, b"", 0.0, "more")])
def test_wrong_arguments_are_the_librarys_error(given: tuple[Any, ...]) -> None:
    with pytest.raises(TypeError) as theirs:
        THEIRS(*given)
    with pytest.raises(TypeError) as ours:
        OURS(*given)
    assert str(ours.value) == str(theirs.value)


def test_a_value_never_changes_and_has_changed_copies() -> None:
    value = OURS("web", labels={"a": "b"})
    with pytest.raises(FrozenInstanceError, match="size"):
        value.size = 4
    with pytest.raises(FrozenInstanceError, match="size"):
        del value.size
    assert replace(value, size=4) == OURS("web", 4, {"a": "b"})
    assert value.size == 3
    assert copy.deepcopy(value) == copy.copy(value) == value


def test_a_value_goes_through_a_pickle() -> None:
    mount = Mount("/data", volume="data", read_only=True)
    assert pickle.loads(pickle.dumps(mount)) == mount


def test_each_value_has_defaults_of_its_own() -> None:
    assert OURS("web").labels is not OURS("web").labels
    assert OURS("web").labels == {}
