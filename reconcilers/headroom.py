"""How many pods of a kind the memory of this one machine can hold."""

from collections.abc import Iterable

from reconcilers.demand import Sampled
from runtime.dataclass import dataclass

MEBI = 2**20


@dataclass(frozen=True, slots=True)
class Room:
    """How many pods there may be at most, None where nothing is known that would limit them; and why."""

    pods: int | None = None
    reason: str = ""


def room(current: int, pods: Iterable[Sampled], free: int | None) -> Room:
    """Return how many pods fit, where ``pods`` tell of their memory in bytes and so many bytes are free.

    A pod takes what it requests, or what those that are there use on average where that is more.  What
    they request and don't use yet isn't free.
    """
    there = list(pods)
    used = [one.used for one in there if one.used is not None]
    requested = max((one.requested for one in there), default=0.0)
    need = max(requested, sum(used) / len(used) if used else 0.0)
    if free is None or not need:
        return Room()
    left = free - sum(max(one.requested - (one.used or 0.0), 0.0) for one in there)
    why = f"this machine's memory holds no more: {_mebi(left)} are free, and a pod takes {_mebi(need)}"
    return Room(current + max(int(left // need), 0), why)


def _mebi(size: float) -> str:
    return f"{max(size, 0) / MEBI:.0f}Mi"
