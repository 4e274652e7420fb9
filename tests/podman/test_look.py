"""What get, describe, logs and exec tell and do on a real Podman."""

import os
import pty
import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace

import pytest

from tests.gitops.repository import Repository
from tests.machine import api
from tests.podman.conftest import Podman
from tests.podman.hands import Hands
from tests.podman.manifests import (
    ONE,
    claim,
    claimed,
    config_map,
    deployment,
    mounted,
    namespace,
    pod,
    secret,
    variable,
    within,
)
from tests.podman.program import Program, until

BYTES = "a\\000b\\377\\r\\nno end"
TALK = ("sh", "-c", "trap 'exit 0' TERM; echo hello from $HOSTNAME; sleep 1000 & wait")

OBJECTS = (
    namespace("other"),
    secret(password="hunter2-hunter2"),
    config_map(color="blue"),
    claim(),
    deployment(replicas=2, command=TALK),
    deployment("brief", replicas=2, command=TALK),
    deployment("halved", replicas=2),
    pod(
        "failing",
        command=("sh", "-c", f"echo with $PASSWORD; printf '{BYTES}'; exit 3"),
        env=[variable("PASSWORD", "login", "password")],
        volumeMounts=[mounted("data", "/data")],
        pod={"restartPolicy": "Never", "volumes": [claimed()]},
    ),
    pod("slow", readinessProbe={"exec": {"command": ["cat", "/not-yet"]}, "failureThreshold": 1}),
    within("other", pod("front", ports=[{"containerPort": 80, "hostPort": 18084}])),
)


