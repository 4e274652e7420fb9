"""What every engine promises about pods of several containers: the one in memory, and Podman itself."""

import time
from dataclasses import replace

import pytest

from runtime.engine import EngineError, ImageMissing, NameTaken
from runtime.grouping import MISSING, STRANDED
from runtime.resources import Container, Label, Role
from runtime.seen import SeenPod
from tests.podman.making import container, group, pod
from tests.podman.program import until
from tests.podman.test_engine_contract import Subject, subject, town

__all__ = ["subject", "town"]  # fixtures

MIGRATE, LOG, WEB, SIDE = (
    container("migrate", role=Role.INIT),
    container("log", role=Role.SIDECAR),
    container("web"),
    container("side"),
)


def inn(town: Subject) -> SeenPod:
    return town.pods()["town.inn"]


def states(town: Subject) -> list[str]:
    return [one.state for one in inn(town).members]


def test_a_pod_of_several_is_seen_as_one(town: Subject) -> None:
    town.engine.create_pod(group("town.inn", WEB, SIDE))

    (seen,) = town.engine.look().pods
    assert (seen.name, seen.state, seen.networks) == ("town.inn", "running", ("town",))
    assert [(one.name, one.part, one.state) for one in seen.members] == [
        ("town.inn_web", "web", "running"),
        ("town.inn_side", "side", "running"),
    ]
    assert seen.labels[Label.POD] == "town.inn"
    assert len({seen.pid, *(one.pid for one in seen.members)} - {0}) == 3
    assert 0 < int(seen.created) <= seen.started


def test_only_the_first_init_container_starts_with_its_pod(town: Subject) -> None:
    town.engine.create_pod(group("town.inn", MIGRATE, LOG, WEB))
    begun = states(town)
    town.engine.start_pod("town.inn_log")

    assert begun == ["running", "created", "created"]
    assert states(town) == ["running", "running", "created"]


def test_the_names_of_a_pod_and_its_containers_are_given_once(town: Subject) -> None:
    town.engine.create_pod(group("town.inn", WEB, SIDE))

    with pytest.raises(NameTaken, match=r"town\.inn"):
        town.engine.create_pod(group("town.inn", WEB, SIDE))
    assert states(town) == ["running", "running"]


def test_no_container_is_called_as_a_pod_is(town: Subject) -> None:
    town.engine.create_pod(group("town.inn", WEB, SIDE))

    with pytest.raises(NameTaken, match=r"town\.inn"):
        town.engine.create_pod(pod("town.inn"))
    assert states(town) == ["running", "running"]


def test_of_a_pod_that_cannot_be_made_whole_nothing_is_left(town: Subject) -> None:
    nowhere = Container("nowhere", "localhost/nowhere:1")

    with pytest.raises(ImageMissing, match="nowhere"):
        town.engine.create_pod(group("town.inn", WEB, nowhere))
    assert town.engine.look().pods == ()


def test_one_container_is_stopped_restarted_and_started_by_its_own_name(town: Subject) -> None:
    town.engine.create_pod(group("town.inn", WEB, SIDE))
    web, side = inn(town).members
    town.engine.restart_pod("town.inn_web", 0)
    town.engine.stop_pod("town.inn_side", 0)
    stopped = inn(town)
    town.engine.start_pod("town.inn_side")

    assert (stopped.state, stopped.members[1].state) == ("running", "exited")
    assert stopped.members[0].id == web.id
    assert stopped.members[0].pid not in {0, web.pid}
    assert inn(town).members[1].pid not in {0, side.pid}
    assert inn(town).pid == stopped.pid


def test_a_container_that_a_hand_removed_is_made_again_beside_the_others(town: Subject) -> None:
    town.engine.create_pod(group("town.inn", WEB, SIDE))
    before = inn(town)
    town.hands.remove("town.inn_side")
    lacking = states(town)
    town.engine.complete_pod(group("town.inn", WEB, SIDE))
    town.engine.complete_pod(group("town.inn", WEB, SIDE))
    town.engine.start_pod("town.inn_side")

    assert lacking == ["running", MISSING]
    assert states(town) == ["running", "running"]
    assert inn(town).members[0].pid == before.members[0].pid


