"""Pods that stand by themselves, and objects that run nothing."""

from dataclasses import replace

import pytest

from reconcilers.wanted import Consequence, Health, Past
from runtime.records import Failure, Restarts
from runtime.resources import Image, Network, Pod, Volume
from runtime.seen import Exit, SeenPod
from tests.reconcilers.given import NOW, running, wanted

POD = """
    apiVersion: v1
    kind: Pod
    metadata: {name: job, namespace: shop}
    spec:
      restartPolicy: Always
      containers: [{name: main, image: "app:1"}]
"""
CLAIM = """
    apiVersion: v1
    kind: PersistentVolumeClaim
    metadata: {name: data, namespace: shop}
    spec: {accessModes: [ReadWriteOnce]}
"""
NAMESPACE = """
    apiVersion: v1
    kind: Namespace
    metadata: {name: shop}
"""


def ended(policy: str, code: int) -> tuple[str, SeenPod]:
    written = POD.replace("Always", policy)
    (pod,) = running(written, since=NOW - 2)
    return written, replace(pod, state="exited", ended=NOW, exit_code=code)


def test_a_pod_comes_with_its_network_and_image() -> None:
    network, image, pod = wanted(POD).resources

    assert isinstance(network, Network)
    assert isinstance(image, Image)
    assert isinstance(pod, Pod)
    assert (network.name, image, pod.name) == ("sloop-shop", Image("app:1", "IfNotPresent"), "shop.job")


def test_another_template_is_told_as_recreate() -> None:
    answer = wanted(POD.replace("app:1", "app:2"), pods=running(POD))

    assert answer.consequence is Consequence.RECREATE
    assert not answer.settled


@pytest.mark.parametrize(
    ("policy", "code", "health", "reason"),
    [
        ("Never", 0, Health.HEALTHY, "Completed"),
        ("OnFailure", 0, Health.HEALTHY, "Completed"),
        ("Never", 3, Health.DEGRADED, "Error (exit 3)"),
        ("OnFailure", 3, Health.DEGRADED, "CrashLoopBackOff (exit 3, 4 restarts, next in 9s)"),
        ("Always", 0, Health.DEGRADED, "CrashLoopBackOff (exit 0, 4 restarts, next in 9s)"),
    ],
)
def test_how_a_pod_ended_is_how_it_fares(policy: str, code: int, health: Health, reason: str) -> None:
    written, pod = ended(policy, code)
    past = Past(exits={pod.id: Exit(3, False, "")}, restarts={pod.id: Restarts(1, NOW - 1)})

    answer = wanted(written, pods=[pod], past=past)

    assert (answer.status.health, answer.status.reason) == (health, reason)
    assert answer.resting == {"shop.job"}


def test_a_pod_that_is_not_there_is_missing_or_says_why() -> None:
    failed = Past(failures={"pod/shop.job": Failure(1, NOW, "no space left")})

    assert wanted(POD).status.health is Health.MISSING
    assert wanted(POD, past=failed).status.reason == "no space left"


def test_a_running_pod_is_healthy_and_a_paused_one_is_not() -> None:
    (pod,) = running(POD)

    assert wanted(POD, pods=[pod]).status.health is Health.HEALTHY
    assert wanted(POD, pods=[replace(pod, state="paused")]).status.health is Health.PROGRESSING


def test_a_claim_and_a_namespace_are_there_once_they_are_seen() -> None:
    claim, namespace = wanted(CLAIM), wanted(NAMESPACE)

    assert [type(one) for one in [*claim.resources, *namespace.resources]] == [Volume, Network]
    assert (claim.status.health, namespace.status.health) == (Health.MISSING, Health.MISSING)
    assert wanted(CLAIM, volumes=frozenset({"shop.data"})).settled
    assert wanted(NAMESPACE, networks=frozenset({"sloop-shop"})).settled
