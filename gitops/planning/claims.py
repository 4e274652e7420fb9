"""Objects that another source has: it keeps them as long as its git has them, and then they go over."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

from gitops.planning.neighbours import Neighbour, refusal
from reconcilers.wanted import Wanted
from runtime.observe import labels, of_source
from runtime.resources import Label, Owner, Volume
from runtime.seen import Seen
from runtime.takeovers import KIND, given_to, takeover

SHARED = frozenset({"Namespace"})  # a network may have several users


@dataclass(frozen=True, slots=True)
class Claims:
    """What of the wanted another source has.

    ``refused`` are objects that it keeps, with what is to be told of each; ``inherited`` those that it lets
    go, with its name.  These go over by ``takeovers``: volumes that say so, each with who wants it.
    """

    refused: Mapping[Owner, str] = field(default_factory=lambda: MappingProxyType({}))
    inherited: Mapping[Owner, str] = field(default_factory=lambda: MappingProxyType({}))
    takeovers: tuple[tuple[Owner, Volume], ...] = ()


def claims(
    wanted: Sequence[Wanted],
    seen: Seen,
    source: str,
    *,
    settled: Collection[Owner],
    others: Mapping[Owner, str],
    neighbours: Sequence[Neighbour] = (),
) -> Claims:
    """Return what another source has of what is wanted.

    ``settled`` are the objects that this source has carried out, ``others`` those that others have, with
    their sources.  What the ledger says of a source counts as long as that has something on the machine.
    Only a neighbour lets go of anything.
    """
    known = {one.id: one for one in neighbours}
    taken = _taken(seen, source, settled, others)
    contested = {answer.owner: taken[answer.owner] for answer in wanted if answer.owner in taken}
    told = {owner: _told(owner, whose, known.get(whose)) for owner, whose in contested.items()}
    refused = {owner: why for owner, why in told.items() if why}
    inherited = {owner: known[whose].name for owner, whose in contested.items() if owner not in refused}
    free = [answer for answer in wanted if answer.owner not in refused]
    moved = {owner: owner for owner in inherited}
    for owner, who, name in _claimed(free, seen, known):
        moved[owner] = who
        inherited[who] = name
    made = [(who, takeover(one, source, seen.volumes)) for one, who in moved.items() if _has(seen, one)]
    return Claims(refused, inherited, tuple(made))


def heired(seen: Seen, found: Claims) -> Seen:
    """Return what was seen as it is once everything has gone over."""
    holders = {one.labels[Label.OWNER]: one.labels[Label.SOURCE] for _, one in found.takeovers}
    return given_to(seen, holders) if holders else seen


def _taken(
    seen: Seen, source: str, settled: Collection[Owner], others: Mapping[Owner, str]
) -> Mapping[Owner, str]:
    """Return what others have, with their sources."""
    there = {one.get(Label.SOURCE, "") for one in labels(seen)}
    recorded = {owner: whose for owner, whose in others.items() if whose in there}
    running = {owner: whose for owner, whose in _owned(seen) if whose != source}
    mine = {*settled, *(owner for owner, _ in _owned(of_source(seen, source), claims=True))}
    taken = recorded | running
    return {owner: whose for owner, whose in taken.items() if owner not in mine and owner.kind not in SHARED}


def _owned(seen: Seen, *, claims: bool = False) -> Iterator[tuple[Owner, str]]:
    """Yield the objects that have something on the machine, each with its source."""
    kinds = {KIND} if claims else {KIND, "claim"}
    for one in labels(seen):
        if one.get(Label.OWNER) and one.get(Label.SOURCE) and one.get(Label.KIND) not in kinds:
            yield Owner.parse(one[Label.OWNER]), one[Label.SOURCE]


def _told(owner: Owner, whose: str, neighbour: Neighbour | None) -> str:
    if neighbour is None:
        return f"another source of sloop ({whose}) has {owner} already: rename one of the two, or drop one"
    return refusal(neighbour, owner)


def _claimed(
    wanted: Sequence[Wanted], seen: Seen, known: Mapping[str, Neighbour]
) -> Iterator[tuple[Owner, Owner, str]]:
    """Yield the claims that neighbours let go, each with who wants its volume, and whose it was."""
    owners = {answer.owner for answer in wanted}
    named = {
        one.name: answer.owner for answer in wanted for one in answer.resources if isinstance(one, Volume)
    }
    for volume in seen.volumes:
        neighbour = known.get(volume.labels.get(Label.SOURCE, ""))
        if volume.name in named and neighbour and volume.labels.get(Label.KIND) == "claim":
            claim = Owner.parse(volume.labels[Label.OWNER])
            if not refusal(neighbour, claim):
                yield claim, claim if claim in owners else named[volume.name], neighbour.name


def _has(seen: Seen, owner: Owner) -> bool:
    return any(one.get(Label.OWNER) == str(owner) for one in labels(seen))
