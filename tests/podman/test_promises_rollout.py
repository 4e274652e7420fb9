"""While pods are replaced, as many serve as was promised, and host ports pass from one to the other."""

from collections.abc import Mapping
from typing import Any

import pytest

from tests.podman.manifests import ONE, SERVE, TWO, Object, claim, claimed, deployment, mounted
from tests.podman.program import Program
from tests.podman.watching import fetched, watching

URL = "http://127.0.0.1:18080/passwd"


def publishing(name: str, image: str = ONE, *, port: int | None = 18080) -> Object:
    """Return a Deployment that serves, on a port of the machine if one is given."""
    ports = [{"containerPort": 8000, "hostPort": port}] if port else []
    return deployment(name, image, command=SERVE, ports=ports)


def strategy(surge: int, unavailable: int) -> Mapping[str, Any]:
    """Return a rolling update's bounds."""
    rolling = {"maxSurge": surge, "maxUnavailable": unavailable}
    return {"strategy": {"type": "RollingUpdate", "rollingUpdate": rolling}}


@pytest.mark.parametrize(("surge", "unavailable"), [(1, 0), (0, 1), (2, 1)])
def test_a_rolling_update_keeps_what_it_promises(program: Program, surge: int, unavailable: int) -> None:
    spec = strategy(surge, unavailable)
    program.commit("One", deployment(replicas=3, command=SERVE, spec=spec))
    assert program.run("apply").code == 0
    program.commit("Two", deployment(image=TWO, replicas=3, command=SERVE, spec=spec))

    with watching(program) as seen:
        said = program.run("apply")

    assert said.code == 0, said
    assert program.images() == [TWO] * 3
    assert min(seen.answered) >= 3 - unavailable
    assert max(seen.running) <= 3 + surge


def test_recreate_says_so_and_never_runs_both(program: Program) -> None:
    spec = {"strategy": {"type": "Recreate"}}
    program.commit("One", deployment(replicas=2, command=SERVE, spec=spec))
    assert program.run("apply").code == 0
    program.commit("Two", deployment(image=TWO, replicas=2, command=SERVE, spec=spec))
    (change,) = program.json("diff")["changes"]

    with watching(program) as seen:
        said = program.run("apply")

    assert change["consequence"] == "recreate"
    assert said.code == 0, said
    assert max(seen.running) <= 2
    assert program.images() == [TWO] * 2


def test_a_volume_that_one_may_write_to_is_never_written_to_by_two(program: Program) -> None:
    user = {"volumeMounts": [mounted("data", "/data")], "pod": {"volumes": [claimed()]}}
    program.commit("One", claim(), deployment(**user))
    assert program.run("apply").code == 0
    program.commit("Two", claim(), deployment(image=TWO, **user))
    (change,) = program.json("diff")["changes"]

    with watching(program) as seen:
        said = program.run("apply")

    assert change["consequence"] == "recreate"
    assert said.code == 0, said
    assert max(seen.running) == 1


def test_a_published_port_answers_after_an_update(program: Program) -> None:
    program.commit("One", publishing("web"))
    assert program.run("apply").code == 0
    assert fetched(URL).startswith(b"root:")
    program.commit("Two", publishing("web", TWO))

    said = program.run("apply")

    assert said.code == 0, said
    assert program.images() == [TWO]
    assert fetched(URL).startswith(b"root:")


def test_a_host_port_passes_to_another_deployment_in_one_commit(program: Program) -> None:
    program.commit("Web", publishing("web"), publishing("front", port=None))
    assert program.run("apply").code == 0
    program.commit("Front", publishing("web", port=None), publishing("front"))

    said = program.run("apply")

    assert said.code == 0, said
    assert fetched(URL).startswith(b"root:")
    assert len(program.running()) == 2
    assert program.run("diff").code == 0


def test_a_host_port_passes_on_from_a_deployment_that_left_git(program: Program) -> None:
    program.commit("Web", publishing("web"), deployment("other"))
    assert program.run("apply").code == 0
    program.commit("Front", publishing("front"), deployment("other"))

    said = program.run("apply")

    assert said.code == 0, said
    assert fetched(URL).startswith(b"root:")
    assert program.of("web") == []


def test_an_image_that_is_missing_costs_nobody_anything(program: Program) -> None:
    program.commit("One", deployment(replicas=2, command=SERVE))
    assert program.run("apply").code == 0
    before = program.ids()
    program.commit("Missing", deployment(image="localhost/not/there:1", replicas=2, command=SERVE))

    with watching(program) as seen:
        said = program.run("apply")

    assert said.code == 1
    assert "localhost/not/there:1" in said.out
    assert program.ids() == before
    assert min(seen.answered) == 2


def test_a_revision_that_crashes_keeps_those_that_serve(program: Program) -> None:
    program.commit("One", deployment(replicas=2, command=SERVE))
    assert program.run("apply").code == 0
    program.commit("Crash", deployment(replicas=2, command=("sh", "-c", "exit 3")))

    with watching(program) as seen:
        said = program.run("apply", "--timeout", "6s")

    assert said.code in {1, 3}
    assert min(seen.answered) >= 2
    program.commit("Good again", deployment(image=TWO, replicas=2, command=SERVE))
    assert program.run("apply").code == 0
    assert program.images() == [TWO] * 2
