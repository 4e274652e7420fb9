"""Losing sloop's state loses history, and nothing else."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.podman.hands import Hands
from tests.podman.manifests import ONE, TWO, claim, claimed, config_map, deployment, mounted, secret, variable
from tests.podman.mounting import read_only, small
from tests.podman.program import Program

LEDGER = "ledger.sqlite3"


def truncate(ledger: Path) -> None:
    ledger.write_bytes(ledger.read_bytes()[:5000])


def spoil(ledger: Path) -> None:
    ledger.write_bytes(b"This is no database at all. " * 1000)


def empty(ledger: Path) -> None:
    ledger.write_bytes(b"")


def deployed(program: Program) -> dict[str, str]:
    """Bring up an application that has some of everything; return the ids of its containers."""
    volumes = [claimed(), {"name": "files", "configMap": {"name": "settings"}}]
    program.commit(
        "Everything",
        claim("data", "ReadWriteMany"),
        config_map(color="blue"),
        secret(password="hunter2"),
        deployment(
            replicas=2,
            env=[variable("PASSWORD", "login", "password")],
            volumeMounts=[mounted("data", "/data"), mounted("files", "/files")],
            pod={"volumes": volumes},
        ),
        deployment("idle"),
    )
    said = program.run("apply")
    assert said.code == 0, said
    return program.ids()


def test_a_lost_state_directory_restarts_nothing(program: Program) -> None:
    before = deployed(program)
    shutil.rmtree(program.state)

    compared, applied = program.run("diff"), program.run("apply")

    assert (compared.code, applied.code) == (0, 0), (compared, applied)
    assert program.ids() == before
    assert program.run("diff").code == 0


def test_a_lost_state_directory_hides_no_change_and_adds_none(program: Program) -> None:
    before = deployed(program)
    shutil.rmtree(program.state)
    idle = program.repository.read("deployment-idle.yaml")
    program.repository.commit("Newer", {"deployment-idle.yaml": idle.replace(ONE, TWO)})

    changes = program.json("diff")["changes"]
    applied = program.run("apply")

    assert [(one["kind"], one["name"], one["verdict"]) for one in changes] == [
        ("Deployment", "idle", "update")
    ]
    assert applied.code == 0, applied
    kept = {name: one for name, one in before.items() if ".web-" in name}
    assert kept.items() <= program.ids().items()
    assert sorted(program.images())[-1] == TWO


@pytest.mark.parametrize("damage", [truncate, spoil, empty])
def test_a_damaged_ledger_is_moved_aside_and_restarts_nothing(
    program: Program, damage: Callable[[Path], None]
) -> None:
    before = deployed(program)
    for file in program.state.glob(f"{LEDGER}-*"):
        file.unlink()
    damage(program.state / LEDGER)

    applied = program.run("apply")

    assert applied.code == 0, applied
    assert program.ids() == before
    assert program.run("diff").code == 0
    assert program.run("history").code == 0


def test_a_state_directory_that_cannot_be_written_to_is_told_in_one_line(program: Program) -> None:
    program.state.mkdir()
    program.commit("Sleep", deployment())

    with read_only(program.state):
        said = program.run("apply")

    assert said.code == 4
    assert len(said.lines) == 1
    assert str(program.state) in said.err
    assert program.things() == {}


def test_a_read_only_ledger_is_told_in_one_line_and_what_runs_runs_on(program: Program) -> None:
    before = deployed(program)
    program.commit("Newer", deployment("idle", image=TWO), deployment("web"))

    with read_only(program.state):
        said = program.run("apply")

    assert said.code == 4
    assert len(said.lines) == 1
    assert program.ids() == before


def test_a_full_disk_is_told_in_one_line_and_mends(program: Program) -> None:
    with small(program.state, kilobytes=2000) as fill:
        before = deployed(program)
        Hands(program.podman).stop(program.of("idle")[0])
        fill()
        full = program.run("apply")
        program.commit("Newer, which does not fit either", deployment("idle", image=TWO), deployment("web"))
        fuller = program.run("apply")
        assert program.ids() == before

    mended = program.run("apply")
    assert (full.code, fuller.code) == (4, 4), (full, fuller)
    assert len(full.lines) <= 2 and len(fuller.lines) <= 2
    assert "disk is full" in full.err
    assert mended.code == 0, mended
    assert sorted(program.images()) == [ONE, TWO]
