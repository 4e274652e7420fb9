"""What is suspended on a real Podman is left alone by every command, and comes back when it is resumed."""

from tests.podman.manifests import ONE, TWO, deployment
from tests.podman.program import Program


def test_a_source_and_an_object_are_left_alone_and_looked_after_again(program: Program) -> None:
    program.deploy(deployment(), deployment("api"))
    before = program.ids()

    assert program.run("suspend").code == 0
    program.commit("Renew", deployment(image=TWO), deployment("api", image=TWO))
    left = program.run("apply")
    status = program.json("status")

    assert (left.code, program.ids()) == (0, before)
    assert "left alone: suspended by a hand at" in left.out
    assert (status["health"], status["sync"]) == ("Suspended", "OutOfSync")
    assert program.run("suspend").code == 1

    assert program.run("suspend", "deployment/web").code == 0
    resumed = program.run("resume")

    assert resumed.code == 0, resumed
    assert program.images() == [TWO, ONE]
    assert "`sloop resume deployment/web` goes on" in program.run("status").out
    assert program.run("resume", "deployment/web").code == 0
    assert program.images() == [TWO, TWO]
    assert program.run("resume", "deployment/web").code == 1
    assert [one["reason"] for one in program.json("events") if one["reason"] in {"Suspend", "Resume"}] == [
        *("Suspend", "Suspend", "Resume", "Resume")
    ]
