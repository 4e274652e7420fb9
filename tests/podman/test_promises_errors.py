"""Every error that a user can provoke is one or two lines with the way out, the right code, and no change."""

import signal
import socket
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from tests.podman.hands import Hands
from tests.podman.manifests import (
    ONE,
    SERVE,
    TWO,
    Object,
    claim,
    claimed,
    deployment,
    mounted,
    pod,
    within,
)
from tests.podman.program import Program, Said, until


def publishing(name: str = "web", port: int = 18080, **more: object) -> Object:
    """Return a Deployment that publishes a port of the machine."""
    return deployment(name, command=SERVE, ports=[{"containerPort": 8000, "hostPort": port}], **more)


def short(said: Said) -> Said:
    """Return what was said, once it is one or two lines without a traceback."""
    assert 1 <= len(said.lines) <= 2, said
    assert "Traceback" not in said.err
    return said


def test_without_podman_nothing_happens_and_the_way_out_is_told(program: Program, tmp_path: Path) -> None:
    program.commit("Sleep", deployment())

    said = short(replace(program, url=f"unix://{tmp_path}/nobody.sock").run("apply"))

    assert said.code == 4
    assert "nobody.sock" in said.err


def test_a_socket_that_is_not_podmans_is_told(program: Program, tmp_path: Path) -> None:
    program.commit("Sleep", deployment())
    with closing(socket.socket(socket.AF_UNIX)) as other:
        other.bind(str(tmp_path / "other.sock"))

        said = short(replace(program, url=f"unix://{tmp_path}/other.sock").run("apply"))

    assert said.code == 4


def test_a_podman_elsewhere_is_refused(program: Program) -> None:
    program.commit("Sleep", deployment())

    said = short(replace(program, url="ssh://root@example.org/run/podman.sock").run("apply"))

    assert said.code == 4
    assert "same machine" in said.err


@pytest.mark.parametrize(
    ("arguments", "told"),
    [(("--repo", "/dev/shm"), "/dev/shm"), (("--ref", "no-such-branch"), "no-such-branch")],
)
def test_a_source_that_cannot_be_read_is_told(
    program: Program, arguments: tuple[str, ...], told: str
) -> None:
    program.commit("Sleep", deployment())

    said = short(program.run(*arguments, "apply"))

    assert said.code == 4
    assert told in said.err
    assert program.things() == {}


def test_an_empty_tree_stops_nothing_until_that_is_said(program: Program) -> None:
    program.commit("Sleep", deployment())
    assert program.run("apply").code == 0
    program.commit("Nothing")

    said = short(program.run("apply"))

    assert said.code == 2
    assert "--allow-empty" in said.err
    assert len(program.running()) == 1
    assert program.run("apply", "--allow-empty").code == 0
    assert program.things() == {}


def test_a_commit_that_lets_most_of_what_runs_go_needs_a_word(program: Program) -> None:
    program.commit("Three", *(deployment(name) for name in ("a", "b", "c")))
    assert program.run("apply").code == 0
    program.commit("One", deployment("a"))

    said = short(program.run("apply"))

    assert (said.code, len(program.running())) == (2, 3)
    assert program.run("apply", "--allow-empty").code == 0
    assert program.of("a") == program.running()


def test_one_bad_manifest_holds_the_whole_commit(program: Program) -> None:
    program.commit("Good", deployment())
    assert program.run("apply").code == 0
    program.commit("Bad", deployment(image=TWO), {**pod("other"), "spek": {}})

    said = program.run("apply")

    assert said.code == 2
    assert "pod-other.yaml:1:" in said.err
    assert program.images() == [ONE]


def test_a_host_port_that_a_program_has_is_told_and_nothing_else_suffers(program: Program) -> None:
    with closing(socket.create_server(("0.0.0.0", 18080))):
        program.commit("Publish", publishing(), deployment("other"))
        said = program.run("apply")
        assert said.code == 1
        assert "18080" in said.out
        assert [name.split("-")[0] for name in program.running()] == ["default.other"]

    assert program.run("apply").code == 0
    assert len(program.running()) == 2


