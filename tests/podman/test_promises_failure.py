"""A commit that fails on a real Podman is taken back, once; a source in trouble beside one that is not."""

import signal
from collections.abc import Mapping
from dataclasses import replace

from tests.gitops.repository import Repository
from tests.podman.keeping import keeping
from tests.podman.manifests import ONE, TWO, deployment
from tests.podman.program import START, Program, until

CRASH = ("sh", "-c", "exit 3")
SLOW = ("sh", "-c", "until test -e /tmp/open; do sleep 0.1; done; touch /tmp/ready; sleep 1000")
IS_READY = {"exec": {"command": ["test", "-e", "/tmp/ready"]}, "periodSeconds": 1}
LATE = """\
import os, time
real = time.time
time.time = lambda: real() + 7200 * os.path.exists({learned!r})
from gitops.loop import Loop
once = Loop.sync_once
def counted(loop):
    knows, passed = os.path.exists({learned!r}), once(loop)
    if knows:
        with open({learned!r}, "a") as passes:
            print("once more", file=passes)
    return passed
Loop.sync_once = counted
"""


def configured(program: Program, **repositories: Repository) -> Program:
    """Return the program with a configuration in which every source goes back when a commit fails."""
    file = program.state.parent / "sloop.yaml"
    file.write_text(sources(repositories))
    return replace(program, config=file)


def sources(repositories: Mapping[str, Repository]) -> str:
    """Return a configuration with these sources."""
    lines = (
        f"  - {{name: {name}, url: {one.directory}, interval: 1s, timeout: 20s, onFailure: rollback}}"
        for name, one in repositories.items()
    )
    return "\n".join(["sources:", *lines, ""])


def outcomes(program: Program) -> list[tuple[str, str]]:
    """Return the runs as subject and outcome, newest first."""
    return [(one["subject"], one["outcome"]) for one in program.json("history")]


def test_a_crashing_commit_is_taken_back_and_not_tried_again(program: Program) -> None:
    program = configured(program, site=program.repository)
    program.commit("Good", deployment())
    assert program.run("apply").code == 0
    good = program.ids()
    program.commit("Bad", deployment(image=TWO, command=CRASH))

    first = program.run("apply")
    told = outcomes(program)
    second = program.run("apply")
    status = program.json("status")

    assert (first.code, second.code) == (1, 1), first
    assert "going back to" in first.err
    assert "went back: " in second.out
    assert program.ids() == good
    assert told == [("Good", "RolledBack"), ("Bad", "Failed"), ("Good", "Synced")] == outcomes(program)
    assert (status["sync"], status["health"]) == ("OutOfSync", "Healthy")
    assert "exit code 3" in status["behind"] or "CrashLoopBackOff" in status["behind"]
    program.commit("Mended", deployment(image=TWO))
    assert program.run("apply").code == 0
    assert program.images() == [TWO]


def test_a_machine_that_learns_the_time_in_the_middle_takes_no_commit_back(program: Program) -> None:
    program = configured(program, site=program.repository)
    learned = program.state.parent / "learned"
    begin = LATE.format(learned=str(learned)) + START
    program.commit("Good", deployment())
    with keeping(replace(program, command=(*program.command[:-1], begin))) as keeper:
        until(lambda: outcomes(program) == [("Good", "Synced")])
        program.commit("Better", deployment(image=TWO, command=SLOW, readinessProbe=IS_READY))
        until(lambda: sorted(program.images()) == [ONE, TWO])
        learned.touch()
        until(lambda: len(learned.read_text().splitlines()) > 3)
        assert sorted(program.images()) == [ONE, TWO]
        (new,) = [one["Names"][0] for one in program.containers() if one["Image"] == TWO]
        program.do(new, "touch", "/tmp/open")

        until(lambda: outcomes(program)[0] == ("Better", "Synced"))

    assert keeper.lines("going back to") == []
    assert program.images() == [TWO]


def test_a_loop_keeps_two_sources_and_takes_back_what_fails_in_one(program: Program) -> None:
    other = Repository(program.state.parent / "other")
    beside = replace(program, repository=other)
    beside.commit("Good", deployment("other"))
    program.commit("Good", deployment())
    both = configured(program, site=program.repository, other=other)
    assert both.config
    with keeping(both) as keeper:
        until(lambda: outcomes(program) == [("Good", "Synced")])
        program.commit("Bad", deployment(image=TWO, command=CRASH))
        beside.commit("Newer", deployment("other", image=TWO))
        until(lambda: program.images() == [TWO, ONE])
        until(
            lambda: (
                len(keeper.lines("site: notice: ", "going back to")) >= 1 and program.images() == [TWO, ONE]
            )
        )

        configured(program, site=program.repository)
        keeper.running.send_signal(signal.SIGHUP)
        keeper.says("the configuration was read again")
        both.config.write_text("sources: nonsense\n")
        keeper.running.send_signal(signal.SIGHUP)
        keeper.says("the configuration stays as it was")
        program.commit("Mended", deployment(image=TWO))
        until(lambda: program.images() == [TWO, TWO])
        assert keeper.end() == 0

    assert keeper.lines("Traceback") == []
