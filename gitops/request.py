"""What a person, a timer or a push asks for."""

from dataclasses import dataclass

from runtime.records import Outcome


@dataclass(frozen=True, slots=True)
class Request:
    """One wish to bring the machine to a commit.

    ``patient`` tries failed steps again after a back-off, as a loop without end does; otherwise a
    failure is final.  ``well`` is the outcome in the ledger when all is well.
    ``suspicious`` takes no pod for ready that hasn't just been asked.
    """

    trigger: str = "apply"
    allow_empty: bool = False
    adopting: frozenset[str] = frozenset()
    patient: bool = False
    well: Outcome = "Synced"
    suspicious: bool = False
