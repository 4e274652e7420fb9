"""Disruption budgets: the figures are Kubernetes', and no restart goes below them."""

from collections.abc import Sequence
from itertools import product
from typing import Any

import pytest

from reconcilers.budget import Budget, budget, may_go
from reconcilers.wanted import Health, Past
from runtime.records import Note
from runtime.resources import Owner
from schemas.disruption import PodDisruptionBudgetSpec
from tests.reconcilers.given import deployment, rolling
from tests.reconcilers.lifetime import Lifetime

BUDGET = """
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {{name: web, namespace: shop}}
spec: {{selector: {{matchLabels: {{app: web}}}}, {bound}}}
"""
WEB = Owner("Deployment", "shop", "web")


def spec(**fields: Any) -> PodDisruptionBudgetSpec:
    return PodDisruptionBudgetSpec.model_validate(fields)


@pytest.mark.parametrize(
    ("bound", "pods", "healthy", "scales", "expected"),
    [
        ({"minAvailable": 2}, 3, 3, [3], (3, 2, 1)),
        ({"minAvailable": 2}, 3, 1, [3], (3, 2, 0)),
        ({"minAvailable": 2}, 0, 0, [], (0, 2, 0)),
        ({"minAvailable": 0}, 1, 1, [None], (1, 0, 1)),  # of a pod that stands by itself, or a Job's
        ({"minAvailable": "50%"}, 3, 3, [3], (3, 2, 1)),  # rounded up
        ({"minAvailable": "28%"}, 3, 2, [3], (3, 1, 1)),
        ({"minAvailable": "100%"}, 3, 3, [3], (3, 3, 0)),
        ({"minAvailable": "50%"}, 5, 5, [3, 2], (5, 3, 2)),
        ({"maxUnavailable": 1}, 3, 3, [3], (3, 2, 1)),
        ({"maxUnavailable": 5}, 3, 3, [3], (3, 0, 3)),
        ({"maxUnavailable": "30%"}, 10, 10, [10], (10, 7, 3)),
        ({"maxUnavailable": "33%"}, 10, 9, [10], (10, 6, 3)),  # 3.3 rounded up
        ({"maxUnavailable": 0}, 3, 3, [3], (3, 3, 0)),
        ({"maxUnavailable": 1}, 2, 2, [4], (4, 3, 0)),  # what should be there counts, not what is
        ({"maxUnavailable": 1}, 1, 1, [None], (0, 0, 0)),  # a DaemonSet's pods have no number
        ({"minAvailable": "50%"}, 1, 1, [None], (0, 0, 0)),
        ({}, 3, 3, [3], (0, 0, 0)),
    ],
)
def test_a_budget_is_counted_as_in_kubernetes(
    bound: dict[str, Any], pods: int, healthy: int, scales: Sequence[int | None], expected: tuple[int, ...]
) -> None:
    found = budget(spec(**bound), pods=pods, healthy=healthy, scales=scales)

    assert (found.expected, found.desired, found.allowed) == expected
    assert found.current == healthy


@pytest.mark.parametrize(
    ("policy", "now", "ready", "goes"),
    [
        ("IfHealthyBudget", Budget(3, 3, 2), True, True),
        ("IfHealthyBudget", Budget(3, 2, 2), True, False),
        ("IfHealthyBudget", Budget(3, 2, 2), False, True),
        ("IfHealthyBudget", Budget(3, 1, 2), False, False),
        ("AlwaysAllow", Budget(3, 1, 2), False, True),
        ("AlwaysAllow", Budget(3, 1, 2), True, False),
    ],
)
def test_who_serves_nobody_goes_as_its_policy_says(
    policy: str, now: Budget, *, ready: bool, goes: bool
) -> None:
    assert may_go(spec(unhealthyPodEvictionPolicy=policy), now, ready=ready) is goes


def test_no_small_budget_allows_more_than_leaves_what_has_to_be() -> None:
    for pods, healthy, scale, least in product(range(5), range(5), range(5), range(5)):
        for bound in ({"minAvailable": least}, {"maxUnavailable": least}, {"minAvailable": f"{least * 25}%"}):
            found = budget(spec(**bound), pods=pods, healthy=healthy, scales=[scale])

            assert 0 <= found.allowed <= healthy
            assert found.allowed == 0 or healthy - found.allowed >= found.desired


PACES = [one for one in product(range(1, 4), range(3), range(3), range(4)) if one[1] or one[2]]


@pytest.mark.parametrize(("replicas", "surge", "unavailable", "least"), PACES)
def test_a_restart_goes_as_far_as_its_budget_lets_it_and_an_update_asks_nobody(
    replicas: int, surge: int, unavailable: int, least: int
) -> None:
    kept, pace = BUDGET.format(bound=f"minAvailable: {least}"), rolling(surge, unavailable)
    life = Lifetime((kept, deployment("app:1", replicas, strategy=pace)), ending=lambda _: None)
    life.live(life.now + 10)
    before = {pod.id for pod in life.made}
    restart = Past(notes={(WEB, "restart"): Note(life.now)})

    for _ in range(8 * replicas):
        life.tick(past=restart)
        assert len(life.pods) >= min(least, replicas)
        life.now += 2

    left = before & {pod.id for pod in life.pods.values()}
    ends = least < replicas + min(surge, 1)
    assert (not left) is ends
    assert life.wanted(past=restart).status.health is (Health.HEALTHY if ends else Health.DEGRADED)

    life.documents = (kept, deployment("app:2", replicas, strategy=pace))
    for _ in range(8 * replicas):
        life.tick(past=restart)
        life.now += 2

    assert [pod.image for pod in life.pods.values()] == ["app:2"] * replicas
