"""What an autoscaler has decided, and what it remembers until it decides again."""

import json
from collections.abc import Mapping
from dataclasses import asdict, field
from typing import Any, Self

from reconcilers.pacing import Course, Log
from reconcilers.wanted import Health
from runtime.dataclass import dataclass
from runtime.resources import Owner

WORD = "autoscale"  # under which the ledger keeps a State
EVERY = 15.0  # seconds between two decisions; Kubernetes' horizontal-pod-autoscaler-sync-period


@dataclass(frozen=True, slots=True)
class Figure:
    """What one metric has found, and what it should be, as kubectl shows them."""

    name: str
    current: str
    target: str

    def __str__(self) -> str:
        return f"{self.name} {self.current}/{self.target}"


@dataclass(frozen=True, slots=True)
class State:
    """A decision for so many replicas, and what the next one builds upon.

    ``at`` is in seconds since 1970; ``spent`` is by container what it had used of the processors when, both
    in seconds.
    """

    at: float
    replicas: int
    course: Course
    spent: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    figures: tuple[Figure, ...] = ()

    def write(self) -> str:
        """Return it as the ledger keeps it."""
        return json.dumps(asdict(self), separators=(",", ":"))

    @classmethod
    def read(cls, text: str) -> Self:
        """Read what ``write`` wrote."""
        known: dict[str, Any] = json.loads(text)
        course = Course(**{name: _log(rows) for name, rows in known["course"].items()})
        spent = {name: (at, cpu) for name, (at, cpu) in known["spent"].items()}
        figures = tuple(Figure(**one) for one in known["figures"])
        return cls(known["at"], known["replicas"], course, spent, figures)


@dataclass(frozen=True, slots=True)
class Scaling:
    """How many replicas an autoscaler wants its target to have, and why.

    ``before`` is how many that was until now; ``fresh`` says that ``state`` has been decided just now.
    """

    target: Owner
    replicas: int
    before: int
    health: Health
    reason: str
    state: State | None = None
    fresh: bool = False


def _log(rows: list[list[Any]]) -> Log:
    return tuple((at, count) for at, count in rows)
