"""Rollout arithmetic, held to Kubernetes' own figures and to every small case there is."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from reconcilers.rollout import Batch, Count, bounds, next_batch, proportional

ROWS: dict[str, list[dict[str, Any]]] = json.loads(
    (Path(__file__).parent.parent / "kubernetes" / "deployment.json").read_text()
)
NONE = Count(0, 0)


def rows(table: str, *needed: str) -> list[dict[str, Any]]:
    """Return a table's rows in which all of these are given."""
    return [row for row in ROWS[table] if all(row.get(field) is not None for field in needed)]


@pytest.mark.parametrize(
    "row", [row for row in rows("resolve_fenceposts", "maxSurge", "maxUnavailable") if not row["expectError"]]
)
def test_percentages_become_pods_as_in_kubernetes(row: dict[str, Any]) -> None:
    found = bounds(row["desired"], row["maxSurge"], row["maxUnavailable"])

    assert found == (row["expectSurge"], row["expectUnavailable"])


@pytest.mark.parametrize("row", rows("max_unavailable", "replicas"))
def test_no_more_are_unavailable_than_kubernetes_allows(row: dict[str, Any]) -> None:
    _, unavailable = bounds(row["replicas"], 1, row["maxUnavailable"])

    assert min(unavailable, row["replicas"]) == row["expected"]


@pytest.mark.parametrize("row", rows("reconcile_new_rs"))
def test_new_pods_start_as_in_kubernetes(row: dict[str, Any]) -> None:
    replicas, there = row["deploymentReplicas"], row["newReplicas"]
    new, old = Count(there, there), Count(row["oldReplicas"], row["oldReplicas"])

    batch = next_batch(replicas, new, old, surge=row["maxSurge"], unavailable=row["maxUnavailable"])

    assert min(there, replicas) + batch.start == row.get("expectedNewReplicas", there)


@pytest.mark.parametrize("row", rows("reconcile_old_rs"))
def test_old_pods_stop_as_in_kubernetes(row: dict[str, Any]) -> None:
    there = row["oldReplicas"]
    new = Count(row["newReplicas"], row["readyPodsFromNewRS"])
    old = Count(there, row["readyPodsFromOldRS"])
    surge, unavailable = bounds(row["deploymentReplicas"], row["maxSurge"], row["maxUnavailable"])

    batch = next_batch(row["deploymentReplicas"], new, old, surge=surge, unavailable=unavailable)

    assert there - batch.stop == row.get("expectedOldReplicas", there)


@pytest.mark.parametrize("row", [row for row in rows("new_rs_replicas") if row["strategy"] != "Recreate"])
def test_new_pods_fill_what_room_there_is(row: dict[str, Any]) -> None:
    there, others = row["new_rs_replicas"], row["other_old_rs_replicas"]

    batch = next_batch(
        row["deployment_replicas"],
        Count(there, there),
        Count(others, others),
        surge=row["max_surge"],
        unavailable=0,
    )

    assert there + batch.start == row["expected"]


@pytest.mark.parametrize("row", rows("scale_down_old"))
def test_old_pods_that_serve_stop_as_in_kubernetes(row: dict[str, Any]) -> None:
    there, serving = row["oldReplicas"], min(row["readyPods"], row["oldReplicas"])
    new = row["readyPods"] - serving
    surge, unavailable = bounds(row["deploymentReplicas"], row["maxSurge"], row["maxUnavailable"])

    batch = next_batch(
        row["deploymentReplicas"],
        Count(new, new),
        Count(there, serving),
        surge=surge,
        unavailable=unavailable,
    )

    broken = there - serving  # they stop for free
    assert there - max(batch.stop - broken, 0) == row.get("expectedOldReplicas", there)


# Two rows are about figures that a cluster keeps on each ReplicaSet, and there is none here.
SCALING = [row for row in rows("proportional_scaling") if "wasntUpdated" not in row]


@pytest.mark.parametrize("row", SCALING, ids=lambda row: row["name"])
def test_revisions_are_scaled_by_their_shares_as_in_kubernetes(row: dict[str, Any]) -> None:
    now, then = (one["replicas"] + one.get("maxSurge", 0) for one in (row["deployment"], row["previous"]))
    target = now if row["deployment"]["replicas"] else 0
    before, after = (
        [one["replicas"] for one in [row[new], *row[old]] if one]
        for new, old in (("newRS", "oldRSs"), ("expectedNew", "expectedOld"))
    )

    assert proportional(before, target, then) == after


@pytest.mark.parametrize(
    ("sizes", "target", "expected"),
    [
        ([1, 3], 6, [1, 5]),
        ([1, 3], 2, [1, 1]),
        ([1, 2, 2], 1, [1, 0, 0]),
        ([1, 1, 3], 2, [1, 0, 1]),
    ],
)
def test_the_largest_revision_has_its_share_first_and_what_rounding_leaves(
    sizes: list[int], target: int, expected: list[int]
) -> None:
    assert proportional(sizes, target, sum(sizes)) == expected


