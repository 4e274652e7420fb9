"""Puts a Podman back as it was when it was new: to remove what it has, one by one, takes it seconds."""

import os
import shutil
import subprocess
from contextlib import suppress
from pathlib import Path

from tests.machine import engine

RUNTIMES = (Path("/run/runc"), Path("/run/crun"))
CGROUPS = Path("/sys/fs/cgroup")


def keep(directory: Path) -> None:
    """Keep a copy of an engine, which is stopped for it."""
    lose_power(directory)
    _copy(directory, _kept(directory))
    engine.up(directory, own_network=True)


def put_back(directory: Path) -> None:
    """End all that an engine runs, and start it with what it had when it was kept and nothing else."""
    lose_power(directory)
    shutil.rmtree(directory)
    _copy(_kept(directory), directory)
    engine.up(directory, own_network=True)


def lose_power(directory: Path) -> None:
    """End an engine and its containers at once; of what lay in memory nothing is left."""
    containers = {one.name for one in directory.glob("storage/*-containers/*") if one.is_dir()}
    engine.stop(directory)
    for place in RUNTIMES:
        for one in containers:
            shutil.rmtree(place / one, ignore_errors=True)
    for place, groups, _ in os.walk(CGROUPS):
        for group in groups:
            if group.removeprefix("libpod-") in containers:
                _remove(Path(place, group))


def _remove(group: Path) -> None:
    """Remove the control group of a container, and that of its pod with the last one."""
    with suppress(OSError):
        group.rmdir()
        if group.parent.name != "libpod_parent":
            group.parent.rmdir()


def _copy(directory: Path, place: Path) -> None:
    subprocess.run(["cp", "--archive", str(directory), str(place)], check=True)


def _kept(directory: Path) -> Path:
    return directory.with_name("new")
