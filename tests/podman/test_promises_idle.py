"""A second apply does nothing, asks a constant number of questions, and loads next to nothing."""

import sys
from dataclasses import replace
from pathlib import Path

from tests.podman.counting import counting
from tests.podman.manifests import config_map, deployment, mounted, secret, variable
from tests.podman.program import Program

LOADED = (
    sys.executable,
    "-c",
    "import atexit, sys; atexit.register(lambda: print(*sys.modules, file=sys.stderr));"
    "from gitops.cli import main; main()",
)
DEAR = ("sqlalchemy", "podman", "pydantic", "deepdiff", "yaml", "requests")


def questions(program: Program, socket: Path) -> int:
    """Return how often an apply that has nothing to do asks Podman."""
    with counting(program.podman.socket, socket) as count:
        assert replace(program, url=f"unix://{socket}").run("apply").code == 0
    return count.requests


def test_a_second_apply_changes_nothing(program: Program) -> None:
    files = {"volumes": [{"name": "files", "configMap": {"name": "settings"}}]}
    program.commit(
        "Some of everything",
        config_map(color="blue"),
        secret(password="hunter2"),
        deployment(
            replicas=2,
            env=[variable("PASSWORD", "login", "password")],
            volumeMounts=[mounted("files", "/etc/shop")],
            pod=files,
        ),
    )
    first = program.run("apply")
    before, things = program.ids(), program.things()

    second = program.json("apply")

    assert first.code == 0, first
    assert (program.ids(), program.things()) == (before, things)
    assert (second["changes"], second["steps"]) == ([], [])


def test_a_second_apply_asks_as_much_at_fifty_pods_as_at_five(program: Program, tmp_path: Path) -> None:
    program.commit("Five", deployment(replicas=5))
    assert program.run("apply").code == 0
    few = questions(program, tmp_path / "few.sock")

    program.commit("Fifty", deployment(replicas=50))
    assert program.run("apply").code == 0
    many = questions(program, tmp_path / "many.sock")

    running = len(program.running())
    program.commit("Nothing")
    assert program.run("apply", "--allow-empty").code == 0  # quicker than the fixture
    assert (running, many) == (50, few)
    assert 0 < few <= 6


def test_a_second_apply_loads_neither_models_nor_database_nor_clients(program: Program) -> None:
    program.commit("Sleep", deployment())
    assert program.run("apply").code == 0

    said = replace(program, command=LOADED).run("apply")

    loaded = {module.partition(".")[0] for module in said.err.split()}
    assert said.code == 0, said
    assert "gitops" in loaded
    assert loaded.isdisjoint(DEAR)