def test_a_host_port_that_a_container_has_is_told_with_its_name(program: Program) -> None:
    hands = Hands(program.podman)
    hands.do("run", "--detach", "--name=neighbour", "--publish=18080:80", ONE, "sleep", "1000")
    program.commit("Publish", publishing())

    said = program.run("apply")

    assert said.code == 1
    assert "neighbour" in said.out
    assert program.running() == ["neighbour"]


def test_a_foreign_container_is_left_alone_until_it_is_adopted(program: Program) -> None:
    Hands(program.podman).do("run", "--detach", "--name=default.db", ONE, "sleep", "1000")
    before = program.ids()
    program.commit("Database", pod("db", image=TWO))

    refused = program.run("apply")

    assert refused.code == 1
    assert "sloop adopt pod/default.db" in refused.out
    assert program.ids() == before
    assert program.run("adopt", "pod/default.db").code == 0
    assert program.images() == [TWO]
    assert program.run("diff").code == 0


def test_a_foreign_volume_is_used_only_by_a_claim_that_names_it(program: Program) -> None:
    hands = Hands(program.podman)
    hands.do("volume", "create", "default.data")
    user = pod("db", volumeMounts=[mounted("data", "/data")], pod={"volumes": [claimed()]})
    program.commit("Claim", claim(), user)

    refused = program.run("apply")
    program.commit("Name it", claim(annotations={"sloop/volume": "default.data"}), user)
    applied = program.run("apply")

    assert refused.code == 1
    assert "sloop/volume: default.data" in refused.out
    assert applied.code == 0, applied
    program.commit("Nothing")
    assert program.run("apply", "--allow-empty").code == 0
    assert program.things() == {"volumes": ["default.data"]}


def test_a_foreign_network_is_left_alone(program: Program) -> None:
    Hands(program.podman).do("network", "create", "sloop-shop")
    program.commit("Shop", within("shop", pod("db")))

    refused = program.run("apply")

    assert refused.code == 1
    assert "podman network rm sloop-shop" in refused.out
    assert program.running() == []
    Hands(program.podman).do("network", "rm", "sloop-shop")
    assert program.run("apply").code == 0


def test_two_sloops_at_once_take_turns_and_the_second_finds_nothing_to_do(program: Program) -> None:
    program.commit("Sleep", *(deployment(name, replicas=3) for name in ("a", "b")))

    with program.started("apply") as first, program.started("apply") as second:
        said = [one.communicate(timeout=60) for one in (first, second)]

    assert (first.returncode, second.returncode) == (0, 0), said
    assert len(program.running()) == len(program.ids()) == 6
    assert len(program.json("history")) <= 2
    assert "waiting for `sloop apply` (process" in "".join(err for _, err in said)
    assert sum(out.count("done    create pod/") for out, _ in said) == 6


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_an_apply_that_is_told_to_stop_says_so_and_the_next_one_goes_on(
    program: Program, number: signal.Signals
) -> None:
    patient = {"minReadySeconds": 600, "progressDeadlineSeconds": 900}
    program.commit("Slow", *(deployment(name, replicas=3, spec=patient) for name in ("a", "b")))

    with program.started("apply") as running:
        until(program.running)
        running.send_signal(number)
        _, err = running.communicate(timeout=30)

    assert (running.returncode, len(err.splitlines())) == (1, 1), err
    assert f"stopped by {number.name}" in err
    assert program.json("history")[0]["outcome"] == "Failed"
    made = program.ids()
    program.commit("Quick", *(deployment(name, replicas=3) for name in ("a", "b")))
    assert program.run("apply").code == 0
    assert made.items() <= program.ids().items()
    assert len(program.running()) == len(program.ids()) == 6
