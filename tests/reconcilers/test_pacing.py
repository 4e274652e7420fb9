"""How fast an autoscaler follows: every row of Kubernetes' own tables."""

import json
from pathlib import Path
from typing import Any

import pytest

from reconcilers.pacing import DOWN, UP, Course, Log, Policy, Rules, changed, kept, limited, stabilized
from tests.reconcilers.given import NOW

TABLES: dict[str, list[dict[str, Any]]] = json.loads(
    (Path(__file__).parent.parent / "kubernetes" / "hpa.json").read_text()
)


def ids(row: dict[str, Any]) -> str:
    return str(row["name"])


def rules(given: dict[str, Any] | None, default: Rules) -> Rules:
    policies = (given or {}).get("policies", ())
    made = tuple(Policy(one["type"], one["value"], one["periodSeconds"]) for one in policies)
    return Rules(made, window=default.window) if given else default


def log(rows: list[list[int]]) -> Log:
    """Return the entries of a table: [value, age in seconds]."""
    return tuple((NOW - age, value) for value, age in rows)


def changes(events: list[dict[str, Any]]) -> Log:
    return tuple((NOW - one["age_s"], one["change"]) for one in events)


@pytest.mark.parametrize("row", TABLES["behavior_rate"], ids=ids)
def test_policies_limit_a_change_as_in_kubernetes(row: dict[str, Any]) -> None:
    course = Course(ups=changes(row["scale_up_events"]), downs=changes(row["scale_down_events"]))
    up, down = rules(row["scaleUp"], UP), rules(row["scaleDown"], DOWN)

    found = limited(row["current"], row["desired"], course, up, down, NOW)

    assert min(max(found, row["min"]), row["max"]) == row["expected"]


@pytest.mark.parametrize("row", TABLES["stabilization_with_behavior"], ids=ids)
def test_a_window_steadies_what_is_recommended_as_in_kubernetes(row: dict[str, Any]) -> None:
    up, down = Rules((), window=row["scaleUp_window_s"]), Rules((), window=row["scaleDown_window_s"])

    found = stabilized(row["current"], row["desired"], log(row["recommendations"]), up, down, NOW)

    assert found == row["expected"]


@pytest.mark.parametrize("row", TABLES["stabilization_default_300s"], ids=ids)
def test_five_minutes_pass_before_fewer_pods_will_do_as_in_kubernetes(row: dict[str, Any]) -> None:
    before = log(row["recommendations_value_age_s"])

    found = stabilized(100, row["desired"], before, UP, DOWN, NOW)

    assert found == row["expected"]
    assert len(kept(before, row["desired"], NOW, DOWN.window)) == row["log_length"]


@pytest.mark.parametrize("row", TABLES["store_scale_events"], ids=ids)
def test_a_change_takes_the_place_of_one_that_no_policy_counts_any_more(row: dict[str, Any]) -> None:
    before = log(row["previous_events_change_age_s"])
    made = Rules(tuple(Policy(*policy) for policy in row["policies"] or ()))

    assert [count for _, count in changed(before, row["change"], made, NOW)] == row["stored_after"]
    assert sum(count for at, count in before if at > NOW - 60) == row["change_in_last_60s"]


def test_what_changed_nothing_is_not_remembered_and_what_is_just_too_old_gives_its_place() -> None:
    before = ((NOW - 15, 2),)

    assert changed(before, 0, UP, NOW) == before
    assert changed(before, 4, UP, NOW) == ((NOW, 4),)


def test_a_part_of_a_pod_is_given_up_whole() -> None:
    half = Rules((Policy("Percent", 50, 15),))

    assert limited(5, 1, Course(), UP, half, NOW) == 2


def test_a_direction_that_is_disabled_changes_nothing() -> None:
    never = Rules((Policy("Pods", 9, 15),), "Disabled")

    assert limited(3, 9, Course(), never, DOWN, NOW) == 3
    assert limited(3, 1, Course(), UP, never, NOW) == 3


def test_the_meekest_policy_counts_where_that_is_said() -> None:
    policies = (Policy("Pods", 4, 15), Policy("Percent", 100, 15))

    assert limited(1, 9, Course(), Rules(policies, "Min"), DOWN, NOW) == 2
    assert limited(9, 1, Course(), UP, Rules(policies, "Min"), NOW) == 5
