"""The newest tag that a range of versions allows, by the rules of semver.org and npm's ranges."""

import re
from collections.abc import Callable, Iterable, Iterator
from functools import total_ordering

from runtime.dataclass import dataclass

_PART = r"(?:0|[1-9]\d*)"
_VERSION = re.compile(rf"v?({_PART})\.({_PART})\.({_PART})(?:-([0-9A-Za-z.-]+))?(?:\+[0-9A-Za-z.-]+)?")
_TERM = re.compile(
    r"(\^|~|>=|<=|>|<|=)?\s*v?(\d+|[xX*])(?:\.(\d+|[xX*]))?(?:\.(\d+|[xX*]))?(?:-([0-9A-Za-z.-]+))?"
)

Numbers = tuple[int, int, int]
Holds = Callable[["Version"], bool]


@total_ordering
@dataclass(frozen=True, slots=True)
class Version:
    """A version; one with a ``pre`` comes before the one without."""

    numbers: Numbers
    pre: tuple[str, ...] = ()

    @property
    def rank(self) -> tuple[Numbers, bool, tuple[tuple[bool, int, str], ...]]:
        """Return what versions are ordered by: numbers before words, a shorter one before a longer one."""
        parts = tuple((not one.isdigit(), int(one) if one.isdigit() else 0, one) for one in self.pre)
        return self.numbers, not self.pre, parts

    def __lt__(self, other: "Version") -> bool:
        return self.rank < other.rank


def version_of(tag: str) -> Version | None:
    """Return the version that a tag names, such as ``v1.2.3``; None where it names none."""
    match = _VERSION.fullmatch(tag)
    if match is None:
        return None
    major, minor, patch, pre = match.groups()
    return Version((int(major), int(minor), int(patch)), tuple(pre.split(".")) if pre else ())


def newest(tags: Iterable[str], wanted: str) -> str | None:
    """Return the tag with the highest version in a range, None where there is none; raises ValueError."""
    holds = within(wanted)
    found = [(version, tag) for tag in tags if (version := version_of(tag)) and holds(version)]
    return max(found)[1] if found else None


def within(wanted: str) -> Holds:
    """Return whether a version is in a range: ``^1.2``, ``~1.2.3``, ``1.x``, ``>=1.2 <2``, some with ``||``.

    Versions before a release (``2.0.0-rc.1``) are taken only if the range names one of the same release.
    Raises ValueError for what is no range.
    """
    choices = [list(_terms(choice)) for choice in wanted.split("||")]
    return lambda version: any(_all(terms, version) for terms in choices)


def _all(terms: list[tuple[Holds, Version]], version: Version) -> bool:
    named = any(base.pre and base.numbers == version.numbers for _, base in terms)
    return (not version.pre or named) and all(holds(version) for holds, _ in terms)


def _terms(choice: str) -> Iterator[tuple[Holds, Version]]:
    text = choice.strip()
    if not text:
        raise ValueError("a range of versions is missing: write such as ^1.2 or >=1.2 <2")
    while text:
        match = _TERM.match(text)
        if match is None:
            raise ValueError(f"{text!r} is no range of versions: write such as ^1.2 or >=1.2 <2")
        yield _term(*match.groups())
        text = text[match.end() :].lstrip()


def _term(sign: str | None, *parts: str | None) -> tuple[Holds, Version]:
    given = [int(one) for one in parts[:3] if one and one.isdigit()]
    major, minor, patch = [*given, 0, 0, 0][:3]
    low = Version((major, minor, patch), tuple(parts[3].split(".")) if parts[3] else ())
    return _holds(sign or "=", low, given), low


def _holds(sign: str, low: Version, given: list[int]) -> Holds:
    exact, above = len(given) == 3, _up(low.numbers, len(given) - 1)
    table: dict[str, Holds] = {
        "^": _between(low, _up(low.numbers, _first_that_counts(given))),
        "~": _between(low, _up(low.numbers, min(1, len(given) - 1))),
        ">=": lambda one: one >= low,
        ">": lambda one: one > low if exact else one >= above,
        "<": lambda one: one < low,
        "<=": lambda one: one <= low if exact else one < above,
        "=": lambda one: one == low if exact else _between(low, above)(one),
    }
    return table[sign]


def _between(low: Version, high: Version) -> Holds:
    return lambda one: low <= one and one.numbers < high.numbers


def _up(numbers: Numbers, at: int) -> Version:
    """Return the first version above all that agree with these numbers up to one of them."""
    if at < 0:
        return Version((2**63, 0, 0))
    raised = [*numbers[:at], numbers[at] + 1, 0, 0]
    return Version((raised[0], raised[1], raised[2]))


def _first_that_counts(given: list[int]) -> int:
    """Return the place of the first number that isn't 0: below 1.0 a smaller step may break."""
    return next((place for place, number in enumerate(given) if number), len(given) - 1)
