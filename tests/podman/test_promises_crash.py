"""Whenever sloop is killed, the next apply ends it: nothing twice, nothing left over, nobody lost."""

import os
import random
import signal
import subprocess
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from itertools import count, takewhile
from pathlib import Path

import pytest

from runtime.resources import Label
from tests.podman import doomed, haunted
from tests.podman.manifests import (
    ONE,
    SERVE,
    TWO,
    Object,
    claim,
    claimed,
    config_map,
    deployment,
    mounted,
    secret,
    variable,
)
from tests.podman.program import Program, until
from tests.podman.watching import watching

KILLED = -signal.SIGKILL
# The same in all processes of a run, and in the second run of .ci/run.
SEED = random.Random(os.environ.get("SEED") or os.environ.get("PYTEST_XDIST_TESTRUNUID")).randrange(1_000_000)


def killed(program: Program, moment: int, *arguments: str, when: str = doomed.AFTER) -> bool:
    """Say whether the command was killed at this moment; it wasn't if it had ended before."""
    fated = replace(program, command=(*doomed.MODULE, str(moment), when))
    return fated.run(*arguments).code == KILLED


def killed_after(program: Program, seconds: float, *arguments: str) -> None:
    """Kill the command after so many seconds, if it hasn't ended before; what it began (git) may end."""
    with program.started(*arguments) as running:
        with suppress(subprocess.TimeoutExpired):
            running.wait(seconds)
        running.send_signal(signal.SIGSTOP)
        begun = children(running.pid)
    until(lambda: not any(command(pid) for pid in begun))


def recovered(program: Program, *arguments: str) -> None:
    """Apply, and find that whoever ran as git wants it still runs, and that nothing is left to do."""
    survivors = current(program)

    said = program.run("apply", *arguments)

    assert said.code == 0, said
    assert survivors <= current(program)
    assert program.run("diff").code == 0


def current(program: Program) -> set[str]:
    """Return the ids of the containers that run and were made from the newest commit."""
    head = program.repository.head()
    running = [one for one in program.containers() if one["State"] == "running"]
    return {one["Id"] for one in running if one["Labels"][Label.COMMIT] == head}


def moments(dies: Callable[[int], bool]) -> list[int]:
    """Return every moment at which it died, from the first on."""
    return list(takewhile(dies, count(1)))


def children(pid: int) -> list[str]:
    """Return the processes that a process has begun, whichever of its threads did."""
    return [
        one for thread in Path(f"/proc/{pid}/task").glob("*/children") for one in thread.read_text().split()
    ]


def command(pid: str) -> str:
    """Return the command line of a process, "" if it has ended."""
    with suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_text()
    return ""


def shop(color: str = "blue", replicas: int = 2) -> Sequence[Object]:
    """Return an application that has some of everything."""
    return (
        claim("data", "ReadWriteMany"),
        config_map(color=color),
        secret(password=f"hunter-{color}"),
        deployment(
            replicas=replicas,
            env=[variable("PASSWORD", "login", "password")],
            volumeMounts=[mounted("data", "/data"), mounted("files", "/etc/shop")],
            pod={"volumes": [claimed(), {"name": "files", "configMap": {"name": "settings"}}]},
        ),
    )


def shape(program: Program) -> dict[str, int]:
    """Return how many there are of everything."""
    return {kind: len(names) for kind, names in program.things().items()}


def test_a_first_deployment_and_a_prune_may_be_killed_at_any_change(program: Program) -> None:
    def dies(moment: int) -> bool:
        program.commit("All", *shop(replicas=1))
        died = killed(program, moment, "apply")
        recovered(program)
        assert shape(program) == {"containers": 1, "volumes": 2, "secrets": 1, "networks": 1}
        program.commit("Nothing")
        killed(program, moment, "apply", "--allow-empty")
        recovered(program, "--allow-empty")
        assert program.things() == {"volumes": ["default.data"]}
        return died

    assert len(moments(dies)) >= 5


def test_a_rolling_update_may_be_killed_at_any_change_and_all_who_should_serve_do(program: Program) -> None:
    program.commit("First", deployment(replicas=2, command=SERVE))
    assert program.run("apply").code == 0

    def dies(moment: int) -> bool:
        image = (ONE, TWO)[moment % 2]
        program.commit(f"Version {moment}", deployment(image=image, replicas=2, command=SERVE))
        died = killed(program, moment, "apply")
        recovered(program)
        assert program.images() == [image, image]
        assert shape(program) == {"containers": 2, "networks": 1}
        return died

    with watching(program) as seen:
        died = moments(dies)
    assert len(died) >= 6
    assert min(seen.answered) >= 2
    assert max(seen.running) <= 3


