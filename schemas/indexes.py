"""Sets of a Job's indexes as Kubernetes writes them: ``0,2-4``."""

from collections.abc import Iterable, Iterator

Interval = tuple[int, int]
"""The first and the last index of a run of them."""


def indexes(text: str) -> frozenset[int]:
    """Read indexes in rising order; raises ValueError for anything else."""
    found: list[int] = []
    for part in text.split(","):
        first, dash, last = part.partition("-")
        if not (first.isdecimal() and (last.isdecimal() if dash else True)):
            raise ValueError(f"{part!r} is no index: write such as 0,2-4")
        numbers = range(int(first), int(last or first) + 1)
        if not numbers or (found and numbers[0] <= found[-1]):
            raise ValueError(f"{part!r} must be more than what stands before it")
        if numbers[-1] >= 10**6:
            raise ValueError(f"{part!r}: no Job has so many indexes")
        found.extend(numbers)
    return frozenset(found)


def intervals(numbers: Iterable[int]) -> tuple[Interval, ...]:
    """Return indexes as intervals, in order."""
    found: list[Interval] = []
    for number in sorted(set(numbers)):
        if found and found[-1][1] == number - 1:
            found[-1] = (found[-1][0], number)
        else:
            found.append((number, number))
    return tuple(found)


def written(numbers: Iterable[int]) -> str:
    """Write indexes as Kubernetes does."""
    return ",".join(f"{first}-{last}" if last > first else str(first) for first, last in intervals(numbers))


def within(text: str, completions: int) -> frozenset[int]:
    """Read what an earlier pass wrote, leaving out what is no index of a Job of so many completions."""
    return frozenset(number for part in text.split(",") for number in _part(part, completions))


def _part(text: str, completions: int) -> Iterator[int]:
    first, dash, last = text.partition("-")
    if first.isdecimal() and (last.isdecimal() if dash else True):
        yield from range(int(first), min(int(last or first), completions - 1) + 1)
