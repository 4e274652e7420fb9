"""What a person, a timer or a push asks for."""

from collections.abc import Mapping
from dataclasses import field
from types import MappingProxyType

from runtime.dataclass import dataclass
from runtime.records import Outcome
from runtime.resources import Owner


@dataclass(frozen=True, slots=True)
class Request:
    """One wish to bring the machine to a commit.

    ``patient`` tries failed steps again after a back-off, as a loop without end does; otherwise a
    failure is final.  ``well`` is the outcome in the ledger when all is well.
    ``stays`` is about the commit that the machine has, whoever brought it there; it is asked for while nobody
    else is at work, so that no newer one is taken back.
    ``suspicious`` takes no pod for ready that hasn't just been asked.
    ``running`` are CronJobs that are to run now, with the names of the Jobs that this makes.
    ``only`` is the one commit that is meant: where a newer one comes, whoever brought it goes on.
    """

    trigger: str = "apply"
    allow_empty: bool = False
    adopting: frozenset[str] = frozenset()
    patient: bool = False
    well: Outcome = "Synced"
    suspicious: bool = False
    stays: bool = False
    running: Mapping[Owner, str] = field(default_factory=lambda: MappingProxyType({}))
    only: str = ""


@dataclass(frozen=True, slots=True)
class Wish:
    """How a person wants an apply to go.  ``timeout`` in seconds; None is what the source has.

    ``or_last_good`` keeps the last commit that went well while git is out of reach.
    """

    timeout: float | None = None
    wait: bool = True
    or_last_good: bool = False


class Overtaken(Exception):
    """A newer commit came than the one that was asked for; what was under way to that one is let go."""

    def __init__(self, old: str, new: str) -> None:
        super().__init__(f"{old[:7]} is superseded by {new[:7]}, which is deployed by whoever pushed it")
