"""Rollout arithmetic, held to Kubernetes' own figures and to every small case there is."""

import json
from collections.abc import Iterator
from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from reconcilers.rollout import Batch, Count, bounds, next_batch

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


def cases() -> Iterator[tuple[int, int, int, Count, Count]]:
    """Yield every small rollout: replicas, surge, unavailable, and every state it may begin in."""
    for replicas, surge, unavailable in product(range(7), range(4), range(4)):
        if surge or unavailable:
            for new, old in product(range(replicas + 1), range(replicas + surge + 1)):
                for new_ready, old_ready in product({0, new // 2, new}, {0, old // 2, old}):
                    yield replicas, surge, unavailable, Count(new, new_ready), Count(old, old_ready)


def taken(batch: Batch, new: Count, old: Count) -> tuple[Count, Count]:
    """Return what is there after a batch: what starts is not ready, what isn't ready stops first."""
    ready = min(old.ready, old.total - batch.stop)
    return replace(new, total=new.total + batch.start), Count(old.total - batch.stop, ready)


def test_both_promises_hold_in_every_pass_and_every_rollout_ends() -> None:
    for replicas, surge, unavailable, new, old in cases():
        case = (replicas, surge, unavailable, new, old)
        for _ in range(3 * replicas + 3):
            batch = next_batch(replicas, new, old, surge=surge, unavailable=unavailable)
            most = max(new.total + old.total, replicas + surge)
            least = min(new.ready + old.ready, replicas - unavailable)
            new, old = taken(batch, new, old)
            assert new.total + old.total <= most, case
            assert new.ready + old.ready >= least, case
            new = Count(new.total, new.total)
        assert (new.total, old.total) == (replicas, 0), case


def test_pods_that_never_get_ready_cost_no_more_than_was_allowed_and_then_nothing_moves() -> None:
    for replicas, surge, unavailable, new, old in cases():
        case = (replicas, surge, unavailable, new, old)
        least = min(new.ready + old.ready, replicas - unavailable)
        for _ in range(3 * replicas + 3):
            batch = next_batch(replicas, new, old, surge=surge, unavailable=unavailable)
            new, old = taken(batch, new, old)
            assert new.ready + old.ready >= least, case
        assert next_batch(replicas, new, old, surge=surge, unavailable=unavailable) == Batch(0, 0), case
