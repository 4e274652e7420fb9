"""The order of StatefulSets, held to Kubernetes' documented rules and to every small case there is."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import product

import pytest

from reconcilers.ordinals import Member, Moves, most_unavailable, moves

NEW = Member()
COMING = Member(available=False, lost=True)  # of its revision, not ready yet
UNREADY = Member(available=False)
OLD = Member(fit=False)
WEAK = Member(fit=False, available=False)
BROKEN = Member(fit=False, available=False, lost=True)
GOING = Member(available=False, lost=True, going=True)
OLD_GOING = Member(fit=False, available=False, lost=True, going=True)

There = Mapping[int, Member]


def moved(*members: Member | None, replicas: int, ordered: bool = True, unavailable: int = 1) -> Moves:
    """Return the moves of a set whose pods are there from 0 on, None for one that is not."""
    there = {number: member for number, member in enumerate(members) if member}
    return moves(there, range(replicas), ordered=ordered, unavailable=unavailable)


@pytest.mark.parametrize(
    ("there", "made", "kept"),
    [
        ((), {0}, set()),
        ((COMING,), {0}, set()),
        ((NEW,), {0, 1}, set()),
        ((NEW, UNREADY), {0, 1}, set()),
        ((NEW, NEW), {0, 1, 2}, set()),
        ((None, NEW, NEW), {0, 1, 2}, set()),
        ((UNREADY, None, NEW), {0, 2}, set()),
        ((NEW, GOING), {0, 1}, set()),
        # updates: the highest first, one at a time, and only while all others serve
        ((OLD, OLD, OLD), {2}, {0, 1}),
        ((OLD, OLD, COMING), {2}, {0, 1}),
        ((OLD, OLD, NEW), {1, 2}, {0}),
        ((OLD, NEW, NEW), {0, 1, 2}, set()),
        ((OLD, OLD_GOING, NEW), {2}, {0, 1}),
        # what serves nobody goes first; what never was ready waits for nobody
        ((WEAK, OLD, OLD), {0}, {1, 2}),
        ((WEAK, OLD, COMING), {2}, {0, 1}),
        ((BROKEN, OLD, COMING), {0, 2}, {1}),
        ((BROKEN, None, None), {0}, set()),
        ((UNREADY, NEW, BROKEN), {0, 1, 2}, set()),
        # too many: the highest first, one at a time, and only while all others serve
        ((NEW, NEW, NEW, NEW, NEW), {0, 1, 2}, {3}),
        ((NEW, NEW, NEW, NEW, GOING), {0, 1, 2}, {3}),
        ((UNREADY, NEW, NEW, NEW, NEW), {0, 1, 2}, {3, 4}),
        ((NEW, NEW, NEW, UNREADY, UNREADY), {0, 1, 2}, {3, 4}),
        ((NEW, NEW, NEW, UNREADY, NEW), {0, 1, 2}, {3}),
        ((NEW, NEW, NEW, UNREADY), {0, 1, 2}, set()),
        ((OLD, OLD, OLD, OLD), set(), {0, 1, 2}),
    ],
)
def test_three_pods_in_order(there: tuple[Member | None, ...], made: set[int], kept: set[int]) -> None:
    assert moved(*there, replicas=3) == Moves(frozenset(made), frozenset(kept))


@pytest.mark.parametrize(
    ("there", "made", "kept"),
    [
        ((), {0, 1, 2}, set()),
        ((COMING, None, NEW), {0, 1, 2}, set()),
        ((NEW, NEW, NEW, NEW, NEW), {0, 1, 2}, set()),
        ((OLD, OLD, OLD, OLD, OLD), {2}, {0, 1}),
        ((OLD, OLD, COMING), {2}, {0, 1}),
        ((OLD, OLD, NEW), {1, 2}, {0}),
        ((BROKEN, BROKEN, BROKEN), {0, 1, 2}, set()),
        ((WEAK, WEAK, OLD), {1}, {0, 2}),
    ],
)
def test_three_pods_in_parallel_are_still_updated_one_by_one(
    there: tuple[Member | None, ...], made: set[int], kept: set[int]
) -> None:
    assert moved(*there, replicas=3, ordered=False) == Moves(frozenset(made), frozenset(kept))


def test_several_may_be_replaced_at_once_where_that_is_said() -> None:
    assert moved(OLD, OLD, OLD, replicas=3, ordered=False, unavailable=2).make == {1, 2}
    assert moved(OLD, OLD, UNREADY, replicas=3, ordered=False, unavailable=2).make == {1, 2}


def test_in_order_several_stop_at_once_and_come_back_one_by_one() -> None:
    first = moved(OLD, OLD, OLD, replicas=3, unavailable=2)

    assert first == Moves(frozenset({1}), frozenset({0}))
    assert moved(OLD, NEW, None, replicas=3, unavailable=2) == Moves(frozenset({1, 2}), frozenset({0}))


@pytest.mark.parametrize(
    ("replicas", "given", "expected"),
    [(3, 1, 1), (10, "25%", 2), (3, "10%", 1), (0, "50%", 1), (4, "100%", 4), (2, 5, 5)],
)
def test_of_a_percentage_at_least_one_may_be_unavailable(
    replicas: int, given: int | str, expected: int
) -> None:
    assert most_unavailable(replicas, given) == expected


STATES = (None, NEW, COMING, UNREADY, OLD, WEAK, BROKEN)


@dataclass(frozen=True)
class Case:
    """A StatefulSet at some moment, of which anything may be there."""

    there: tuple[tuple[int, Member], ...]
    replicas: int
    ordered: bool
    unavailable: int

    def moves(self, there: There) -> Moves:
        return moves(there, range(self.replicas), ordered=self.ordered, unavailable=self.unavailable)

    def taken(self, there: There) -> dict[int, Member]:
        """Return what is there after one pass: what was made or replaced is on its way."""
        found = self.moves(there)
        kept = {n: one for n, one in there.items() if n in found.keep or (n in found.make and one.fit)}
        return {**dict.fromkeys(found.make, COMING), **kept}

    def passes(self, *, ready: bool) -> Iterator[tuple[There, There]]:
        """Yield what was there before and after each pass, until nothing moves or all should be done."""
        there = dict(self.there)
        for _ in range(4 * len(STATES)):
            after = self.taken(there)
            yield there, after
            if ready:
                after = {n: Member(fit=one.fit) for n, one in after.items()}
            if after == there:
                return
            there = after


def cases() -> Iterator[Case]:
    """Yield every set of up to three pods, of any number there should be."""
    for states in product(STATES, repeat=3):
        there = tuple((number, state) for number, state in enumerate(states) if state)
        for replicas, ordered, unavailable in product(range(4), (True, False), (1, 2)):
            yield Case(there, replicas, ordered, unavailable)


def serving(case: Case, there: There) -> set[int]:
    return {number for number, one in there.items() if one.available and number < case.replicas}


def keeps_its_promises(case: Case, before: There, after: There) -> bool:
    """Say whether enough still serve, none has a second of its name, and the order is kept."""
    least = min(len(serving(case, before)), case.replicas - case.unavailable)
    enough = len(serving(case, after)) >= least
    fit = all(after.get(n) == one for n, one in before.items() if one.fit and n < case.replicas)
    return enough and fit and (not case.ordered or _in_order(case, before, after))


def _in_order(case: Case, before: There, after: There) -> bool:
    made = [number for number in after if number not in before]
    all_before = all(set(range(number)) <= serving(case, before) for number in made)
    too_many = sorted((n for n in before if n >= case.replicas), reverse=True)
    left = [number for number in too_many if number not in after]
    everyone = len(serving(case, before)) == case.replicas
    return len(made) <= 1 and all_before and left in ([], too_many[:1]) and (everyone or not left)


@pytest.mark.parametrize("ready", [True, False])
def test_all_promises_hold_in_every_pass(*, ready: bool) -> None:
    broken = (
        (case, before, after)
        for case in cases()
        for before, after in case.passes(ready=ready)
        if not keeps_its_promises(case, before, after)
    )

    assert next(broken, None) is None


def test_every_set_is_complete_in_the_end_where_pods_get_ready() -> None:
    ends = ((case, list(case.passes(ready=True))[-1][1]) for case in cases())
    unfinished = ((case, end) for case, end in ends if end != dict.fromkeys(range(case.replicas), NEW))

    assert next(unfinished, None) is None


def test_a_set_stands_still_where_none_gets_ready() -> None:
    moving = (case for case in cases() for last in list(case.passes(ready=False))[-1:] if last[0] != last[1])

    assert next(moving, None) is None
