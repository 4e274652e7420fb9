"""What this machine can do for containers, and the Podman configuration that follows from it."""

import os
import resource
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

PODMANS_OWN_LIMIT = 1_048_576  # open files that Podman gives a container of root, from 4.0 to 5.4
CAP_SYS_RESOURCE = 1 << 24


@dataclass(frozen=True, slots=True)
class Traits:
    """The facts about a machine on which a private engine depends."""

    root: bool
    runtimes: frozenset[str]
    unified_cgroups: bool
    hybrid_cgroups: bool
    systemd: bool
    may_raise_limits: bool
    open_files: int
    user_processes: int
    overlay: bool
    fuse_overlayfs: str | None


def look(directory: Path) -> Traits:
    """Find out what this machine can do; ``directory`` lies where images will."""
    root = os.geteuid() == 0
    unified = Path("/sys/fs/cgroup/cgroup.controllers")
    left_over = Path("/sys/fs/cgroup/unified/cgroup.controllers")
    fuse = shutil.which("fuse-overlayfs") if os.access("/dev/fuse", os.W_OK) else None
    return Traits(
        root=root,
        runtimes=frozenset(name for name in ("crun", "runc") if shutil.which(name, path=search_path())),
        unified_cgroups=unified.exists(),
        hybrid_cgroups=left_over.exists() and bool(left_over.read_text().strip()),
        systemd=systemd_holds_containers(root),
        may_raise_limits=may_raise_limits(),
        open_files=resource.getrlimit(resource.RLIMIT_NOFILE)[1],
        user_processes=user_processes(),
        overlay=overlay_works(directory, root=root),
        fuse_overlayfs=fuse,
    )


def search_path() -> str:
    """Return PATH with the places of root's programs, which a user's PATH lacks on Debian."""
    return os.environ.get("PATH", os.defpath) + ":/usr/local/sbin:/usr/sbin:/sbin"


def systemd_holds_containers(root: bool) -> bool:
    """Tell whether a systemd answers that may make cgroups for us."""
    if root:
        return Path("/run/systemd/system").exists()
    return Path(os.environ.get("XDG_RUNTIME_DIR", "/nowhere"), "systemd/private").exists()


def may_raise_limits() -> bool:
    status = Path("/proc/self/status").read_text()
    effective = next(line.split()[1] for line in status.splitlines() if line.startswith("CapEff:"))
    return bool(int(effective, 16) & CAP_SYS_RESOURCE)


def overlay_works(directory: Path, *, root: bool) -> bool:
    """Tell whether the kernel mounts an overlay there (not in most containers, nor on every file system)."""
    for name in ("lower", "upper", "work", "merged"):
        (directory / "probe" / name).mkdir(parents=True, exist_ok=True)
    options = "lowerdir=lower,upperdir=upper,workdir=work" + ("" if root else ",userxattr")
    mount = f"mount -t overlay -o {options} overlay merged && echo yes > merged/it-works"
    namespace = ["unshare", "--mount"] if root else ["unshare", "--user", "--map-root-user", "--mount"]
    tried = subprocess.run(
        [*namespace, "sh", "-c", mount], cwd=directory / "probe", capture_output=True, check=False
    )
    shutil.rmtree(directory / "probe", ignore_errors=True)
    return tried.returncode == 0


def user_processes() -> int:
    """Return the hard limit that Podman leaves itself: it lowers its own to the largest process id."""
    hard = resource.getrlimit(resource.RLIMIT_NPROC)[1]
    largest = int(Path("/proc/sys/kernel/pid_max").read_text())
    return largest if hard == resource.RLIM_INFINITY else min(hard, largest)


def runtime(traits: Traits) -> str | None:
    """Choose between crun and runc; None where neither is installed.

    crun 1.8 refuses cgroup v1 with a controller left in v2 ("cgroups in hybrid mode not
    supported"), runc does not; anywhere else crun starts a container a quarter faster.
    """
    order = ("runc", "crun") if traits.hybrid_cgroups and not traits.unified_cgroups else ("crun", "runc")
    return next((name for name in order if name in traits.runtimes), None)


def limits(traits: Traits) -> list[str]:
    """Return the limits to give each container; none where Podman's own can be had.

    A container can't get a harder limit than we have, unless we may raise it.
    """
    if not traits.root or traits.may_raise_limits or not 0 <= traits.open_files < PODMANS_OWN_LIMIT:
        return []
    files, processes = traits.open_files, traits.user_processes
    return [f"nofile={files}:{files}", f"nproc={processes}:{processes}"]


def containers_conf(traits: Traits, directory: Path, *, temporary: Path, subnets: str) -> str:
    """Write containers.conf(5) for an engine that keeps everything under ``directory``.

    ``temporary`` is the folder of its sockets (see ``engine.short``), and ``subnets`` the /16
    from which networks are taken, such as "10.200.0.0/16".
    """
    first = subnets.replace(".0.0/16", ".0.0/24")
    return f"""\
[containers]
default_ulimits = [{", ".join(f'"{limit}"' for limit in limits(traits))}]
log_driver = "k8s-file"
[engine]
cgroup_manager = "{"systemd" if traits.systemd else "cgroupfs"}"
events_logger = "file"
runtime = "{runtime(traits)}"
tmp_dir = "{temporary}"
volume_path = "{directory}/volumes"
[network]
network_backend = "netavark"
network_config_dir = "{directory}/networks"
default_subnet = "{first}"
default_subnet_pools = [{{"base" = "{subnets}", "size" = 24}}]
"""


def storage_conf(traits: Traits, directory: Path) -> str:
    """Write containers-storage.conf(5): overlay where it works, else fuse-overlayfs, else plain copies."""
    driver = "overlay" if traits.overlay or traits.fuse_overlayfs else "vfs"
    lines = [
        "[storage]",
        f'driver = "{driver}"',
        f'graphroot = "{directory}/storage"',
        f'rootless_storage_path = "{directory}/storage"',
        f'runroot = "{directory}/run"',
    ]
    if driver == "overlay" and not traits.overlay:
        lines += ["[storage.options.overlay]", f'mount_program = "{traits.fuse_overlayfs}"']
    return "\n".join(lines) + "\n"
