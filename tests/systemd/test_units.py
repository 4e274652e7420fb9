"""The units of `sloop install` under a real systemd that boots, loses its power, and boots again."""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.gitops.repository import Repository
from tests.machine import images
from tests.podman.manifests import ONE, TWO, deployment, stateful_set
from tests.podman.program import until
from tests.systemd.machine import UID, Machine

SLOOP = str(Path(sys.executable).parent / "sloop")
BUSYBOX = Path(images.__file__).parents[1] / "podman/images/busybox"
WORST = 40  # of `systemd-analyze security`, where 100 is the most exposed


def groups() -> list[str]:
    """Return where this machine, not the other one, has its control groups, and how."""
    mounts = Path("/proc/self/mountinfo").read_text().splitlines()
    return [mount for mount in mounts if " /sys/" in mount]


@pytest.fixture
def machine() -> Iterator[Machine]:
    before = groups()
    made = Machine.made()
    try:
        made.up()
        yield made
    finally:
        made.scrap()
    assert (
        groups() == before
    )  # two hierarchies of version 1 are one: what is done to the other's is done here


def load_images(machine: Machine, user: str) -> None:
    """Put the tests' image into a user's Podman there, under two names."""
    context = images.prepared(BUSYBOX, images.CACHE / f"busybox-{images.digest(BUSYBOX)}")
    archive = machine.disk / "busybox.tar"
    subprocess.run(["tar", "-C", f"{context}/tree", "-cf", str(archive), "."], check=True)
    for name in (ONE, TWO):
        machine("podman", "import", "--quiet", f"/disk/{archive.name}", name, user=user)


def commit(machine: Machine, image: str) -> None:
    """Push a set of two pods of this image, and who depends on it, to the machine's repository."""
    clone = Repository(machine.disk / "work")
    web = deployment(image=image, annotations={"sloop/depends-on": "StatefulSet/db"})
    clone.commit(image, {"db.yaml": json.dumps(stateful_set(image=image)), "web.yaml": json.dumps(web)})
    clone.git("push", "--quiet", "../site.git", "HEAD:main")


def running(machine: Machine, user: str = "root") -> list[str]:
    """Return the pods that run, without their revisions, and their images, in the order of their names."""
    rows = machine("podman", "ps", "--sort=names", "--format={{.Names}} {{.Image}}", user=user)
    return re.sub(r"web-\S+", "web", rows).splitlines()


def pods(image: str) -> list[str]:
    return [f"default.db-0 {image}", f"default.db-1 {image}", f"default.web {image}"]


def last_started(machine: Machine, user: str = "root") -> str:
    """Return the pod that was started last."""
    names = machine("podman", "ps", "--format={{.Names}}", user=user).split()
    rows = machine("podman", "inspect", "--format={{.State.StartedAt}} {{.Name}}", *names, user=user)
    return re.sub(r"web-\S+", "web", max(rows.splitlines()).rpartition(" ")[2])


def told(machine: Machine, *properties: str) -> list[str]:
    """Return what systemd says of the service."""
    return [machine("systemctl", "show", f"--property={one}", "--value", "sloop") for one in properties]


