"""A private Podman engine: everything it has lies under one folder and goes with it.

Root's engines share more than their storage: the locks in /dev/shm (a new engine frees all of
them, and whoever holds some hangs later), netavark's addresses and names in
/run/containers/networks, and iptables chains named after networks.  So an engine of root gets a
mount namespace of its own for the first two, and a network of its own for the last if it is
asked for.  Where the old cgroups lie in a tmpfs, it sees only those that are mounted: a systemd
in somebody's container leaves empty folders there, in which Podman would try to make those of pods.
Rootless engines have both from Podman, and lock by files.
"""

import contextlib
import hashlib
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tests.machine import api, subnets, traits

LONGEST_SOCKET = 107  # bytes of a UNIX socket's path, see unix(7)
LONGEST_FOLDER = 34  # bytes of a folder below which Podman can keep its run-time files
PATIENCE = 30.0  # seconds
PODMANS_OWN = {
    "podman",
    "catatonit",
    "conmon",
    "aardvark-dns",
    "slirp4netns",
    "rootlessport",
    "fuse-overlayfs",
}
WATCHERS = {"aardvark-dns", "conmon"}  # they stay in the engine's namespaces, containers don't
LAUNCH = '"$@" < /dev/null >> "$0/service.log" 2>&1 & echo $! > "$0/pid"'
NAMESPACE = """\
set -e
mkdir -p /run/containers/networks /run/netns
mount --bind "$1/dns" /run/containers/networks
mount --bind "$1/netns" /run/netns
mount -t tmpfs -o mode=1777 shm /dev/shm
if test "$(stat --file-system --format %T /sys/fs/cgroup)" = tmpfs; then
  mkdir -p "$1/cgroup"
  mount -t tmpfs cgroups "$1/cgroup"
  for one in /sys/fs/cgroup/*; do
    if test ! -L "$one" && mountpoint -q "$one"; then
      mkdir "$1/cgroup/${one##*/}"
      mount --bind "$one" "$1/cgroup/${one##*/}"
    fi
  done
  mount --rbind "$1/cgroup" /sys/fs/cgroup
fi
test "$2" = host || ip link set lo up
shift 2
exec "$@"
"""


class EngineError(Exception):
    """A private engine can't be had; the message says why and where to look."""


@dataclass(frozen=True, slots=True)
class PrivateEngine:
    """A Podman of our own, that lives under ``directory``."""

    directory: Path

    @property
    def socket(self) -> Path:
        """Return where its API listens."""
        return self.directory / "podman.sock"

    @property
    def url(self) -> str:
        """Return the address for ``--podman`` and for clients."""
        return f"unix://{self.socket}"

    @property
    def environment(self) -> dict[str, str]:
        """Return the variables that make a podman command use this engine's storage."""
        return {
            "CONTAINERS_CONF": str(self.directory / "containers.conf"),
            "CONTAINERS_STORAGE_CONF": str(self.directory / "storage.conf"),
        }

    @property
    def pid(self) -> int:
        """Return the process that serves the API."""
        return int((self.directory / "pid").read_text())


def up(directory: Path, *, own_network: bool = False) -> PrivateEngine:
    """Start an engine under ``directory``, or find it running there.

    With ``own_network``, which it keeps for life, root's engine publishes ports in a network
    namespace of its own (see ``inside_network``); a rootless one always does on the machine.
    """
    engine = PrivateEngine(directory.resolve())
    if api.answers(engine.socket):
        return engine
    if len(os.fsencode(engine.socket)) > LONGEST_SOCKET:
        raise EngineError(f"{engine.socket} is too long for a socket: use a folder with a shorter path")
    forget_boot(engine)
    configure(engine)
    if own_network:
        (engine.directory / "own-network").touch()
    launch(engine)
    until(lambda: api.answers(engine.socket) or not Path(f"/proc/{engine.pid}").exists())
    if not api.answers(engine.socket):
        raise EngineError(f"Podman does not start: {(engine.directory / 'service.log').read_text().strip()}")
    return engine


def forget_boot(engine: PrivateEngine) -> None:
    """Empty what should lie in memory, if nothing runs any more: Podman then sees that there was a reboot."""
    if not processes(engine.directory):
        for name in ("dns", "netns", "run", "tmp"):
            shutil.rmtree(engine.directory / name, ignore_errors=True)


def configure(engine: PrivateEngine) -> None:
    """Make the folders and write the configuration that suits this machine."""
    for name in ("dns", "netns", "networks", "tmp", "xdg", "storage"):
        (engine.directory / name).mkdir(parents=True, exist_ok=True)
    (engine.directory / "xdg").chmod(0o700)
    _link(engine.directory)
    found = traits.look(engine.directory / "storage")
    if traits.runtime(found) is None:
        raise EngineError("neither crun nor runc is installed: run make again, it installs them")
    conf = traits.containers_conf(
        found,
        engine.directory,
        temporary=short(engine.directory) / "tmp",
        subnets=subnets.free(subnets.routes()),
    )
    (engine.directory / "containers.conf").write_text(conf)
    (engine.directory / "storage.conf").write_text(traits.storage_conf(found, engine.directory))


def _link(directory: Path) -> None:
    """Let the short path lead to the folder, at every moment if it does already.

    When a container ends, its monitor starts a podman; one that finds nothing there takes that for a reboot,
    and makes a folder in its place.
    """
    link = short(directory)
    if link != directory and not (link.is_symlink() and link.readlink() == directory):
        _unlink(link)
        link.symlink_to(directory)


def _unlink(link: Path) -> None:
    if link.is_symlink():
        link.unlink()
    else:  # /tmp has been emptied since, and Podman made a folder in its place
        shutil.rmtree(link, ignore_errors=True)