def test_a_change_of_configuration_may_be_killed_at_any_change(program: Program) -> None:
    program.commit("First", *shop())
    assert program.run("apply").code == 0

    def dies(moment: int) -> bool:
        program.commit(f"Version {moment}", *shop(color=str(moment), replicas=1))
        died = killed(program, moment, "apply", when=doomed.BEFORE)
        recovered(program)
        assert shape(program) == {"containers": 1, "volumes": 2, "secrets": 1, "networks": 1}
        assert program.do(program.running()[0], "cat", "/etc/shop/color") == str(moment)
        return died

    assert len(moments(dies)) >= 4


def test_a_rollback_may_be_killed_at_any_change(program: Program) -> None:
    def dies(moment: int) -> bool:
        program.commit("Good", deployment())
        program.commit(f"Bad {moment}", deployment(image=TWO))
        assert program.run("apply").code == 0
        died = killed(program, moment, "rollback", when=doomed.BEFORE)
        recovered(program)
        assert program.images() == [ONE]
        assert shape(program) == {"containers": 1, "networks": 1}
        return died

    assert len(moments(dies)) >= 3


def test_an_apply_whose_writer_is_killed_says_so_and_the_next_one_ends_it(program: Program) -> None:
    program.commit("First", *shop())

    with program.started("apply") as running:
        until(lambda: any("runtime.scribe" in command(pid) for pid in children(running.pid)))
        (scribe,) = [pid for pid in children(running.pid) if "runtime.scribe" in command(pid)]
        os.kill(int(scribe), signal.SIGKILL)
        said = running.communicate(timeout=60)[1]

    assert (running.returncode, "has lost the process that writes to it: try again" in said) == (4, True), (
        said
    )
    recovered(program)
    assert shape(program) == {"containers": 2, "volumes": 2, "secrets": 1, "networks": 1}


@pytest.mark.parametrize("seed", range(SEED, SEED + 2))
def test_an_apply_may_be_killed_at_any_time(program: Program, seed: int) -> None:
    chance = random.Random(seed)  # the seed stands in the name of the test
    program.commit("First", *shop())
    assert program.run("apply").code == 0

    for number in range(3):
        program.commit(f"Version {number}", *shop(color=str(number), replicas=1 + number))
        killed_after(program, chance.uniform(0.2, 2.0), "apply")
        recovered(program)
        assert shape(program) == {"containers": 1 + number, "volumes": 2, "secrets": 1, "networks": 1}


@pytest.mark.parametrize("seed", range(SEED, SEED + 2))
def test_a_rollback_that_is_killed_at_any_time_has_happened_or_not(program: Program, seed: int) -> None:
    chance = random.Random(seed)
    program.commit("One", deployment())
    program.commit("Two", deployment(image=TWO))
    before = program.repository.head()
    assert program.run("apply").code == 0

    killed_after(program, chance.uniform(0.1, 1.5), "rollback")
    recovered(program)

    assert before in program.repository.git("rev-list", "--max-count=2", "HEAD").split()
    assert program.repository.git("status", "--porcelain") == ""
    assert program.run("rollback", "--to", before + "~1").code in {0, 4}  # 4: it has happened already
    assert program.images() == [ONE]


@pytest.mark.parametrize("ghost", [haunted.TAKEN, haunted.GONE, haunted.AWAY])
def test_what_happens_between_a_look_and_a_step_makes_no_commit_fail(program: Program, ghost: str) -> None:
    """A name may be taken by a request of a sloop that was killed, with which Podman goes on."""
    fated = replace(program, command=(*haunted.MODULE, ghost))
    program.commit("Open", deployment(replicas=4))

    said = fated.run("apply", "-o", "json", **{haunted.FOLDER: str(program.podman.engine.directory)})

    assert said.code == 0, said
    assert [one["error"] for one in said.document["steps"] if one["outcome"] == "held"], said
    assert {one["outcome"] for one in said.document["steps"]} == {"done", "held"}
    assert len(current(program)) == 4
    assert program.run("diff").code == 0
    assert [one["outcome"] for one in program.json("history")] == ["Synced"]