def test_a_timer_brings_all_back_after_a_power_cut_without_git_and_the_daemon_takes_over(
    machine: Machine,
) -> None:
    load_images(machine, "root")
    Repository(machine.disk / "site.git", bare=True)
    commit(machine, ONE)

    said = machine(SLOOP, "--repo", "/disk/site.git", "install", "--timer", "1s")
    assert said.splitlines()[-1] == "sloop.timer is enabled and started"
    units = [f"/etc/systemd/system/sloop.{kind}" for kind in ("service", "timer")]
    assert machine.try_("systemd-analyze", "verify", *units).stderr == ""
    machine("systemd-analyze", "security", "--no-pager", f"--threshold={WORST}", "sloop.service")
    until(lambda: running(machine) == pods(ONE))
    commit(machine, TWO)
    until(lambda: running(machine) == pods(TWO))
    until(lambda: machine(SLOOP, "--repo", "/disk/site.git", "history").splitlines()[1].count("Synced") == 1)

    (machine.disk / "site.git").rename(machine.disk / "away.git")
    machine.cut()
    machine.up()
    until(lambda: running(machine) == pods(TWO))
    assert last_started(machine) == "default.web"
    warned = machine("journalctl", "--unit=sloop.service", "--priority=warning", "--boot", "--output=cat")
    assert "staying at" in warned
    assert "done    start" not in warned

    (machine.disk / "away.git").rename(machine.disk / "site.git")
    commit(machine, ONE)
    machine(SLOOP, "--repo", "/disk/site.git", "install", "--daemon")
    assert machine.try_("systemd-analyze", "verify", units[0]).stderr == ""
    assert machine("find", "/etc/systemd/system", "-maxdepth", "1", "-name", "sloop*") == units[0]
    until(lambda: running(machine) == pods(ONE))
    assert told(machine, "ActiveState", "StatusText") == ["active", "follows /disk/site.git"]

    patience = "/etc/systemd/system/sloop.service.d/patience.conf"
    machine("sh", "-c", "mkdir ${0%/*} && echo '[Service]\nWatchdogSec=2' > $0", patience)
    machine("systemctl", "daemon-reload")
    machine("systemctl", "restart", "sloop.service")
    frozen = told(machine, "MainPID")
    machine("kill", "-STOP", *frozen)
    until(lambda: told(machine, "ActiveState") == ["active"] and told(machine, "MainPID") != frozen)
    assert running(machine) == pods(ONE)
    machine("systemctl", "stop", "sloop.service")
    assert running(machine) == pods(ONE)

    foreign = "/etc/systemd/system/sloop.timer"
    machine("sh", "-c", f"echo '[Timer]' > {foreign}")
    refused = machine.try_(SLOOP, "--repo", "/disk/site.git", "install")
    assert (refused.returncode, foreign in refused.stderr) == (1, True)
    assert foreign in machine(SLOOP, "uninstall")
    assert machine("find", "/etc/systemd/system", "-maxdepth", "1", "-name", "sloop.*[re]") == foreign
    assert running(machine) == pods(ONE)


def test_a_user_has_units_of_their_own_which_come_back_without_a_login(machine: Machine) -> None:
    machine("useradd", f"--uid={UID}", "--home-dir=/disk/ada", "--create-home", "ada")
    ways = {*Path(SLOOP).parents, *Path(sys.executable).resolve().parents}
    machine("chmod", "o+x", *map(str, ways))  # on that machine, not on this one
    machine("loginctl", "enable-linger", "ada")
    until(lambda: machine.try_("test", "-S", f"/run/user/{UID}/bus").returncode == 0)
    load_images(machine, "ada")
    Repository(machine.disk / "site.git", bare=True)
    commit(machine, ONE)
    machine("chown", "-R", "ada:", "/disk/site.git")

    machine(SLOOP, "--repo", "/disk/site.git", "install", "--timer", "1s", user="ada")
    units = [f"/disk/ada/.config/systemd/user/sloop.{kind}" for kind in ("service", "timer")]
    assert machine.try_("systemd-analyze", "verify", "--user", *units, user="ada").stderr == ""
    until(lambda: running(machine, "ada") == pods(ONE))
    history = (SLOOP, "--repo", "/disk/site.git", "history")
    until(lambda: machine(*history, user="ada").splitlines()[1].count("Synced") == 1)

    (machine.disk / "site.git").rename(machine.disk / "away.git")
    machine.cut()
    machine.up()
    until(lambda: running(machine, "ada") == pods(ONE))
    assert last_started(machine, "ada") == "default.web"
    removed = machine(SLOOP, "uninstall", user="ada").splitlines()
    assert sorted(removed) == [f"removed {unit}" for unit in units]
