"""What hands and accidents do to what runs is mended by the next apply, and nobody else is touched."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.machine import api
from tests.podman.hands import Hands
from tests.podman.manifests import ONE, config_map, deployment, mounted
from tests.podman.program import Program

Meddle = Callable[[Hands, str], object]

MEDDLERS: dict[str, Meddle] = {
    "stop": Hands.stop,
    "kill": Hands.kill,
    "pause": Hands.pause,
    "remove": Hands.remove,
    "rename": lambda hands, name: hands.rename(name, "somebody"),
    "disconnect": lambda hands, name: hands.disconnect(name, "sloop-default"),
}
NEW_CONTAINER = {"remove"}


def deployed(program: Program) -> dict[str, str]:
    """Bring up two Deployments, one of which reads files; return the ids of the containers."""
    files = {"volumes": [{"name": "files", "configMap": {"name": "settings"}}]}
    program.commit(
        "Two",
        config_map(color="blue"),
        deployment("web", replicas=2, volumeMounts=[mounted("files", "/files")], pod=files),
        deployment("other"),
    )
    said = program.run("apply")
    assert said.code == 0, said
    return program.ids()


def well(program: Program) -> bool:
    """Say whether all three run under their names and reach each other by them."""
    assert program.run("diff").code == 0
    networks = [one["Networks"] for one in program.containers()]
    return len(program.running()) == len(program.ids()) == 3 and networks == [["sloop-default"]] * 3


@pytest.mark.parametrize("meddler", MEDDLERS)
def test_what_a_hand_did_is_healed_and_only_that_container_touched(program: Program, meddler: str) -> None:
    before = deployed(program)
    victim = program.of("web")[0]
    MEDDLERS[meddler](Hands(program.podman), victim)

    compared, applied = program.json("diff"), program.run("apply")

    assert [one["verdict"] for one in compared["changes"]] == ["drift"]
    assert [step["resource"] for step in compared["steps"]] == [f"pod/{victim}"]
    assert applied.code == 0, applied
    assert "Drifted on this machine:" in applied.out
    touched = {name for name, one in program.ids().items() if before.get(name) != one}
    assert touched == {victim} & ({victim} if meddler in NEW_CONTAINER else set())
    assert well(program)


def test_files_that_were_spoilt_are_written_again_without_a_restart(program: Program) -> None:
    before = deployed(program)
    (volume,) = api.ask(program.podman.socket, "GET", "/volumes/json")
    Path(volume["Mountpoint"], "color").write_text("red")

    applied = program.run("apply")

    assert applied.code == 0, applied
    assert program.do(program.of("web")[0], "cat", "/files/color") == "blue"
    assert program.ids() == before
    assert well(program)


def test_all_that_was_removed_at_once_with_its_network_comes_back(program: Program) -> None:
    before = deployed(program)
    hands = Hands(program.podman)
    hands.do("rm", "--force", "--time=0", "--all")
    hands.do("network", "rm", "--force", "sloop-default")
    hands.do("volume", "prune", "--force")

    applied = program.run("apply")

    assert applied.code == 0, applied
    assert program.ids().keys() == before.keys()
    assert well(program)


def test_all_that_was_killed_at_once_starts_again(program: Program) -> None:
    before = deployed(program)
    Hands(program.podman).do("kill", "--all")

    applied = program.run("apply")

    assert applied.code == 0, applied
    assert program.ids() == before
    assert well(program)


def test_an_image_that_lost_its_name_stops_nobody(program: Program) -> None:
    before = deployed(program)
    hands = Hands(program.podman)
    hands.do("untag", ONE)
    try:
        applied = program.run("apply")
    finally:
        hands.do("tag", program.containers()[0]["ImageID"], ONE)

    assert applied.code == 0, applied
    assert program.ids() == before


def test_a_pod_that_crashes_is_started_again_with_back_off_and_harms_nobody(program: Program) -> None:
    program.commit("Crash", deployment("bad", command=("sh", "-c", "exit 3")), deployment("good"))

    first = program.run("apply", "--timeout", "8s")
    (bad,) = program.of("bad")
    restarts = program.inspect(bad)["RestartCount"]
    second = program.run("apply", "--timeout", "1s")

    assert {first.code, second.code} <= {1, 3}
    assert restarts <= 6
    assert program.inspect(bad)["RestartCount"] <= restarts + 3
    assert "(exit 3, " in program.run("status").out
    assert [name.split("-")[0] for name in program.running()] == ["default.good"]
