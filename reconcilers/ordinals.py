"""The arithmetic of StatefulSets: which pods may come, go and be replaced right now, by their ordinals."""

from collections.abc import Collection, Mapping, Sequence

from runtime.dataclass import dataclass
from schemas.int_or_percent import scaled


@dataclass(frozen=True, slots=True)
class Member:
    """One pod of a StatefulSet.

    ``fit`` says that it is of a revision that its ordinal may have, ``available`` that it serves, ``lost``
    that it has not been ready since it was started, ``going`` that it is on its way out already.
    """

    fit: bool = True
    available: bool = True
    lost: bool = False
    going: bool = False

    @property
    def hopeless(self) -> bool:
        """Say whether nobody loses anything if it is replaced now."""
        return not self.fit and self.lost and not self.going


@dataclass(frozen=True, slots=True)
class Moves:
    """Which ordinals have to be as they are described, and which stay as they are; all others go."""

    make: frozenset[int]
    keep: frozenset[int]


def moves(there: Mapping[int, Member], wanted: range, *, ordered: bool, unavailable: int) -> Moves:
    """Return what may become of each ordinal right now.

    Ordered: a pod is made when all before it are available; pods too many go one by one, the highest first,
    when all others are available.  Otherwise both happen at once.  Updates replace the highest first, and
    stopping never takes more than ``unavailable`` pods out of service; one that isn't available anyway goes
    before those that are, and one that never was waits for nobody: Kubernetes would wait for it for ever.
    Source: Kubernetes' pkg/controller/statefulset/stateful_set_control.go.
    """
    present = [number for number in wanted if number in there]
    missing = _missing(there, wanted, ordered=ordered)
    replaced = [number for number in present if there[number].hopeless]
    due, made = _due(there, wanted, ordered=ordered, unavailable=unavailable)
    fit = [number for number in present if there[number].fit]
    staying = set(present) - {*fit, *replaced, *due}
    spared = _spared(there, wanted) if ordered else ()
    return Moves(frozenset([*fit, *missing, *replaced, *made]), frozenset([*staying, *spared]))


def most_unavailable(replicas: int, given: int | str) -> int:
    """Return how many pods an update may take out of service: a percentage rounded down, and never none.

    Source: Kubernetes' pkg/controller/statefulset/stateful_set_utils.go, getStatefulSetMaxUnavailable.
    """
    return max(scaled(given, replicas, round_up=False), 1)


def _down(there: Mapping[int, Member], wanted: range) -> list[int]:
    return [number for number in wanted if number not in there or not there[number].available]


def _missing(there: Mapping[int, Member], wanted: range, *, ordered: bool) -> Sequence[int]:
    if not ordered:
        return [number for number in wanted if number not in there]
    first = next(iter(_down(there, wanted)), None)
    return [] if first is None or first in there else [first]


def _due(
    there: Mapping[int, Member], wanted: range, *, ordered: bool, unavailable: int
) -> tuple[Collection[int], Collection[int]]:
    """Return the superseded pods that stop now, and those of them that are made again at once."""
    down = _down(there, wanted)
    old = [number for number in reversed(wanted) if number in there and _superseded(there[number])]
    weak = [number for number in old if not there[number].available]
    if weak:
        coming = [number for number in down if number in there and number not in weak]
        return ((), ()) if coming else (weak[:1], weak[:1])
    if ordered and (down or _condemned(there, wanted)):
        return (), ()
    stopping = old[: max(unavailable - len(down), 0)]
    return stopping, stopping[-1:] if ordered else stopping


def _superseded(member: Member) -> bool:
    return not (member.fit or member.going or member.hopeless)


def _condemned(there: Mapping[int, Member], wanted: range) -> list[int]:
    return sorted((number for number in there if number not in wanted), reverse=True)


def _spared(there: Mapping[int, Member], wanted: range) -> Sequence[int]:
    """Return the pods too many that have to wait for their turn.

    One that isn't available waits for those before it: they may be what it is missing.
    """
    condemned = _condemned(there, wanted)
    if not condemned:
        return ()
    first, *others = condemned
    waits = not there[first].available and any(not there[number].available for number in others)
    return condemned if _down(there, wanted) or (waits and not there[first].going) else others
