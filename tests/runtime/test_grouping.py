"""Containers that belong together are one pod, whose state follows from theirs."""

from dataclasses import replace
from typing import Any

import pytest

from runtime.grouping import MISSING, STRANDED, Listed, finished, given_name, parts_in, parts_of, pods_of
from runtime.resources import Label, Role
from runtime.seen import SeenPod

LABELS = {
    Label.POD: "shop.web",
    Label.CONTAINERS: "init/migrate,sidecar/log,main/web,main/side",
    Label.RESTART: "Always",
}
BEGUN = 100.0  # when the pod was last started


def row(
    part: str, state: str = "running", *, infra: bool = False, policy: str = "Always", **more: Any
) -> Listed:
    labels = {**LABELS, Label.RESTART: policy} | ({} if infra else {Label.CONTAINER: part})
    times = (
        {"started": BEGUN, "pid": 1} if state in {"running", "paused"} else {"started": BEGUN, "ended": BEGUN}
    )
    plain = {"started": 0.0} if state == "created" else times
    seen = SeenPod(part, f"shop.web_{part}", labels, state, "app:1", "id", (), 50.0, **{**plain, **more})
    return Listed(seen, "shop.web", "pod-id", infra=infra)


def whole(infra: str = "running", policy: str = "Always", **states: str | Listed) -> SeenPod:
    """Return a pod of which each container is as named; one that isn't named isn't there."""
    rows = [one if isinstance(one, Listed) else row(part, one, policy=policy) for part, one in states.items()]
    (pod,) = pods_of([row("", infra, infra=True, policy=policy), *rows])
    return pod


def states(pod: SeenPod) -> list[str]:
    return [one.state for one in pod.members]


def test_a_pod_has_its_containers_in_the_order_of_their_starts() -> None:
    pod = whole(side="running", web="running", log="running", migrate="exited")

    assert [(one.part, one.role) for one in pod.members] == [
        ("migrate", Role.INIT),
        ("log", Role.SIDECAR),
        ("web", Role.MAIN),
        ("side", Role.MAIN),
    ]
    assert (pod.id, pod.name, pod.state, pod.pid) == ("pod-id", "shop.web", "running", 1)
    assert Label.CONTAINER not in pod.labels


@pytest.mark.parametrize(
    ("infra", "policy", "containers", "state"),
    [
        ("running", "Always", ("running", "created", "created", "created"), "created"),
        ("running", "Always", ("exited", "running", "running", "created"), "running"),
        ("running", "Always", ("exited", "running", "exited", "running"), "running"),
        ("running", "Always", ("exited", "running", "exited", "exited"), "exited"),
        ("running", "Always", ("exited", "running", "paused", "running"), "paused"),
        ("paused", "Always", ("exited", "running", "running", "running"), "paused"),
        ("removing", "Always", ("exited", "running", "running", "running"), "removing"),
        ("exited", "Always", ("exited", "exited", "exited", "exited"), "created"),
        ("exited", "Always", ("exited", "running", "running", "running"), "created"),
        ("exited", "Never", ("exited", "exited", "exited", "exited"), "exited"),
        ("exited", "OnFailure", ("exited", "exited", "exited", "exited"), "exited"),
    ],
)
def test_the_state_of_a_pod_follows_from_its_containers(
    infra: str, policy: str, containers: tuple[str, ...], state: str
) -> None:
    named = dict(zip(("migrate", "log", "web", "side"), containers, strict=True))

    assert whole(infra, policy, **named).state == state


def test_a_pod_ended_with_the_first_exit_code_that_is_not_0() -> None:
    failed = row("side", "exited", policy="Never", exit_code=3, ended=120.0)
    pod = whole(policy="Never", migrate="exited", log="running", web="exited", side=failed)

    assert (pod.state, pod.exit_code, pod.ended) == ("exited", 3, 120.0)
    assert finished(pod)


def test_an_init_container_that_fails_is_the_end_of_a_pod_that_never_restarts() -> None:
    failed = row("migrate", "exited", policy="Never", exit_code=5)
    pod = whole(policy="Never", migrate=failed, log="created", web="created", side="created")

    assert (pod.state, pod.exit_code, finished(pod)) == ("exited", 5, True)
    again = row("migrate", "exited", exit_code=5)
    assert whole(migrate=again, log="created", web="created", side="created").state == "created"


def test_what_ended_in_an_earlier_life_of_its_pod_was_never_started() -> None:
    earlier = row("migrate", "exited", started=BEGUN - 20, ended=BEGUN - 19)
    pod = whole(migrate=earlier, log="created", web="created", side="created")

    assert states(pod) == ["created"] * 4
    assert pod.members[0].started == 0


def test_what_runs_in_the_network_of_an_infra_container_that_ended_is_stranded() -> None:
    older = row("web", "running", started=BEGUN - 20)

    assert (
        states(whole("exited", migrate="exited", log="running", web="running", side="running"))[1:]
        == [STRANDED] * 3
    )
    assert states(whole(migrate="exited", log="running", web=older, side="running"))[2] == STRANDED


def test_a_pruned_init_container_has_done_its_work_and_any_other_is_missing() -> None:
    assert states(whole(log="running", web="running")) == ["exited", "running", "running", MISSING]
    assert states(whole(log="created", web="created", side="created"))[0] == MISSING


def test_a_pod_without_its_infra_container_is_going() -> None:
    (pod,) = pods_of([row("web"), row("side")])

    assert pod.state == "removing"


def test_somebodys_pod_has_a_name_and_its_containers_are_theirs() -> None:
    plain = replace(row("web").seen, labels={"app": "x"})
    copied = replace(row("web").seen, name="other")

    theirs = pods_of([Listed(plain, "their", "1"), Listed(copied, "clone", "2")])

    assert {one.name for one in theirs} == {"shop.web_web", "their", "other", "clone"}
    assert not any(Label.POD in one.labels for one in theirs)


def test_labels_say_what_a_pod_should_have_and_how_it_is_called() -> None:
    parts = [(Role.INIT, "a"), (Role.MAIN, "b")]

    assert parts_in({Label.CONTAINERS: parts_of(parts)}) == parts
    assert given_name({Label.POD: "shop.web"}) == "shop.web"
    assert given_name({**LABELS, Label.CONTAINER: "log"}) == "shop.web_log"
    assert given_name({"app": "web"}) == ""
