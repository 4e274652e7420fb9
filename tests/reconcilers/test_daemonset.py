"""Which pod a DaemonSet wants here, and how it is replaced."""

from textwrap import dedent

import pytest

from reconcilers.wanted import Consequence, Health
from tests.reconcilers.given import NOW, pods_of, running, seen, wanted

SET = """
    apiVersion: apps/v1
    kind: DaemonSet
    metadata: {{name: agent, namespace: shop}}
    spec:
      updateStrategy: {strategy}
      minReadySeconds: {min_ready}
      selector: {{matchLabels: {{app: agent}}}}
      template:
        metadata: {{labels: {{app: agent}}}}
        spec:
          nodeSelector: {selector}
          containers: [{{name: main, image: "{image}"{container}}}]
"""
SURGE = "{rollingUpdate: {maxSurge: 1, maxUnavailable: 0}}"
LINUX = {"kubernetes.io/os": "linux"}
PLAIN = {"image": "app:1", "strategy": "{}", "min_ready": 0, "selector": "{}", "container": ""}
PORT = ", ports: [{containerPort: 80, hostPort: 8080}]"


def daemon(**fields: object) -> str:
    return dedent(SET).format(**{**PLAIN, **fields})


def test_one_pod_runs_on_this_machine() -> None:
    written = daemon()

    answer = wanted(written, pods=running(written))

    assert len(pods_of(answer)) == 1
    assert (answer.settled, answer.status.health, answer.status.total) == (True, Health.HEALTHY, 1)


def test_a_machine_with_the_labels_gets_the_pod_and_another_one_none() -> None:
    written = daemon(selector="{kubernetes.io/os: linux}")

    here, elsewhere = wanted(written, node_labels=LINUX), wanted(written, node_labels={})

    assert (len(pods_of(here)), len(pods_of(elsewhere))) == (1, 0)
    assert (elsewhere.settled, elsewhere.status.health, elsewhere.status.total) == (True, Health.HEALTHY, 0)
    assert elsewhere.status.reason.startswith("this machine's labels are not what")


def test_a_pod_goes_where_it_is_no_longer_for_this_machine() -> None:
    answer = wanted(daemon(selector="{disk: ssd}"), pods=running(daemon()))

    assert (pods_of(answer), answer.keep, answer.settled) == ([], frozenset(), False)


def test_the_old_pod_stops_first() -> None:
    (before,) = running(daemon())

    answer = wanted(daemon(image="app:2"), pods=[before])

    assert [pod.after for pod in pods_of(answer)] == [(before.name,)]
    assert (answer.keep, answer.consequence) == (frozenset(), Consequence.RECREATE)


def test_the_new_pod_starts_first_where_that_is_asked_for() -> None:
    before = running(daemon(strategy=SURGE))
    new = daemon(image="app:2", strategy=SURGE, min_ready=5)

    started = wanted(new, pods=before)
    fresh = seen(pods_of(started)[0], since=NOW)
    early, late = (wanted(new, pods=[*before, fresh], now=NOW + seconds) for seconds in (4, 5))

    assert (started.keep, started.consequence) == ({before[0].name}, Consequence.ROLLING)
    assert (len(early.keep), early.look_again, len(late.keep)) == (1, NOW + 5, 0)


def test_a_host_port_stops_first_though_surging_is_asked_for() -> None:
    before = running(daemon(strategy=SURGE, container=PORT))

    (pod,) = pods_of(wanted(daemon(strategy=SURGE, container=PORT, image="app:2"), pods=before))

    assert pod.after == (before[0].name,)


@pytest.mark.parametrize("there", [0, 1])
def test_on_delete_makes_a_new_one_only_once_the_old_one_is_gone(there: int) -> None:
    before = running(daemon())

    answer = wanted(daemon(image="app:2", strategy="{type: OnDelete}"), pods=before[:there])

    assert (len(pods_of(answer)), len(answer.keep)) == (1 - there, there)
    assert answer.settled is bool(there)
