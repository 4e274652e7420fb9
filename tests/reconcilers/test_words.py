"""Which pods a restart reaches, whatever kind they are of, and that it reaches each only once."""

from dataclasses import replace
from textwrap import dedent

import pytest

from reconcilers.wanted import Consequence, Past, Wanted
from reconcilers.words import RESTART
from runtime.records import Note
from runtime.resources import Owner
from runtime.seen import SeenPod
from tests.reconcilers.given import NOW, pods_of, running, seen, wanted

WORKLOAD = """
    apiVersion: apps/v1
    kind: {kind}
    metadata: {{name: db, namespace: shop}}
    spec:
      {more}
      selector: {{matchLabels: {{app: db}}}}
      template:
        metadata: {{labels: {{app: db}}}}
        spec:
          containers: [{{name: main, image: "app:1"}}]
"""
POD = """
    apiVersion: v1
    kind: Pod
    metadata: {name: db, namespace: shop}
    spec: {containers: [{name: main, image: "app:1"}]}
"""


def workload(kind: str, more: str = "") -> str:
    return dedent(WORKLOAD).format(kind=kind, more=more)


def restarted(kind: str) -> Past:
    return Past(notes={(Owner(kind, "shop", "db"), RESTART): Note(NOW - 60)})


def there(answer: Wanted, pods: list[SeenPod]) -> list[SeenPod]:
    """Return the pods once what was wanted of them has been done."""
    names = {pod.name for pod in pods_of(answer)}
    stay = [one for one in pods if one.name in answer.keep | names - answer.renewed]
    came = [
        seen(pod, since=NOW - 30) for pod in pods_of(answer) if pod.name not in {one.name for one in stay}
    ]
    return sorted([*stay, *came], key=lambda one: one.name)


def test_a_stateful_set_is_restarted_from_the_top_one_by_one_and_keeps_its_names() -> None:
    written = workload("StatefulSet", "replicas: 3")
    pods = running(written, pods=running(written, pods=running(written)))
    turns = []

    for _ in range(4):
        answer = wanted(written, pods=pods, past=restarted("StatefulSet"))
        turns.append(sorted(answer.renewed))
        pods = there(answer, pods)

    assert turns == [["shop.db-2"], ["shop.db-1"], ["shop.db-0"], []]
    assert (answer.settled, answer.asked) == (True, "")


def test_pods_below_the_partition_are_not_restarted_and_not_taken_for_old() -> None:
    written = workload("StatefulSet", "updateStrategy: {rollingUpdate: {partition: 1}}")

    answer = wanted(written, pods=running(written), past=restarted("StatefulSet"))

    assert (answer.renewed, answer.settled, answer.status.reason) == (frozenset(), True, "")


@pytest.mark.parametrize("kind", ["StatefulSet", "DaemonSet"])
def test_who_is_updated_by_hand_is_restarted_by_hand(kind: str) -> None:
    written = workload(kind, "updateStrategy: {type: OnDelete}")
    pods = running(written)

    answer = wanted(written, pods=pods, past=restarted(kind))

    assert (answer.renewed, answer.settled) == (frozenset(), True)


def test_a_daemon_set_has_another_pod_once_the_old_one_is_gone() -> None:
    written = workload("DaemonSet")
    (before,) = running(written)

    answer = wanted(written, pods=[before], past=restarted("DaemonSet"))
    (pod,) = pods_of(answer)

    assert (pod.after, answer.consequence) == ((before.name,), Consequence.RECREATE)
    assert wanted(written, pods=[seen(pod, since=NOW)], past=restarted("DaemonSet")).settled


def test_a_replica_set_replaces_nobody() -> None:
    written = workload("ReplicaSet", "replicas: 2")
    pods = running(written)

    answer = wanted(written, pods=pods, past=restarted("ReplicaSet"))

    assert (sorted(pod.name for pod in pods_of(answer)), answer.settled) == ([p.name for p in pods], True)


def test_a_bare_pod_is_replaced_under_its_name() -> None:
    (before,) = running(POD)

    answer = wanted(POD, pods=[before], past=restarted("Pod"))
    after = wanted(POD, pods=[replace(before, created=NOW)], past=restarted("Pod"))

    assert (answer.renewed, answer.settled, answer.consequence) == ({"shop.db"}, False, Consequence.RECREATE)
    assert (after.renewed, after.settled, after.asked) == (frozenset(), True, "")
