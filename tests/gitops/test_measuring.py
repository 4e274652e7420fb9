"""Autoscalers under a timer's ticks: measured when one is due, and told as their own doing."""

import pytest

from gitops.planning.changes import Change
from tests.gitops.material import NAMESPACE
from tests.host import Host
from tests.reconcilers.given import deployment
from tests.reconcilers.test_autoscaler import REQUESTS, autoscaler

TICK = 60  # seconds


@pytest.fixture
def scaled(host: Host) -> Host:
    """Return a machine whose two pods an autoscaler has seen once."""
    web = deployment(replicas=2, container=REQUESTS)
    host.commit("Open", {"shop.yaml": NAMESPACE, "web.yaml": web, "hpa.yaml": autoscaler(most=5)})
    tick(host)
    tick(host)
    return host


def tick(host: Host) -> list[Change]:
    """Let a minute pass, and apply; return what that announces."""
    host.told.announced.clear()
    host.clock.now += TICK
    host.apply()
    return [change for changes in host.told.announced for change in changes]


def test_ticks_follow_a_load_and_tell_who_asked_for_more(scaled: Host) -> None:
    scaled.engine.load = lambda _: 0.3

    (change,) = tick(scaled)

    assert len(scaled.pods()) == 5
    assert (change.asked, change.cause) == (
        True,
        "HorizontalPodAutoscaler/web: cpu 150%/50%; 5 pods; 6 are wanted, and maxReplicas is 5",
    )
    assert len(scaled.ledger.past.history()) == 1


def test_a_pod_that_a_hand_removed_is_drift_all_the_same(scaled: Host) -> None:
    scaled.engine.remove(scaled.pods()[0])

    (change,) = tick(scaled)

    assert (change.verdict, change.asked) == ("drift", False)


def test_nobody_is_measured_twice_in_a_quarter_of_a_minute(scaled: Host) -> None:
    before = scaled.engine.requests
    scaled.clock.now += 10
    scaled.loop().sync_once()
    between = scaled.engine.requests - before
    scaled.clock.now += 10
    scaled.loop().sync_once()

    assert scaled.engine.requests - before == 2 * between + 1


def test_without_an_autoscaler_nobody_is_measured(host: Host) -> None:
    host.commit("Open", {"shop.yaml": NAMESPACE, "web.yaml": deployment()})
    host.apply()
    host.engine.load = lambda name: pytest.fail(f"{name} was measured")

    tick(host)

    assert len(host.pods()) == 2


def test_what_git_says_of_replicas_later_scales_nobody(scaled: Host) -> None:
    web = deployment(replicas=4, container=REQUESTS)
    scaled.commit("More", {"shop.yaml": NAMESPACE, "web.yaml": web, "hpa.yaml": autoscaler(most=5)})

    tick(scaled)

    assert len(scaled.pods()) == 2