def test_a_renamed_container_stays_in_its_pod(town: Subject) -> None:
    town.engine.create_pod(group("town.inn", WEB, SIDE))
    town.hands.rename("town.inn_side", "elsewhere")
    renamed = [one.name for one in inn(town).members]
    town.engine.rename_pod("elsewhere", "town.inn_side")

    assert renamed == ["town.inn_web", "elsewhere"]
    assert [one.name for one in inn(town).members] == ["town.inn_web", "town.inn_side"]


def test_a_renamed_infra_container_is_seen_and_gets_its_name_back(town: Subject) -> None:
    town.engine.create_pod(group("town.inn", WEB, SIDE))
    town.hands.rename("town.inn_", "elsewhere")
    renamed = inn(town).infra
    town.engine.rename_pod("elsewhere", "town.inn_")

    assert (renamed, inn(town).infra) == ("elsewhere", "town.inn_")
    assert states(town) == ["running", "running"]


def test_a_pod_that_was_stopped_begins_anew(town: Subject) -> None:
    town.engine.create_pod(group("town.inn", WEB, SIDE))
    town.hands.stop_group("town.inn")
    stopped = inn(town)
    town.engine.start_pod("town.inn_web")

    assert (stopped.state, stopped.pid, [one.state for one in stopped.members]) == (
        "created",
        0,
        ["created", "created"],
    )
    assert states(town) == ["running", "created"]
    assert inn(town).id == stopped.id


def test_containers_whose_infra_container_was_killed_are_stranded(town: Subject) -> None:
    town.engine.create_pod(group("town.inn", WEB, SIDE))
    town.hands.kill("town.inn_")

    assert (inn(town).state, states(town)) == ("created", [STRANDED, STRANDED])
    for name in ("town.inn_web", "town.inn_side"):
        town.engine.stop_pod(name, 0)
    over = int(time.time()) + 1  # Podman tells whole seconds: an earlier life has to be a second older
    until(lambda: time.time() >= over)
    town.engine.start_pod("town.inn_web")
    assert states(town) == ["running", "created"]


def test_a_pod_is_paused_if_one_of_its_containers_is(town: Subject) -> None:
    town.engine.create_pod(group("town.inn", WEB, SIDE))
    town.hands.pause("town.inn_side")
    paused = inn(town)
    town.engine.unpause_pod("town.inn_side")

    assert (paused.state, [one.state for one in paused.members]) == ("paused", ["running", "paused"])
    assert states(town) == ["running", "running"]


def test_pruning_a_completed_init_container_changes_nothing(town: Subject) -> None:
    quick = replace(MIGRATE, command=("true",))
    town.engine.create_pod(group("town.inn", quick, WEB))
    town.engine.stop_pod("town.inn_migrate", 0)
    town.engine.start_pod("town.inn_web")
    town.hands.prune()

    assert (inn(town).state, states(town)) == ("running", ["exited", "running"])


def test_a_pod_that_left_its_network_is_put_back_by_its_infra_container(town: Subject) -> None:
    town.engine.create_pod(group("town.inn", WEB, SIDE))
    town.hands.disconnect("town.inn_", "town")
    left = inn(town).networks
    town.engine.connect_pod("town.inn_", "town", ("town.inn",))

    assert left == ()
    assert inn(town).networks == ("town",)


def test_a_pod_is_removed_whole(town: Subject) -> None:
    town.engine.create_pod(group("town.inn", WEB, SIDE))
    town.engine.remove_pod("town.inn", 0)
    town.engine.remove_pod("town.inn", 0)

    assert town.engine.look().pods == ()
    with pytest.raises(EngineError, match=r"town\.inn"):
        town.engine.start_pod("town.inn_web")
