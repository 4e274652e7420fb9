"""What a Podman that was killed in the middle of a change leaves keeps nothing from being made or started."""

import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from runtime import podman_leftovers
from runtime.engine import EngineUnreachable, NameTaken
from runtime.podman import PodmanEngine
from runtime.resources import Image, Label, Network, Pod
from tests.machine import api
from tests.podman import leaving
from tests.podman.conftest import Podman
from tests.podman.making import IMAGE, TOWN, container, group, pod
from tests.podman.manifests import ONE, deployment, secret, variable
from tests.podman.program import Program

HARBOUR = Network("harbour", {Label.SOURCE: "tests"}, "10.233.0.0/20")  # no other test's: its bridge may stay
ADDRESS = "10.233.9.9"


@pytest.fixture
def town(empty_podman: Podman) -> Iterator[PodmanEngine]:
    """Return an engine that has a network, and somebody who runs in it."""
    engine = PodmanEngine(empty_podman.url)
    engine.create_network(TOWN)
    engine.create_pod(pod("town.miller"))
    yield engine


def states(engine: PodmanEngine, name: str) -> list[str]:
    """Return how a pod's containers are."""
    return [one.state for seen in engine.look().pods if seen.name == name for one in seen.containers]


def test_what_is_in_podmans_storage_only_gives_way_once_nobody_can_be_making_it(
    town: PodmanEngine, empty_podman: Podman, monkeypatch: pytest.MonkeyPatch
) -> None:
    leaving.store(empty_podman, "town.baker", IMAGE)

    with pytest.raises(NameTaken, match=r"town\.baker"):
        town.create_pod(pod())
    monkeypatch.setattr(podman_leftovers, "YOUNG", 0.0)
    town.create_pod(pod())

    assert states(town, "town.baker") == ["running"]


def test_an_infra_container_that_is_in_podmans_storage_only_gives_way(
    town: PodmanEngine, empty_podman: Podman, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(podman_leftovers, "YOUNG", 0.0)
    inn = group("town.inn", container("cook"), container("host"))
    town.create_pod(inn)
    listed = api.ask(empty_podman.socket, "GET", "/containers/json")
    (infra,) = [one["Names"][0] for one in listed if one["IsInfra"]]
    town.remove_pod("town.inn", 0)
    leaving.store(empty_podman, infra, IMAGE)

    town.create_pod(inn)

    assert states(town, "town.inn") == ["running", "running"]


def test_a_pod_without_its_infra_container_gives_way_if_it_is_ours(
    town: PodmanEngine, empty_podman: Podman, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(podman_leftovers, "YOUNG", 0.0)
    inn = group("town.inn", container("cook"), container("host"))
    bare = {"name": inn.name, "no_infra": True}

    api.ask(empty_podman.socket, "POST", "/pods/create", {**bare, "labels": {"owner": "somebody"}})
    with pytest.raises(NameTaken, match=r"town\.inn"):
        town.create_pod(inn)
    api.ask(empty_podman.socket, "DELETE", f"/pods/{inn.name}")
    api.ask(empty_podman.socket, "POST", "/pods/create", {**bare, "labels": dict(inn.labels)})
    town.create_pod(inn)

    assert states(town, inn.name) == ["running", "running"]


def test_a_pod_that_podman_was_making_when_it_went_away_is_not_left_though_nobody_wants_it_any_more(
    town: PodmanEngine, empty_podman: Podman, monkeypatch: pytest.MonkeyPatch
) -> None:
    def cut_off(_: object, pod: Pod) -> None:
        bare = {"name": pod.name, "no_infra": True, "labels": dict(pod.labels)}
        api.ask(empty_podman.socket, "POST", "/pods/create", bare)
        raise ConnectionResetError

    monkeypatch.setattr("runtime.podman.create", cut_off)
    with pytest.raises(EngineUnreachable):
        town.create_pod(group("town.inn", container("cook"), container("host")))

    town.look()

    assert api.ask(empty_podman.socket, "GET", "/pods/json") == []


def test_a_container_that_runs_without_podmans_knowledge_is_started_again(
    town: PodmanEngine, empty_podman: Podman
) -> None:
    runs = {"name": "town.baker", "image": IMAGE, "command": ["sleep", "1000"]}
    joins = {"netns": {"nsmode": "bridge"}, "networks": {TOWN.name: {}}}
    api.ask(empty_podman.socket, "POST", "/containers/create", {**runs, **joins})
    leaving.begin_unseen(empty_podman, "town.baker")
    before = states(town, "town.baker")

    town.start_pod("town.baker")

    assert (before, states(town, "town.baker")) == (["initialized"], ["running"])


def test_an_address_that_podman_has_kept_is_given_back(town: PodmanEngine, empty_podman: Podman) -> None:
    town.create_network(HARBOUR)
    told = replace(pod(), network=HARBOUR.name, address=ADDRESS)
    leaving.kill_while_joining(empty_podman, lambda: town.create_pod(told))

    town.start_pod("town.baker")
    town.restart_pod("town.baker", 0)

    networks = api.ask(empty_podman.socket, "GET", "/containers/town.baker/json")["NetworkSettings"][
        "Networks"
    ]
    assert states(town, "town.baker") == ["running"]
    assert {name: one["IPAddress"] for name, one in networks.items()} == {HARBOUR.name: ADDRESS}


def test_an_apply_outlasts_what_is_left_and_its_commit_is_well(program: Program) -> None:
    program.commit("One", deployment())
    assert program.run("apply").code == 0
    (name,) = program.running()
    program.commit("None", deployment(replicas=0))
    assert program.run("apply").code == 0
    leaving.store(program.podman, name, ONE)
    program.commit("One again", deployment())

    said = program.run("apply")

    assert said.code == 0, said
    assert program.running() == [name]


@pytest.mark.parametrize("cut_off", ["secrets.json", "filedriver/secretsdata.json"])
def test_secrets_that_podman_wrote_in_part_are_told_and_the_way_out_leads_out(
    program: Program, cut_off: str
) -> None:
    def commit(word: str) -> None:
        environment = [variable("PASSWORD", "login", "password")]
        program.commit(word, secret(password=word), deployment(env=environment))

    folder = program.podman.engine.directory / "storage/secrets"
    commit("first")
    assert program.run("apply").code == 0
    (folder / cut_off).write_bytes(b"")
    commit("second")

    told = program.run("apply")
    for file in ("secrets.json", "filedriver/secretsdata.json"):
        (folder / file).rename(folder / "away")
    leaving.restart(program.podman.engine)
    said = program.run("apply")

    assert "move away secrets/secrets.json and" in told.err + told.out
    assert (told.code in {1, 4}, said.code) == (True, 0), said
    assert "PASSWORD=second" in program.do(program.running()[0], "cat", "/proc/1/environ")
    assert program.run("diff").code == 0


def test_a_pull_that_podman_does_not_see_to_its_end_is_none_that_failed(
    town: PodmanEngine, empty_podman: Podman
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent, ThreadPoolExecutor(1) as threads:
        reference = f"127.0.0.1:{silent.getsockname()[1]}/baker:1"
        pulled = threads.submit(town.pull, Image(reference, "Always"))
        with silent.accept()[0]:
            leaving.restart(empty_podman.engine)

        with pytest.raises(EngineUnreachable, match=f"cannot pull the image {reference}"):
            pulled.result()
