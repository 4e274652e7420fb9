"""A command and ``sloop run`` on one machine: neither does the other's work, nor takes it back."""

from collections.abc import Iterator

import pytest

from tests.podman.hands import Hands
from tests.podman.keeping import Keeper, keeping
from tests.podman.manifests import ONE, TWO, deployment
from tests.podman.program import Program, until
from tests.podman.test_push import NEVER, outcomes


@pytest.fixture
def keeper(program: Program) -> Iterator[Keeper]:
    """Return a daemon that asks git once an hour and has deployed a commit."""
    program.commit("One", deployment())
    with keeping(program, "--interval", "1h") as kept:
        until(lambda: outcomes(program) == [("One", "run", "Synced")])
        yield kept


def test_an_apply_beside_a_daemon_is_told_whole_and_stays(program: Program, keeper: Keeper) -> None:
    program.commit("Two", deployment(image=TWO))

    applied = program.run("apply")

    assert applied.code == 0, applied
    assert "update Deployment default/web  [rolling]" in applied.out
    assert "done    create pod/default.web-" in applied.out
    assert program.images() == [TWO]
    assert outcomes(program) == [("Two", "apply", "Synced"), ("One", "run", "Synced")]
    Hands(program.podman).do("rm", "--force", *program.of("web"))
    keeper.says("drift  Deployment default/web")
    until(lambda: program.images() == [TWO])
    assert program.run("restart", "deployment/web").code == 0
    assert not keeper.lines("update Deployment")
    assert keeper.end() == 0


def test_whichever_of_the_two_is_killed_the_other_goes_on(program: Program, keeper: Keeper) -> None:
    program.commit("Hangs", deployment(image=TWO, readinessProbe=NEVER))
    with program.started("apply") as hanging:
        until(lambda: len(program.of("web")) == 2)
        hanging.kill()
    Hands(program.podman).do("rm", "--force", *program.of("web"))
    until(lambda: program.images() == [TWO])
    program.commit("Two", deployment(image=TWO))
    with program.started("apply") as applying:
        keeper.running.kill()
        assert applying.wait(60) == 0
    assert program.images() == [TWO]
    assert ONE not in program.images()
