"""What autoscalers go by: what containers use, asked for when one of them has to decide."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from reconcilers.scaling import EVERY, WORD
from runtime.dataclass import dataclass
from runtime.engine import EngineError, EngineUnreachable
from runtime.records import Note
from runtime.resources import Owner
from runtime.seen import Usage

if TYPE_CHECKING:
    from gitops.planning.render import Rendered
    from runtime.engine import Engine

KIND = "HorizontalPodAutoscaler"


@dataclass(frozen=True, slots=True)
class Measured:
    """What containers use, by id, None where nobody has to know it now, or, as ``trouble`` says, can."""

    usage: Mapping[str, Usage] | None = None
    trouble: str = ""
    free: int | None = None


def measure(
    engine: "Engine", rendered: "Rendered", notes: Mapping[tuple[Owner, str], Note], now: float
) -> Measured:
    """Ask the engine, by one call, if an autoscaler of a commit has to decide; else nobody."""
    scalers = [owner for owner in rendered.by_owner if owner.kind == KIND]
    if not any(_due(notes.get((owner, WORD)), now) for owner in scalers):
        return Measured()
    from gitops.machine import free_memory

    try:
        return Measured(engine.usage(), free=free_memory())
    except EngineUnreachable:
        raise
    except EngineError as error:
        return Measured(trouble=str(error))


def _due(note: Note | None, now: float) -> bool:
    """Say whether the last decision is old enough, or of a time that hasn't come yet."""
    return note is None or not 0 <= now - note.at < EVERY
