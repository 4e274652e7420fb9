"""How many pods a metric asks for: every row of Kubernetes' own tables."""

import json
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

from reconcilers.demand import (
    Demand,
    Groups,
    Sampled,
    Tolerance,
    Unmeasured,
    by_average,
    by_utilization,
    grouped,
    most,
)
from schemas.load import load
from tests.reconcilers.given import NOW

TABLES: dict[str, list[dict[str, Any]]] = json.loads(
    (Path(__file__).parent.parent / "kubernetes" / "hpa.json").read_text()
)
DELAY = 10  # seconds, of the tables (initial_readiness_delay_s)
PHASES = {"Failed": {"going": True}, "Pending": {"pending": True}}


def ids(row: dict[str, Any]) -> str:
    return str(row["name"])


def pods_of(row: dict[str, Any], used: list[float], requests: list[float]) -> dict[str, Sampled]:
    """Return the pods of a row: as many as request something, or, where none does, are measured or there."""
    count = len(requests) or max(len(used), row["current_replicas"])
    names = row.get("metric_pod_names", [f"pod-{number}" for number in range(len(used))])
    measured = dict(zip(names, used, strict=True))
    return {
        f"pod-{n}": _pod(row, n, measured.get(f"pod-{n}"), (requests or [0] * count)[n]) for n in range(count)
    }


def _pod(row: dict[str, Any], number: int, used: float | None, requested: float) -> Sampled:
    young = bool(_nth(row.get("pod_recently_started"), number, 0))
    started = NOW - 60 if young else NOW - 600
    gone = {"going": True} if _nth(row.get("pod_terminating"), number, 0) else {}
    return Sampled(
        used=used,
        requested=requested,
        at=NOW,
        window=60,
        started=started,
        ready=_nth(row.get("pod_ready"), number, "True") == "True" and not young,
        since=started,
        **PHASES.get(_nth(row.get("pod_phase"), number, "Running"), {}),
        **gone,
    )


def _nth(values: list[Any] | None, number: int, default: Any) -> Any:
    return values[number] if values and number < len(values) else default


def utilization(row: dict[str, Any]) -> Demand:
    per_pod = row["containers_per_pod"] / 1000
    used = [amount * per_pod for amount in row["usage_per_container_milli"]]
    requests = [amount * per_pod for amount in row["request_per_container_milli"]]
    pods = pods_of(row, used, requests)
    groups = grouped(pods, NOW, is_cpu=True)
    return by_utilization(row["current_replicas"], row["target_utilization_pct"], pods, groups, Tolerance())


@pytest.mark.parametrize("row", [row for row in TABLES["resource"] if row["expected_replicas"]], ids=ids)
def test_a_utilization_asks_for_as_many_pods_as_in_kubernetes(row: dict[str, Any]) -> None:
    found = utilization(row)

    assert (found.replicas, found.utilization) == (row["expected_replicas"], row["expected_utilization_pct"])
    assert int(found.average * 1000 + 1e-6) == row["expected_raw_value_milli"]


@pytest.mark.parametrize("row", [row for row in TABLES["resource"] if not row["expected_replicas"]], ids=ids)
def test_a_utilization_that_cannot_be_had_is_none_as_in_kubernetes(row: dict[str, Any]) -> None:
    with pytest.raises(Unmeasured):
        utilization(row)


@pytest.mark.parametrize("row", [row for row in TABLES["custom"] if row["kind"] == "pods"], ids=ids)
def test_an_average_asks_for_as_many_pods_as_in_kubernetes(row: dict[str, Any]) -> None:
    pods = pods_of(row, row["levels_milli"], [])
    groups = grouped(pods, NOW, is_cpu=False)

    found = by_average(row["current_replicas"], row["target_milli"], pods, groups, Tolerance())

    assert (found.replicas, int(found.average)) == (row["expected_replicas"], row["expected_usage_milli"])


METRIC = """
    apiVersion: autoscaling/v2
    kind: HorizontalPodAutoscaler
    metadata: {{name: web}}
    spec:
      scaleTargetRef: {{kind: Deployment, name: web}}
      maxReplicas: 9
      metrics: [{{type: {kind}, {field}: {{}}}}]
"""


@pytest.mark.parametrize("row", [row for row in TABLES["custom"] if row["kind"] != "pods"], ids=ids)
def test_a_figure_that_belongs_to_no_pod_is_refused_at_the_door(row: dict[str, Any]) -> None:
    field = row["kind"].partition("_")[0]
    written = dedent(METRIC).format(kind=field.title(), field=field)

    problems = [problem.message for problem in load({"web.yaml": written.encode()}).problems]

    assert any(message.startswith("nobody measures it here") for message in problems)


@pytest.mark.parametrize("row", TABLES["group_pods"], ids=ids)
def test_pods_are_sorted_by_what_they_tell_as_in_kubernetes(row: dict[str, Any]) -> None:
    pods = {one["name"]: _grouped(one, row["metrics"].get(one["name"])) for one in row["pods"]}

    found = grouped(pods, NOW, is_cpu=row["resource"] == "cpu", patience=DELAY)

    assert len(found.counting) == row["ready_count"]
    assert (sorted(found.unready), sorted(found.missing)) == (
        row["unready_or_ignored"],
        sorted(row["missing"]),
    )


def _grouped(pod: dict[str, Any], metric: dict[str, float] | None) -> Sampled:
    measured = metric or {}
    return Sampled(
        used=None if metric is None else 1.0,
        at=NOW - measured.get("age_s", 0),
        window=measured.get("window_s", 0),
        started=NOW - pod["start_age_s"] if "start_age_s" in pod else None,
        ready=pod.get("ready"),
        since=NOW - pod.get("ready_transition_age_s", 0),
        pending=pod["phase"] == "Pending",
    )


def test_the_most_demanding_of_several_metrics_decides() -> None:
    asked = [Demand(3, 50, 1.0), Demand(5, None, 2.0)]

    assert most(asked, 4) == 5


@pytest.mark.parametrize(("asked", "replicas"), [(2, 4), (6, 6)])
def test_a_metric_that_cannot_be_had_lets_nobody_scale_down(asked: int, replicas: int) -> None:
    assert most([Demand(asked, 50, 1.0), None], 4) == replicas


def test_without_any_metric_nothing_changes() -> None:
    assert most([None, None], 4) == 4


def test_a_tolerance_may_differ_by_direction() -> None:
    pods = {"a": Sampled(used=1.2, requested=1, at=NOW, started=0, ready=True)}
    groups = Groups(frozenset(pods), frozenset(), frozenset())

    assert by_utilization(1, 100, pods, groups, Tolerance(above=0.25)).replicas == 1
    assert by_utilization(1, 100, pods, groups, Tolerance(below=0.25)).replicas == 2
