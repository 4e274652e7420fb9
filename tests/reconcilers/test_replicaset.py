"""Which pods a ReplicaSet wants, and that it replaces nobody."""

import re
from dataclasses import replace

from reconcilers.wanted import Consequence, Health, Wanted
from tests.reconcilers.given import NOW, deployment, pods_of, running, wanted

FOREIGN = re.compile(r" *(strategy|paused|progressDeadlineSeconds):")


def replica_set(image: str = "app:1", replicas: int = 2, **fields: object) -> str:
    written = deployment(image, replicas, **fields)  # type: ignore[arg-type]
    other = written.replace("kind: Deployment", "kind: ReplicaSet")
    lines = (line for line in other.splitlines() if not FOREIGN.match(line))
    return "\n".join(lines)


def images(answer: Wanted) -> list[str]:
    return [pod.containers[0].image for pod in pods_of(answer)]


def test_a_new_replica_set_wants_all_its_pods_at_once() -> None:
    assert images(wanted(replica_set(replicas=3))) == ["app:1"] * 3


def test_another_template_replaces_nobody_and_all_is_well() -> None:
    answer = wanted(replica_set("app:2"), pods=running(replica_set()))

    assert (images(answer), len(answer.keep), answer.settled) == ([], 2, True)
    assert answer.consequence is Consequence.NONE
    assert answer.status.health is Health.HEALTHY
    assert answer.status.reason == "2 pods are of an older template, until somebody removes what is old"


def test_what_is_missing_is_made_of_the_new_template() -> None:
    answer = wanted(replica_set("app:2", 3), pods=running(replica_set())[:1])

    assert (images(answer), len(answer.keep)) == (["app:2", "app:2"], 1)


def test_of_too_many_pods_the_worst_and_then_the_youngest_go() -> None:
    first, second, third = running(replica_set(replicas=3))
    young = replace(first, created=NOW - 60, started=NOW - 60)

    answer = wanted(replica_set("app:2", 1), pods=[young, second, replace(third, state="exited")])

    assert answer.keep == {second.name}


def test_pods_of_a_deployment_of_the_same_name_and_template_have_other_names() -> None:
    ours, others = pods_of(wanted(replica_set())), pods_of(wanted(deployment()))

    assert not {pod.name for pod in ours} & {pod.name for pod in others}
