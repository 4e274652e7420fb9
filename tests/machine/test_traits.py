"""The Podman configuration follows from the machine."""

import tomllib
from dataclasses import replace
from pathlib import Path

import pytest

from tests.machine import traits
from tests.machine.traits import Traits

ORDINARY = Traits(
    root=True,
    runtimes=frozenset({"crun", "runc"}),
    unified_cgroups=True,
    hybrid_cgroups=False,
    systemd=True,
    may_raise_limits=True,
    open_files=1_048_576,
    user_processes=30_000,
    overlay=True,
    fuse_overlayfs=None,
)
SANDBOX = replace(
    ORDINARY,
    unified_cgroups=False,
    hybrid_cgroups=True,
    systemd=False,
    may_raise_limits=False,
    open_files=20_000,
)


@pytest.mark.parametrize(
    ("machine", "chosen"),
    [
        (ORDINARY, "crun"),
        (replace(ORDINARY, runtimes=frozenset({"runc"})), "runc"),
        (replace(ORDINARY, runtimes=frozenset()), None),
        (SANDBOX, "runc"),
        (replace(SANDBOX, runtimes=frozenset({"crun"})), "crun"),
        (replace(SANDBOX, hybrid_cgroups=False), "crun"),
    ],
)
def test_crun_is_chosen_where_it_works(machine: Traits, chosen: str | None) -> None:
    assert traits.runtime(machine) == chosen


@pytest.mark.parametrize(
    ("machine", "given"),
    [
        (ORDINARY, []),
        (SANDBOX, ["nofile=20000:20000", "nproc=30000:30000"]),
        (replace(SANDBOX, root=False), []),
        (replace(SANDBOX, may_raise_limits=True), []),
        (replace(SANDBOX, open_files=2_000_000), []),
        (replace(SANDBOX, open_files=-1), []),
    ],
)
def test_limits_are_given_only_where_podmans_own_are_refused(machine: Traits, given: list[str]) -> None:
    assert traits.limits(machine) == given


@pytest.mark.parametrize(
    ("overlay", "fuse", "driver", "program"),
    [
        (True, None, "overlay", None),
        (True, "/usr/bin/fuse-overlayfs", "overlay", None),
        (False, "/usr/bin/fuse-overlayfs", "overlay", "/usr/bin/fuse-overlayfs"),
        (False, None, "vfs", None),
    ],
)
def test_storage_falls_back_step_by_step(
    overlay: bool, fuse: str | None, driver: str, program: str | None
) -> None:
    machine = replace(ORDINARY, overlay=overlay, fuse_overlayfs=fuse)

    read = tomllib.loads(traits.storage_conf(machine, Path("/engine")))["storage"]

    assert read["driver"] == driver
    assert read.get("options", {}).get("overlay", {}).get("mount_program") == program


@pytest.mark.parametrize(("machine", "manager"), [(ORDINARY, "systemd"), (SANDBOX, "cgroupfs")])
def test_systemd_holds_containers_where_there_is_one(machine: Traits, manager: str) -> None:
    text = traits.containers_conf(machine, Path("/engine"), temporary=Path("/t"), subnets="10.200.0.0/16")

    assert tomllib.loads(text)["engine"]["cgroup_manager"] == manager


@pytest.mark.parametrize("machine", [ORDINARY, SANDBOX])
def test_an_engine_keeps_everything_in_its_folder(machine: Traits) -> None:
    directory = Path("/engine")

    conf = traits.containers_conf(machine, directory, temporary=directory / "tmp", subnets="10.200.0.0/16")
    text = conf + traits.storage_conf(machine, directory)

    places = [line.split(" = ")[1] for line in text.splitlines() if ' = "/' in line]
    assert len(places) >= 6
    assert all(place.startswith('"/engine/') for place in places)


def test_this_machine_can_be_looked_at(tmp_path: Path) -> None:
    found = traits.look(tmp_path)

    assert traits.runtime(found) in found.runtimes
    assert list(tmp_path.iterdir()) == []
