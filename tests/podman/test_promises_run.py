"""The loop: what is committed is deployed, what drifts is healed, and what goes away is waited for."""

import os
import signal
from collections.abc import Callable

import pytest

from tests.machine import engine
from tests.podman.hands import Hands
from tests.podman.keeping import keeping
from tests.podman.manifests import ONE, TWO, deployment, pod
from tests.podman.program import Program, until

OFTEN = ("--interval", "200ms")
SELDOM = ("--interval", "1h")


def outcomes(program: Program) -> list[tuple[str, str]]:
    """Return how each commit's run ended, the newest first."""
    return [(one["subject"], one["outcome"]) for one in program.json("history")]


def test_a_new_commit_is_deployed(program: Program) -> None:
    program.commit("One", deployment())
    with keeping(program, *OFTEN) as keeper:
        until(lambda: outcomes(program) == [("One", "Synced")])
        program.commit("Two", deployment(image=TWO))
        until(lambda: outcomes(program) == [("Two", "Synced"), ("One", "Synced")])
        assert program.images() == [TWO]
        assert keeper.end() == 0


@pytest.mark.parametrize("meddle", [Hands.stop, Hands.strike, Hands.pause, Hands.remove])
def test_drift_is_healed_when_it_happens_and_not_at_the_next_interval(
    program: Program, meddle: Callable[[Hands, str], None]
) -> None:
    program.commit("Two", deployment("web"), deployment("other"))
    assert program.run("apply").code == 0
    with keeping(program, *SELDOM) as keeper:
        victim, other = program.of("web")[0], program.ids()[program.of("other")[0]]
        for times in (1, 2):
            meddle(Hands(program.podman), victim)
            keeper.says("  done  ", times)
            until(lambda: program.of("web") == [victim] and len(program.running()) == 2)
        assert keeper.end() == 0

    assert program.ids()[program.of("other")[0]] == other


def test_a_bad_commit_is_held_and_told_once_while_drift_is_healed(program: Program) -> None:
    program.commit("Good", deployment())
    with keeping(program, *OFTEN) as keeper:
        until(lambda: program.images() == [ONE])
        keeper.says("done    create pod/")
        until(lambda: program.json("history")[0]["outcome"] == "Synced")
        program.commit("Bad", {**pod("web"), "spek": {}})
        keeper.says("is not carried out")
        for _ in range(3):
            Hands(program.podman).stop(program.of("web")[0])
            until(lambda: program.images() == [ONE])
        program.commit("Better", deployment(image=TWO))
        until(lambda: program.images() == [TWO])
        assert keeper.end() == 0

    assert len(keeper.lines("is not carried out")) == 1
    runs = [(one["subject"], one["outcome"]) for one in program.json("history")]
    assert [outcome for subject, outcome in runs if subject == "Bad"] == ["Failed"]


def test_a_loop_outlives_its_repository_and_says_so_once(program: Program) -> None:
    program.commit("One", deployment())
    here = program.repository.directory
    with keeping(program, *OFTEN) as keeper:
        until(lambda: program.json("history")[:1] and program.json("history")[0]["outcome"] == "Synced")
        away = here.rename(here.with_name("away"))
        keeper.says("; staying at")
        Hands(program.podman).do("kill", program.running()[0])
        until(lambda: program.images() == [ONE])
        away.rename(here)
        keeper.says("can be read again")
        program.commit("Two", deployment(image=TWO))
        until(lambda: program.images() == [TWO])
        assert keeper.end() == 0

    assert len(keeper.lines("; staying at")) == 1
    assert len(keeper.lines("can be read again")) == 1


def test_a_loop_outlives_podmans_service_and_says_so_once(program: Program) -> None:
    program.commit("One", deployment())
    private = program.podman.engine
    with keeping(program, *OFTEN) as keeper:
        until(lambda: program.images() == [ONE])
        os.kill(private.pid, signal.SIGKILL)
        try:
            program.commit("Two", deployment(image=TWO))
            keeper.says("trying again")
        finally:
            engine.up(private.directory, own_network=True)
        until(lambda: program.images() == [TWO])
        keeper.says("at work again")
        assert keeper.end() == 0

    assert len(keeper.lines("trying again")) <= 2
    assert len(keeper.lines("at work again")) == 1


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_loop_ends_at_once_when_it_is_told_to(program: Program, number: signal.Signals) -> None:
    program.commit("One", deployment())
    with keeping(program, *SELDOM) as keeper:
        until(lambda: program.images() == [ONE])

        assert keeper.end(number) == 0

    assert keeper.lines("Traceback") == []
    assert program.images() == [ONE]


def test_a_crashing_pod_neither_stops_the_loop_nor_is_started_without_end(program: Program) -> None:
    bad = deployment("bad", command=("sh", "-c", "exit 3"))
    program.commit("Crash", bad, deployment("good"))
    with keeping(program, *OFTEN) as keeper:
        keeper.says("start pod/default.bad")
        program.commit("Crash, and a new good one", bad, deployment("good", image=TWO))
        until(lambda: program.images() == [TWO])
        assert keeper.end() == 0

    assert len(keeper.lines("start pod/default.bad")) <= 3
    assert program.inspect(program.of("bad")[0])["RestartCount"] <= 12


def test_an_apply_beside_a_loop_waits_for_its_turn_and_agrees(program: Program) -> None:
    program.commit("Many", deployment(replicas=4))
    with keeping(program, *OFTEN) as keeper:
        said = program.run("apply")
        assert keeper.end() == 0

    assert said.code == 0, said
    assert len(program.running()) == len(program.ids()) == 4
