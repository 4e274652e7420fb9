"""The plan: from what is wanted and what was seen to the numbered steps that lead from one to the other."""

from collections.abc import Iterable, Mapping, Sequence
from graphlib import TopologicalSorter

from gitops.planning.clearing import clear
from gitops.planning.mending import blocked, mend
from gitops.planning.scene import Conflict, Draft, Given, Scene
from gitops.planning.steps import Step, resource
from gitops.planning.subnets import with_subnets
from gitops.planning.supplying import supply
from gitops.planning.taking_over import coming, take_over
from reconcilers.wanted import Wanted
from runtime.dataclass import dataclass
from runtime.resources import Owner
from runtime.seen import Seen


@dataclass(frozen=True, slots=True)
class Held:
    """A step that is due and not taken now, and why."""

    owner: Owner | None
    name: str
    reason: str


@dataclass(frozen=True, slots=True)
class Plan:
    """The steps of one pass, in an order in which they could be done one by one.

    ``conflicts`` are objects that can't have what they want.
    """

    steps: tuple[Step, ...] = ()
    conflicts: tuple[Conflict, ...] = ()
    held: tuple[Held, ...] = ()


def plan(wanted: Sequence[Wanted], seen: Seen, given: Given) -> Plan:
    """Return what has to be done now.  It looks once, and asks nobody."""
    scene = Scene(wanted, seen, given)
    mending = list(mend(scene))
    supplying = list(supply(scene, _drafts(mending)))
    due = [*_drafts(supplying), *_drafts(mending), *clear(scene)]
    left = _left_alone(due, {**given.suspended, **coming(given.claims), **given.claims.refused})
    drafts = with_subnets([draft for draft in due if draft.name not in left], seen, given.pool)
    drafts += take_over(scene)
    conflicts = [answer for answer in [*supplying, *mending] if isinstance(answer, Conflict)]
    conflicts = _with_refused(conflicts, given.claims.refused)
    held = _held(drafts, {**blocked(scene), **given.waiting}, conflicts, left)
    steps = _numbered([draft for draft in drafts if draft.name not in held])
    waits = [Held(draft.owner, draft.name, held[draft.name]) for draft in drafts if draft.name in held]
    return Plan(steps, tuple(conflicts), tuple(waits))


def _with_refused(conflicts: list[Conflict], refused: Mapping[Owner, str]) -> list[Conflict]:
    """Return the conflicts; of an object that another source has, only that."""
    others = [one for one in conflicts if one.owner not in refused]
    return others + [Conflict(owner, f"object/{owner}", why) for owner, why in refused.items()]


def _drafts(answers: Iterable[Draft | Conflict]) -> list[Draft]:
    return [answer for answer in answers if isinstance(answer, Draft)]


def _left_alone(drafts: Iterable[Draft], owners: Mapping[Owner, str]) -> dict[str, str]:
    """Return the drafts for objects that are left alone, with the reason."""
    return {draft.name: owners[draft.owner] for draft in drafts if draft.owner and draft.owner in owners}


def _held(
    drafts: Sequence[Draft],
    waiting: Mapping[str, str],
    conflicts: Sequence[Conflict],
    left: Mapping[str, str],
) -> Mapping[str, str]:
    """Return the drafts that wait, and those that need them or can't have what they need, with the reason."""
    held = {**{f"create {one.key}": one.message for one in conflicts}, **left}
    for draft in _in_order(drafts):
        behind = (held[need] for need in sorted(draft.needs) if need in held)
        reason = waiting.get(resource(draft.action)) or next(behind, None)
        if reason:
            held[draft.name] = reason
    return held


def _in_order(drafts: Sequence[Draft]) -> list[Draft]:
    """Return the drafts so that each comes after what it needs, otherwise as they came."""
    named = {draft.name: draft for draft in drafts}
    needs = {name: sorted(draft.needs & named.keys()) for name, draft in named.items()}
    return [named[name] for name in TopologicalSorter(needs).static_order()]


def _numbered(drafts: Sequence[Draft]) -> tuple[Step, ...]:
    ordered = _in_order(drafts)
    numbers = {draft.name: number for number, draft in enumerate(ordered, start=1)}
    return tuple(
        Step(
            number=numbers[draft.name],
            action=draft.action,
            owner=draft.owner,
            reason=draft.reason,
            needs=tuple(sorted(numbers[need] for need in draft.needs if need in numbers)),
        )
        for draft in ordered
    )
