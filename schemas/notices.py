"""What is worth a notice: once for each field of each kind, counted."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from schemas.model import Path
from schemas.positions import Origin
from schemas.problems import Problem


@dataclass(frozen=True, slots=True)
class Remark:
    """One place at which something has no effect; what is of the same kind is counted together."""

    origin: Origin
    kind: str
    path: Path
    message: str

    def problem(self) -> Problem:
        """Return it as a problem in its place."""
        return self.origin.problem(self.path, self.message, at_key=True)


def notices(remarks: Iterable[Remark]) -> tuple[Problem, ...]:
    """Return the first remark of each kind, field and reason, with the number of those like it."""
    first: dict[tuple[object, ...], Remark] = {}
    count: dict[tuple[object, ...], int] = {}
    for remark in remarks:
        key = _sort_of(remark)
        first.setdefault(key, remark)
        count[key] = count.get(key, 0) + 1
    return tuple(sorted(_counted(first[key].problem(), count[key]) for key in first))


def _sort_of(remark: Remark) -> tuple[object, ...]:
    general = tuple(step for step in remark.path if isinstance(step, str))
    return remark.kind, general, remark.message


def _counted(notice: Problem, count: int) -> Problem:
    return notice if count == 1 else replace(notice, message=f"{notice.message} (and {count - 1} more)")