@pytest.fixture(scope="module")
def shop(podman: Podman, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    """Deploy pods that talk, one that fails, one that isn't ready, and one in another namespace, once."""
    api.clear(podman.socket)
    directory = tmp_path_factory.mktemp("look")
    program = Program(podman, Repository(directory / "site"), directory / "state", warmed=True)
    program.commit("Open", *OBJECTS)
    program.run("apply", "--no-wait")
    until(lambda: program.inspect("default.failing")["State"]["Status"] == "exited")
    until(lambda: program.run("logs", "deployment/web").out.count("hello") == 2)
    yield program
    api.clear(podman.socket)


@pytest.fixture
def hands(podman: Podman) -> Hands:
    return Hands(podman)


def raw(program: Program, *words: str) -> subprocess.CompletedProcess[bytes]:
    """Run a command to its end, and leave its bytes as they are."""
    return subprocess.run(
        program.words(*words),
        env=program.environment(),
        input=b"from outside\n",
        capture_output=True,
        check=False,
    )


def names(program: Program) -> list[str]:
    """Return the Deployment's pods as Kubernetes calls them."""
    return names_of(program.of("web"))


def names_of(containers: list[str]) -> list[str]:
    return [name.removeprefix("default.") for name in containers]


@contextmanager
def without_nothing(program: Program) -> Iterator[Program]:
    yield program


@contextmanager
def without_ledger(program: Program) -> Iterator[Program]:
    yield replace(program, state=program.state.with_name("empty"))


@contextmanager
def without_git(program: Program) -> Iterator[Program]:
    away = program.repository.directory.rename(program.repository.directory.with_name("away"))
    yield program
    away.rename(program.repository.directory)


@pytest.mark.parametrize("lacking", [without_nothing, without_ledger, without_git])
def test_everything_can_be_looked_at_whatever_is_out_of_reach(
    shop: Program, lacking: Callable[[Program], AbstractContextManager[Program]]
) -> None:
    with lacking(shop) as program:
        pods = program.run("get", "pods").out.splitlines()
        everything = program.run("get", "all", "-A")
        described = program.json("describe", "deployment/web")

    rows = [line.split()[:4] for line in pods[1:]]
    assert pods[0].split() == ["NAME", "READY", "STATUS", "RESTARTS", "AGE"]
    assert ["failing", "0/1", "Error", "0"] in rows
    assert all([name, "1/1", "Running", "0"] in rows for name in names(shop))
    assert everything.code == 0
    assert "deployment/web" in everything.out
    assert "pod/front" in everything.out
    assert (described["ready"], described["health"]) == ("2/2", "Healthy")


def test_nothing_found_is_said_beside_the_output_and_is_no_error(shop: Program) -> None:
    said = shop.run("get", "pods", "-n", "nowhere")

    assert (said.code, said.out, said.err) == (0, "", "No resources found in nowhere namespace.\n")
    assert shop.json("get", "pods", "-n", "nowhere")["items"] == []


def test_a_name_that_is_not_there_is_one_line_and_exit_code_1(shop: Program) -> None:
    for words in (("get", "pod", "nope"), ("describe", "pod/nope"), ("logs", "pod/nope")):
        said = shop.run("-o", "json", *words)
        assert (said.code, len(said.lines)) == (1, 1)
        assert said.document == {"error": said.err.rstrip("\n")}


def test_a_bare_name_is_a_pods_and_otherwise_says_whose_pods_could_be_meant(shop: Program) -> None:
    assert shop.run("logs", names(shop)[0]).out == f"hello from {names(shop)[0]}\n"
    assert shop.run("logs", "web").lines == [
        "there is no pod web in the namespace default: write deployment/web for its pods"
    ]


def test_kind_and_name_may_be_two_words_to_describe(shop: Program) -> None:
    assert shop.json("describe", "deployment", "web") == shop.json("describe", "deployment/web")
    assert shop.run("describe", "deployment/web", "brief").code == 2


def test_a_description_tells_what_runs_and_hides_secrets(shop: Program) -> None:
    document = shop.json("describe", "pod/failing")
    (failing,) = document["pods"]

    assert (failing["exitCode"], failing["state"], failing["image"]) == (3, "exited", ONE)
    assert failing["mounts"] == ["/data from volume default.data (rw)"]
    assert document["output"][0]["lines"][0] == "with (hidden)"
    assert "hunter2" not in shop.run("describe", "pod/failing").out
    assert shop.json("describe", "pod/front", "-n", "other")["pods"][0]["ports"] == ["18084->80/tcp"]


def test_a_pod_whose_probe_fails_is_not_ready_and_says_why(shop: Program) -> None:
    (listed,) = shop.json("get", "pod", "slow")["items"]
    (described,) = shop.json("describe", "pod/slow")["pods"]

    assert (listed["ready"], listed["status"], described["ready"]) == ("0/1", "Running", False)
    assert "exited with 1" in described["unready"]


def test_the_output_of_one_pod_passes_through_unharmed(shop: Program) -> None:
    assert raw(shop, "logs", "pod/failing").stdout == b"with hunter2-hunter2\na\0b\xff\r\nno end"


def test_the_output_of_several_pods_says_whose_each_line_is(shop: Program) -> None:
    lines = shop.run("logs", "deployment/web", "--tail", "1").out.splitlines()

    assert lines == [f"{name} | hello from {name}" for name in names(shop)]


def test_following_ends_when_the_last_pod_is_gone(shop: Program, hands: Hands) -> None:
    pods = shop.of("brief")
    with shop.started("logs", "deployment/brief", "-f") as following:
        assert following.stdout is not None
        heard = sorted(following.stdout.readline() for _ in pods)
        for name in pods:
            hands.remove(name)
        out, err = following.communicate(timeout=30)

    assert heard == [f"{name} | hello from {name}\n" for name in names_of(pods)]
    assert (following.returncode, out, err) == (0, "", "")


def test_ctrl_c_ends_following_without_a_word(shop: Program) -> None:
    with shop.started("logs", "deployment/web", "-f") as following:
        assert following.stdout is not None
        following.stdout.readline()
        following.send_signal(signal.SIGINT)
        _, err = following.communicate(timeout=30)

    assert (following.returncode, err) == (130, "")


def test_a_command_in_a_pod_gives_its_output_and_exit_code(shop: Program) -> None:
    done = raw(shop, "exec", "deployment/web", "--", "sh", "-c", "hostname; echo oh >&2; exit 7")

    assert (done.returncode, done.stdout, done.stderr) == (7, f"{names(shop)[0]}\n".encode(), b"oh\n")


def test_a_command_in_a_pod_reads_what_it_is_given(shop: Program) -> None:
    assert raw(shop, "exec", "-i", "pod/front", "-n", "other", "--", "cat").stdout == b"from outside\n"


def test_a_command_in_a_pod_can_have_a_terminal(shop: Program) -> None:
    ours, theirs = pty.openpty()
    words = shop.words("exec", "pod/front", "-n", "other", "-it", "--", "sh", "-c", "test -t 0 && test -t 1")

    done = subprocess.run(words, env=shop.environment(), stdin=theirs, stdout=theirs, check=False)
    os.close(ours)
    os.close(theirs)

    assert done.returncode == 0


def test_a_command_in_a_deployment_runs_in_the_first_pod_that_runs(shop: Program, hands: Hands) -> None:
    first, second = shop.of("halved")
    hands.pause(first)

    assert (
        raw(shop, "exec", "deploy/halved", "--", "hostname").stdout == f"{names_of([second])[0]}\n".encode()
    )


def test_a_pod_that_does_not_run_is_told_with_the_way_out(shop: Program) -> None:
    said = shop.run("exec", "pod/failing", "--", "sh")

    assert said.code == 1
    assert said.lines == [
        "the pod failing doesn't run, it ended with exit code 3: see sloop logs pod/failing -n default"
    ]


def test_another_container_than_there_is_is_told_with_those_that_are(shop: Program) -> None:
    said = shop.run("logs", "deploy/web", "-c", "sidecar")

    assert said.code == 1
    assert said.lines == ["the deployment web has no container sidecar: it has main"]
    assert shop.run("logs", "deploy/web", "-c", "main").code == 0


def test_looking_leaves_everything_as_it_is(shop: Program) -> None:
    before = shop.ids(), shop.things(), (shop.state / "ledger.sqlite3").read_bytes()

    for words in (
        ("get", "all", "-A"),
        ("describe", "deployment/web"),
        ("events",),
        ("logs", "deployment/web"),
    ):
        assert shop.run(*words).code == 0

    assert (shop.ids(), shop.things(), (shop.state / "ledger.sqlite3").read_bytes()) == before
