"""What of the machine `sloop doctor` looks at: users, disks, the clock, logins to registries, units."""

import json
import os
import pwd
import shutil
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path

from gitops.doctor.findings import Finding, blocks, ok, warning
from gitops.doctor.registry import tried
from runtime.ledger import LedgerError, look_back

MIB = 1024 * 1024
LITTLE, NEXT_TO_NOTHING = 1024, 100  # MiB that are left on a disk
TOOLS = {"newuidmap": "uidmap", "newgidmap": "uidmap"}  # and the package of Debian that has it


def rootless(
    is_rootless: bool, etc: Path = Path("/etc"), environment: Mapping[str, str] = os.environ
) -> Iterator[Finding]:
    """Look at what containers of a user need: more users, their mapping, a session that stays."""
    if not is_rootless:
        return
    name = _login()
    for file in ("subuid", "subgid"):
        if not _has_range(etc / file, name):
            remedy = f"`sudo usermod --add-sub{file[3:]}s 100000-165535 {name}`, then `podman system migrate`"
            yield blocks(file, f"{name} has no range in {etc / file}", remedy)
    for tool, package in TOOLS.items():
        if not shutil.which(tool):
            yield blocks(tool, "it is not installed", f"install it: `apt install {package}`")
    runtime = environment.get("XDG_RUNTIME_DIR", "")
    if not (runtime and os.access(runtime, os.W_OK)):
        yield blocks(
            "session", "XDG_RUNTIME_DIR names no place that can be written", "log in by ssh or `machinectl`"
        )
    elif not Path("/var/lib/systemd/linger", name).exists():
        yield warning("session", "what runs ends when you log out", "`loginctl enable-linger`")


def disk(check: str, place: Path) -> Finding:
    """Look how much is left where something is kept."""
    there = next(path for path in (place, *place.parents) if path.exists())
    return room(check, place, os.statvfs(there))


def room(check: str, place: Path, found: os.statvfs_result) -> Finding:
    """Judge what is left: bytes, and files."""
    left = found.f_bavail * found.f_frsize // MIB if found.f_blocks else LITTLE
    inodes = found.f_favail / found.f_files if found.f_files else 1.0
    message = f"{left} MiB and {inodes:.0%} of all files are left under {place}"
    if left < NEXT_TO_NOTHING or inodes < 0.005:
        return blocks(check, message, "`podman image prune`, or make room there")
    if left < LITTLE or inodes < 0.05:
        return warning(check, message, "`podman image prune`, or make room there")
    return ok(check, message)


def clock(state: Path, now: float | None = None) -> Finding:
    """Look whether the clock goes right, as far as one can know without asking others."""
    now = time.time() if now is None else now
    remedy = "`timedatectl set-ntp true`"
    if (last := _last_event(state)) > now + 1:
        return blocks("clock", f"it is {last - now:.0f} s behind what the ledger remembers", remedy)
    if _kept_by_somebody() is False:
        return warning("clock", "nobody keeps it: certificates, schedules and back-offs go by it", remedy)
    return ok("clock", time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(now)))


def registries(environment: Mapping[str, str] = os.environ) -> Iterator[Finding]:
    """Look which registries somebody is logged in to; a file that can't be read is as good as none."""
    runtime = environment.get("XDG_RUNTIME_DIR") or f"/run/user/{os.geteuid()}"
    usual = "/run/containers/0/auth.json" if os.geteuid() == 0 else f"{runtime}/containers/auth.json"
    named = environment.get("REGISTRY_AUTH_FILE")
    file = Path(named or usual)
    if named and not file.exists():
        yield blocks("registries", f"REGISTRY_AUTH_FILE names {file}, which isn't there", "`podman login`")
        return
    try:
        logins = dict(json.loads(file.read_text()).get("auths", {})) if file.exists() else {}
    except (OSError, ValueError, AttributeError) as error:
        yield blocks("registries", f"{file} can't be read: {error}", "remove it, then `podman login`")
        return
    names = ", ".join(sorted(logins))
    yield ok("registries", f"logged in to {names}" if logins else "no login: public images only")
    yield from tried(logins)


def units() -> Iterator[Finding]:
    """Look how the units fare that `sloop install` wrote, if it did."""
    from gitops.service.install import NAMES, Manager, UnitError, written

    manager = Manager(user=os.geteuid() != 0)
    for name in filter(lambda name: written(manager, name), NAMES):
        with suppress(UnitError):
            state = manager("show", "--property=ActiveState", "--value", name)
            if state == "failed":
                yield blocks(name, "it has failed", f"`{manager.command} status {name}` says why")
            else:
                yield ok(name, state)
            continue
        yield warning(name, "systemd doesn't answer", "is this the machine that it was installed on?")


def _has_range(file: Path, name: str) -> bool:
    with suppress(OSError):
        owners = {line.partition(":")[0] for line in file.read_text().splitlines()}
        return bool(owners & {name, str(os.geteuid())})
    return False


def _last_event(state: Path) -> float:
    with suppress(LedgerError), look_back(state) as past:
        return max((run.finished or run.started for run in past.history(limit=1)), default=0.0)
    return 0.0


def _kept_by_somebody() -> bool | None:
    """Say whether systemd knows the clock to be kept; None where systemd isn't there to ask."""
    if not Path("/run/systemd/system").is_dir() or not shutil.which("timedatectl"):
        return None
    asked = ["timedatectl", "show", "--property=NTPSynchronized", "--value"]
    done = subprocess.run(asked, capture_output=True, text=True, check=False)
    return done.stdout.strip() == "yes" if done.returncode == 0 else None


def _login() -> str:
    try:
        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        return str(os.geteuid())