@pytest.mark.parametrize("before", [2, 4, 8])
def test_who_are_as_many_as_they_should_be_stay_as_they_are(before: int) -> None:
    assert proportional([3, 1], 4, before) == [3, 1]


def test_shares_always_come_to_what_is_asked_for() -> None:
    sizes = [[a, b, c] for a, b, c in product(range(1, 6), repeat=3)]
    wrong = (
        (one, target)
        for one, target in product(sizes, range(20))
        if sum(proportional(one, target, sum(one))) != target or min(proportional(one, target, sum(one))) < 0
    )

    assert next(wrong, None) is None


def test_where_both_bounds_come_to_nothing_one_pod_may_be_unavailable() -> None:
    assert bounds(3, "0%", "10%") == (0, 1)
    assert bounds(0, 0, 0) == (0, 1)


@pytest.mark.parametrize(
    ("new", "old", "expected"),
    [
        (NONE, NONE, Batch(3, 0)),
        (NONE, Count(3, 3), Batch(1, 0)),
        (Count(1, 0), Count(3, 3), Batch(0, 0)),
        (Count(1, 1), Count(3, 3), Batch(0, 1)),
        (Count(1, 1), Count(2, 2), Batch(1, 0)),
        (Count(3, 3), Count(1, 1), Batch(0, 1)),
        (Count(3, 3), NONE, Batch(0, 0)),
        (NONE, Count(3, 1), Batch(1, 2)),
        (Count(1, 0), Count(3, 2), Batch(0, 1)),
    ],
)
def test_one_more_and_none_fewer_of_three(new: Count, old: Count, expected: Batch) -> None:
    assert next_batch(3, new, old, surge=1, unavailable=0) == expected


@dataclass(frozen=True)
class State:
    """What is there of a rollout."""

    new: Count
    old: Count

    @property
    def total(self) -> int:
        return self.new.total + self.old.total

    @property
    def ready(self) -> int:
        return self.new.ready + self.old.ready


@dataclass(frozen=True)
class Case:
    """A rollout: what is wanted, and in which state it begins."""

    replicas: int
    surge: int
    unavailable: int
    begin: State

    def taken(self, state: State) -> State:
        """Return what is there after one pass: what starts is not ready, what isn't ready stops first."""
        batch = next_batch(
            self.replicas, state.new, state.old, surge=self.surge, unavailable=self.unavailable
        )
        ready = min(state.old.ready, state.old.total - batch.stop)
        started = Count(state.new.total + batch.start, state.new.ready)
        return State(started, Count(state.old.total - batch.stop, ready))

    def passes(self, between: Callable[[State], State]) -> list[tuple[State, State]]:
        """Return what was there before and after each pass, until nothing moves or all should be done."""
        found, state = [], self.begin
        for _ in range(3 * self.replicas + 3):
            after = self.taken(state)
            found.append((state, after))
            if between(after) == state:
                break
            state = between(after)
        return found


def cases() -> Iterator[Case]:
    """Yield every small rollout, from every state in which it may begin."""
    for replicas, surge, unavailable in product(range(7), range(4), range(4)):
        for new, old in product(range(replicas + 1), range(replicas + surge + 1)):
            for new_ready, old_ready in product({0, new // 2, new}, {0, old // 2, old}):
                if surge or unavailable:
                    begin = State(Count(new, new_ready), Count(old, old_ready))
                    yield Case(replicas, surge, unavailable, begin)


def all_ready(state: State) -> State:
    return State(Count(state.new.total, state.new.total), state.old)


def as_it_is(state: State) -> State:
    return state


def keeps_its_promises(case: Case, before: State, after: State) -> bool:
    """Say whether neither too many are there after a pass, nor too few of them ready."""
    most = max(before.total, case.replicas + case.surge)
    least = min(before.ready, case.replicas - case.unavailable)
    return after.total <= most and after.ready >= least


@pytest.mark.parametrize("between", [all_ready, as_it_is])
def test_both_promises_hold_in_every_pass(between: Callable[[State], State]) -> None:
    broken = (
        (case, before, after)
        for case in cases()
        for before, after in case.passes(between)
        if not keeps_its_promises(case, before, after)
    )

    assert next(broken, None) is None


def test_every_rollout_ends_where_pods_get_ready() -> None:
    ends = ((case, case.passes(all_ready)[-1][1]) for case in cases())
    unfinished = ((case, end) for case, end in ends if (end.new.total, end.old.total) != (case.replicas, 0))

    assert next(unfinished, None) is None


def test_a_rollout_stands_still_where_none_gets_ready() -> None:
    moving = (case for case in cases() for last in case.passes(as_it_is)[-1:] if last[0] != last[1])

    assert next(moving, None) is None