def short(directory: Path) -> Path:
    """Return a path to the folder that Podman takes for its run-time files: a link if need be.

    Podman 4.3 refuses a runroot of more than 50 bytes; a rootless one makes its own too long
    without a word, and then takes 20 seconds to see that a container has ended.
    """
    if len(os.fsencode(directory)) <= LONGEST_FOLDER:
        return directory
    return Path("/tmp", f"sloop-{hashlib.sha256(os.fsencode(directory)).hexdigest()[:12]}")


def launch(engine: PrivateEngine) -> None:
    """Start the service, which nobody waits for; as root within namespaces of its own."""
    runroot = short(engine.directory) / "run"  # rootless Podman 4.3 reads it from nowhere else
    service = ["podman", f"--runroot={runroot}", "system", "service", "--time", "0", engine.url]
    if os.geteuid() == 0:
        service = [*namespace(engine), *service]
    subprocess.run(
        ["sh", "-c", LAUNCH, str(engine.directory), *service],
        env=surroundings(engine),
        cwd=engine.directory,  # conmon 2.1.6 leaves a file named oom there when a container is out of memory
        start_new_session=True,
        check=True,
    )


def namespace(engine: PrivateEngine) -> list[str]:
    """Return the command that makes the engine's namespaces, or enters those that a killed service left."""
    own_network = (engine.directory / "own-network").exists()
    network = ["--net"] if own_network else []
    if left := [pid for pid in processes(engine.directory) if program(pid) in WATCHERS]:
        return ["nsenter", f"--target={left[0]}", "--mount", *network]
    unshare = ["unshare", "--mount", "--propagation=private", *network]
    return [*unshare, "sh", "-c", NAMESPACE, "sh", str(engine.directory), "own" if own_network else "host"]


def surroundings(engine: PrivateEngine) -> dict[str, str]:
    """Return the environment of the service; its run-time folder is ours unless systemd's is needed."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("CONTAINER", "PODMAN"))}
    quiet = {"PODMAN_IGNORE_CGROUPSV1_WARNING": "1", "PATH": traits.search_path()}
    runtime = (
        {}
        if traits.systemd_holds_containers(root=False)
        else {"XDG_RUNTIME_DIR": str(short(engine.directory) / "xdg")}
    )
    return kept | engine.environment | quiet | runtime


def down(directory: Path) -> None:
    """Stop the engine and remove all that it made: containers, mounts, processes, the folder.

    Works on what a crash has left too.
    """
    engine = PrivateEngine(directory.resolve())
    if not engine.directory.exists():
        return
    with contextlib.suppress(EngineError, api.ApiError, OSError):
        up(engine.directory)  # one that was killed must still take its bridges and chains away
        api.clear(engine.socket)
    remove_storage(engine)
    stop(engine.directory)
    unmount(engine.directory)
    shutil.rmtree(engine.directory)
    if short(engine.directory) != engine.directory:
        _unlink(short(engine.directory))


def remove_storage(engine: PrivateEngine) -> None:
    """Remove what a rootless engine's containers own, which only their user namespace may do."""
    if os.geteuid() == 0:
        return
    owned = [engine.directory / name for name in ("storage", "volumes")]
    remove = ["podman", "unshare", "rm", "-rf", *map(str, owned)]
    subprocess.run(remove, env=surroundings(engine), capture_output=True, check=False)


def unmount(directory: Path) -> None:
    """Take away what is mounted in the folder in our own namespace, the innermost first."""
    rows = Path("/proc/self/mountinfo").read_text().splitlines()
    points = [point for row in rows if (point := row.split()[4]).startswith(f"{directory}/")]
    for point in reversed(points):
        subprocess.run(["umount", "--lazy", point], check=True)


def stop(directory: Path) -> None:
    """End every process of the engine, those that it starts meanwhile too."""
    until(lambda: not killed(directory))
    if left := processes(directory):
        raise EngineError(f"processes of the engine at {directory} do not end: {left}")


def killed(directory: Path) -> list[int]:
    """Kill the engine's processes and return which they were."""
    found = processes(directory)
    for pid in found:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    return found


def program(pid: int) -> str:
    """Return the name of the program that a process runs; empty if it ended."""
    try:
        return Path(f"/proc/{pid}/exe").readlink().name
    except OSError:
        return ""


def processes(directory: Path) -> list[int]:
    """Return the engine's processes and its containers'.

    They, and no others, see mounts from its folder in a mount namespace that isn't ours, or are
    Podman's programs with its configuration.  A podman command that somebody runs outside of the
    engine leaves a mount in our own namespace, which every process of the machine sees.
    """
    everyone = (entry for entry in Path("/proc").iterdir() if entry.name.isdigit())
    return [int(entry.name) for entry in everyone if belongs(entry, directory)]


def belongs(process: Path, directory: Path) -> bool:
    try:
        if "State:\tZ" in (process / "status").read_text():
            return False
        elsewhere = (process / "ns/mnt").readlink() != Path("/proc/self/ns/mnt").readlink()
        if elsewhere and f"{directory}/" in (process / "mountinfo").read_text():
            return True
        ours = f"CONTAINERS_CONF={directory}/containers.conf\0".encode()
        return (
            program(int(process.name)) in PODMANS_OWN and ours in (process / "environ").read_bytes() + b"\0"
        )
    except OSError:  # it ended meanwhile, or is somebody else's
        return False


def until(holds: Callable[[], bool], *, patience: float = PATIENCE) -> bool:
    """Return as soon as the condition holds, or when patience (in seconds) is over; say whether it held."""
    end = time.monotonic() + patience
    while not (held := holds()) and time.monotonic() < end:
        time.sleep(0.02)
    return held
