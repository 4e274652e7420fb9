"""A machine that boots a real systemd within seconds: the files of this one, in namespaces of its own.

What is written stays over a reboot, as on a disk; /run does not.  A folder of its disk is /disk there.
It has no network but its own loopback.
"""

import os
import shutil
import signal
import subprocess
import tempfile
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from tests.machine import engine, traits

UID = 54321  # of the user that a machine may have
# The arguments are the overlay's folder, the disk's folder, and the name of the machine's control groups.
JOIN = """
set -eu
for tasks in $(ls /sys/fs/cgroup/cgroup.procs /sys/fs/cgroup/*/cgroup.procs 2>/dev/null); do
  group=${tasks%/*}/$3
  case $tasks in
    /sys/fs/cgroup/cgroup.procs) ;;
    *) [ ! -e /sys/fs/cgroup/cgroup.controllers ] || continue ;;
  esac
  mkdir -p "$group"
  for name in cpuset.cpus cpuset.mems; do
    [ ! -e "$group/$name" ] || cat "${tasks%/*}/$name" > "$group/$name"
  done
  echo $$ > "$group/cgroup.procs"
done
exec unshare --cgroup sh -c "$4" sh "$1" "$2"
"""
START = """
set -eu
root=$1/root
mount -t overlay overlay -o "lowerdir=/,upperdir=$1/upper,workdir=$1/work" "$root"
mount -t proc proc "$root/proc"
mount -t sysfs sysfs "$root/sys"
mount -t tmpfs -o mode=0755 tmpfs "$root/run"
mount --rbind /dev "$root/dev"
groups=$root/sys/fs/cgroup
if [ -e /sys/fs/cgroup/cgroup.controllers ]; then
  mount -t cgroup2 cgroup2 "$groups"
else
  mount -t tmpfs -o mode=0755 tmpfs "$groups"
  while IFS=: read -r _ name _; do
    [ -n "$name" ] || continue
    mkdir "$groups/${name#name=}"
    case $name in name=*) name=none,$name ;; esac
    mount -t cgroup -o "$name" cgroup "$groups/$(basename "${name#none,name=}")"
  done < /proc/self/cgroup
fi
mkdir -p "$root/var/lib/containers" "$root/disk"
mount --bind "$2/containers" "$root/var/lib/containers"
mount --bind "$2" "$root/disk"
mknod -m 666 "$1/tun" c 10 200 2>/dev/null || [ -e "$1/tun" ]
mount --bind "$1/tun" "$root/dev/net/tun"
ip link set lo up
cd "$root"
mkdir -p old
pivot_root . old
umount -l old
exec env -i container=other PATH=/usr/sbin:/usr/bin:/sbin:/bin /lib/systemd/systemd
"""


@dataclass
class Machine:
    """One machine; ``up`` boots it, ``cut`` takes its power away."""

    memory: Path  # on a tmpfs: an overlay's own files may not lie in what it covers
    disk: Path
    init: subprocess.Popen[bytes] | None = field(default=None)

    @classmethod
    def made(cls) -> "Machine":
        """Return a machine that was never booted, with this one's programs and nobody's units."""
        memory = Path(tempfile.mkdtemp(prefix="sloop-tests-", dir="/dev/shm"))
        disk = Path(tempfile.mkdtemp(prefix="sloop-tests-machine-", dir="/var/tmp"))
        disk.chmod(0o755)
        (disk / "containers").mkdir()
        for name in ("root", "upper", "work"):
            (memory / name).mkdir()
        etc = memory / "upper/etc"
        (etc / "systemd").mkdir(parents=True)
        for name in ("system", "user"):
            (etc / "systemd" / name).mkdir()
            os.setxattr(etc / "systemd" / name, "trusted.overlay.opaque", b"y")
        (etc / "machine-id").touch()
        (etc / "fstab").touch()
        (etc / "containers").mkdir()
        (etc / "containers/containers.conf").write_text(_containers_conf(disk))
        return cls(memory, disk)

    def up(self) -> None:
        """Boot, and wait until systemd says that it has."""
        name = self.memory.name
        namespaces = ["--mount", "--pid", "--net", "--uts", "--ipc", "--propagation=private"]
        words = ["unshare", "--fork", "--kill-child", *namespaces, "sh", "-c", JOIN]
        with (self.memory / "boot.log").open("wb") as log:
            self.init = subprocess.Popen(
                [*words, "sh", str(self.memory), str(self.disk), name, START],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=log,
            )
        engine.until(lambda: bool(self._children()))
        engine.until(lambda: self.try_("systemctl", "is-system-running").stdout.strip() == "running")
        assert self("systemctl", "is-system-running") == "running", self.said()

    def cut(self) -> None:
        """Cut the power: every process is gone at once."""
        if self.init is not None:
            for pid in self._children():
                os.kill(pid, signal.SIGKILL)
            self.init.kill()
            self.init.wait()
            self.init = None

    def scrap(self) -> None:
        """Cut the power and forget all that was there."""
        self.cut()
        engine.unmount(self.disk)
        shutil.rmtree(self.memory, ignore_errors=True)
        shutil.rmtree(self.disk, ignore_errors=True)
        for pattern in (self.memory.name, f"*/{self.memory.name}"):
            for group in Path("/sys/fs/cgroup").glob(pattern):
                _remove_group(group)

    @property
    def pid(self) -> int:
        """Return the process, as we number it, that is number 1 there."""
        (only,) = self._children()
        return only

    def __call__(self, *words: str, user: str = "root") -> str:
        """Run a command there, which must go well, and return what it prints."""
        done = self.try_(*words, user=user)
        assert done.returncode == 0, (words, done.stdout, done.stderr)
        return done.stdout.strip()

    def try_(self, *words: str, user: str = "root") -> subprocess.CompletedProcess[str]:
        """Run a command there, however it ends."""
        there = ["nsenter", f"--target={self.pid}", "--all", "--wdns=/"]
        return subprocess.run(
            [*there, *_login(user), *words],
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
            check=False,
        )

    def _children(self) -> list[int]:
        assert self.init is not None
        assert self.init.poll() is None, (self.memory / "boot.log").read_text()
        children = Path(f"/proc/{self.init.pid}/task/{self.init.pid}/children").read_text()
        return [int(pid) for pid in children.split()]

    def said(self) -> str:
        """Return what systemd complained about."""
        failed = self.try_("systemctl", "--failed", "--no-legend").stdout
        return f"{failed}\n{(self.memory / 'boot.log').read_text()}"


def _login(user: str) -> list[str]:
    """Return the command that becomes a user, with the environment of a login; /disk/NAME is their home."""
    environment = ["env", "-i", "PATH=/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C.UTF-8"]
    if user == "root":
        return [*environment, "HOME=/root"]
    become = ["setpriv", f"--reuid={UID}", f"--regid={UID}", "--init-groups", "--"]
    runtime = f"/run/user/{UID}"
    bus = f"DBUS_SESSION_BUS_ADDRESS=unix:path={runtime}/bus"
    return [*become, *environment, f"HOME=/disk/{user}", f"XDG_RUNTIME_DIR={runtime}", bus]


def _containers_conf(disk: Path) -> str:
    found = traits.look(disk)
    limits = ", ".join(f'"{limit}"' for limit in traits.limits(found))
    return f"""\
[containers]
default_ulimits = [{limits}]
[engine]
cgroup_manager = "systemd"
events_logger = "file"
runtime = "{traits.runtime(found)}"
"""


def _remove_group(group: Path) -> None:
    for inner in [*sorted(group.glob("**/"), reverse=True)]:
        with suppress(OSError):
            inner.rmdir()
