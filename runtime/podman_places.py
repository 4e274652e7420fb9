"""Which paths of this machine a pod's mounts are bound to, made where they may be made."""

import stat
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from runtime.engine import EngineError
from runtime.podman_seen import holds_files
from runtime.resources import Mount

KINDS = {
    "DirectoryOrCreate": (stat.S_ISDIR, "directory"),
    "Directory": (stat.S_ISDIR, "directory"),
    "FileOrCreate": (stat.S_ISREG, "file"),
    "File": (stat.S_ISREG, "file"),
    "Socket": (stat.S_ISSOCK, "socket"),
    "CharDevice": (stat.S_ISCHR, "character device"),
    "BlockDevice": (stat.S_ISBLK, "block device"),
}  # of hostPath; source: Kubernetes' core/v1 HostPathType


def binds(mounts: Iterable[Mount], volumes: Mapping[str, Any]) -> dict[Mount, str]:
    """Return the path for each mount that is of a host path, or of a path inside one of ``volumes``.

    Raises EngineError where what should be there is not, or a path leads out of its volume.
    """
    return {mount: path for mount in mounts if (path := _path(mount, volumes))}


def path_inside(root: str, sub_path: str, *, create: bool) -> str:
    """Return the real path of ``sub_path`` below ``root``, made as a directory if ``create`` and missing.

    Whatever user the container has may write there, as in a volume of Kubernetes' local provisioner.
    Raises EngineError where ``..`` or a link leads out of the volume, or nothing is there.
    """
    home = Path(root).resolve()
    path = (home / sub_path).resolve()
    if not path.is_relative_to(home):
        raise EngineError(f"cannot mount the subPath {sub_path!r}: it leads out of the volume")
    if create and not path.exists():
        _make(path, 0o777, Path.mkdir)
    if not path.exists():
        raise EngineError(f"cannot mount the subPath {sub_path!r}: the volume has no such file")
    return str(path)


def host_path(path: str, kind: str) -> str:
    """Return ``path`` once it is what ``kind`` (a hostPath type, "" for anything) says.

    With "" a directory is made where nothing is, as containerd and CRI-O do it.  Raises EngineError.
    """
    if not Path(path).exists():
        match kind:
            case "" | "DirectoryOrCreate":
                _make(Path(path), 0o755, Path.mkdir)
            case "FileOrCreate":
                _make(Path(path), 0o644, Path.touch)
    if kind in KINDS and not _is(path, kind):
        raise EngineError(
            f"cannot mount the host path {path}: it is no {KINDS[kind][1]} (hostPath type {kind})"
        )
    return path


def _path(mount: Mount, volumes: Mapping[str, Any]) -> str | None:
    if mount.host is not None:
        whole = host_path(mount.host, mount.host_type)
        return path_inside(whole, mount.sub_path, create=True) if mount.sub_path else whole
    if mount.volume and mount.sub_path:
        volume = volumes[mount.volume]
        return path_inside(volume["Mountpoint"], mount.sub_path, create=not holds_files(volume))
    return None


def _is(path: str, kind: str) -> bool:
    with suppress(OSError):
        return KINDS[kind][0](Path(path).stat().st_mode)
    return False


def _make(path: Path, mode: int, make: Callable[[Path], None]) -> None:
    """Make a file or directory; ``mode`` holds whatever the umask is."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        make(path)
        path.chmod(mode)
    except OSError as error:
        raise EngineError(f"cannot make {path} for a mount: {error.strerror}") from error
