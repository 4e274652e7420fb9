"""The nearest of some names to one that nobody knows."""

from collections.abc import Collection
from difflib import get_close_matches
from functools import lru_cache

_MANY = 50


def did_you_mean(name: str, names: Collection[str], cutoff: float = 0.6) -> str:
    """Return `` (did you mean ...)`` with the nearest name, whatever its capitals; "" if none is near."""
    near = _nearest(name.lower(), tuple(sorted(names)), cutoff)
    return f" (did you mean `{near}`?)" if near else ""


@lru_cache(maxsize=1024)
def _nearest(name: str, names: tuple[str, ...], cutoff: float) -> str:
    spelt = {each.lower(): each for each in names}
    likely = spelt if len(spelt) <= _MANY else [each for each in spelt if _alike(each, name)][:_MANY]
    near = get_close_matches(name, likely, n=1, cutoff=cutoff)
    return spelt[near[0]] if near else ""


def _alike(one: str, other: str) -> bool:
    return abs(len(one) - len(other)) <= 2 and len(set(one) ^ set(other)) <= 3
