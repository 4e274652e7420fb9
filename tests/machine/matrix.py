"""Every Podman that sloop is held to, as root and rootless: the same tests, in systems of their own."""

import argparse
import os
import shlex
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from tests.machine.cannot import SUITES, left_out
from tests.machine.packages import PODMAN, ROOTLESS, ROOTLESS_PODMAN_5
from tests.machine.telling import tell

HERE = Path(__file__).parents[2]
PLACE = HERE / ".cache" / "matrix"
ELSEWHERE = ("ca-certificates", "git", "make", "python3", "python3-venv", "busybox-static", "haproxy")
USER = "sailor"
MIRROR = "https://deb.debian.org/debian"
CELLS = tuple((suite, user) for suite in SUITES for user in ("root", USER))
VARIABLES = {
    "HOME": "/root",
    "LANG": "C.UTF-8",
    "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    "PIP_CERT": "/etc/ssl/certs/ca-certificates.crt",
}

# The tree becomes the root of a mount namespace: in a mere chroot nobody may make user namespaces.
ENTER = """\
cd "$1"
mount --bind . .
cd "$1"
mount -t proc proc proc
mount --rbind /sys sys
mount --rbind /dev dev
mount -t tmpfs -o mode=755 tmpfs run
mount -t tmpfs -o mode=1777 tmpfs tmp
cp --dereference /etc/resolv.conf etc/resolv.conf
cp --dereference /etc/ssl/certs/ca-certificates.crt etc/ssl/certs/ca-certificates.crt
test ! -e /etc/pip.conf || cp /etc/pip.conf etc/pip.conf
pivot_root . mnt
umount --lazy /mnt
shift
exec "$@"
"""

LOG_IN = """\
install --directory --owner="$1" --mode=700 "/run/user/$(id -u "$1")"
exec su "$1" -c "export XDG_RUNTIME_DIR=/run/user/$(id -u "$1"); $2"
"""


@dataclass(frozen=True, slots=True)
class Cell:
    """One Podman, that of a release of Debian, for one user."""

    suite: str
    user: str

    @property
    def tree(self) -> Path:
        """Where its system lies."""
        return PLACE / self.suite

    @property
    def home(self) -> Path:
        """Where its copy of this checkout lies, seen from inside."""
        return Path("/srv/root" if self.user == "root" else f"/home/{self.user}", "sloop")

    def run(self, command: str, *, user: str = "root") -> int:
        """Run a command of the shell inside, and return its exit code."""
        words = ["sh", "-c", command] if user == "root" else ["sh", "-c", LOG_IN, "sh", user, command]
        inside = ["env", "-i", *(f"{name}={value}" for name, value in VARIABLES.items()), *words]
        enter = ["unshare", "--mount", "--propagation=private", "sh", "-ec", ENTER, "sh", str(self.tree)]
        return subprocess.run([*enter, *inside], stdin=subprocess.DEVNULL, check=False).returncode


def main() -> None:
    """Run the tests in each cell that is asked for, and tell which of them passed."""
    asked = argparse.ArgumentParser(prog="make test-matrix")
    asked.add_argument("--only", default="", help="cells whose names hold this, such as trixie or sailor")
    asked.add_argument("tests", nargs="*", default=["tests/podman"], help="what pytest is given")
    said = asked.parse_args()
    if os.geteuid() != 0:
        sys.exit("make test-matrix makes systems of their own: run it as root")
    cells = [Cell(*one) for one in CELLS if said.only in "-".join(one)]
    passed = {cell: _passed(cell, said.tests) for cell in cells}
    for cell, well in passed.items():
        tell(f"{cell.suite}-{cell.user}: {'passed' if well else 'FAILED'}")
    sys.exit(not all(passed.values()))


def _passed(cell: Cell, tests: list[str]) -> bool:
    tell(f"\n# {cell.suite}-{cell.user}")
    if not (cell.tree / "ready").exists():
        _make(cell)
    _copy(cell)
    return _tested(cell, tests) or _tested(cell, [*tests, "--last-failed"])


def _tested(cell: Cell, tests: list[str]) -> bool:
    who = "root" if cell.user == "root" else "rootless"
    without = [f"--deselect={test}" for test in left_out(cell.suite, who)]
    arguments = shlex.quote(shlex.join(["--no-cov", "-q", *without, *tests]))
    return cell.run(f"cd {cell.home} && make test PYTEST={arguments}", user=cell.user) == 0


def _make(cell: Cell) -> None:
    """Make a system with Debian's own Podman in it: a minute, and the network."""
    newest = ROOTLESS_PODMAN_5 if cell.suite == "trixie" else {}
    packages = ",".join([*ELSEWHERE, *PODMAN, *ROOTLESS, *newest])
    words = ["debootstrap", "--variant=minbase", f"--include={packages}", cell.suite, str(cell.tree), MIRROR]
    PLACE.mkdir(parents=True, exist_ok=True)
    try:
        subprocess.run(words, stdout=subprocess.DEVNULL, check=True)
    except FileNotFoundError:
        sys.exit("debootstrap is missing: apt-get install debootstrap")
    if cell.run(f"useradd --create-home {USER}"):
        sys.exit(f"{cell.tree}: no user could be made")
    (cell.tree / "ready").touch()


def _copy(cell: Cell) -> None:
    """Copy what git knows of here; what an earlier run has set up there stays."""
    there = cell.tree / cell.home.relative_to("/")
    there.mkdir(parents=True, exist_ok=True)
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=HERE, capture_output=True, check=True).stdout
    packed = subprocess.run(
        ["tar", "--create", "--null", "--files-from=-"],
        cwd=HERE,
        input=listed,
        capture_output=True,
        check=True,
    ).stdout
    subprocess.run(["tar", "--extract", "--no-same-owner"], cwd=there, input=packed, check=True)
    set_up = f"cd {cell.home} && python3 -m tests.machine.packages podman"  # what was added since
    cell.run(f"chown -R {cell.user} {cell.home}; chmod 666 /dev/net/tun; {set_up}")


if __name__ == "__main__":
    main()
