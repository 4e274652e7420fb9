"""A pod's volumes become its group's, as root or in the user namespace of a rootless Podman."""

import os
import sys
from collections.abc import Sequence

from runtime import groups
from runtime.engine import EngineError
from runtime.podman_api import Api, named
from runtime.podman_seen import holds_files
from runtime.resources import Mount, Pod, Sharing


def share(api: Api, pod: Pod) -> None:
    """Give a pod's writable volumes to its group, before its program starts.

    Podman gives a new volume to the container's user when it is first mounted, so that comes before.
    """
    if pod.sharing is None:
        return
    for name in pod.container_names:
        api.post(f"containers/{named(name)}/init")
    mounted = [api.get(f"containers/{named(name)}/json")["Mounts"] for name in pod.container_names]
    volumes_of_containers = [one for mounts in mounted for one in mounts if one["Type"] == "volume"]
    anonymous = [one["Source"] for one in volumes_of_containers if one["RW"]]
    volumes = [api.get(f"volumes/{named(name)}/json") for name in sorted(_written(pod))]
    own = [volume["Mountpoint"] for volume in volumes if not holds_files(volume)]
    give(sorted({*anonymous, *own}), pod.sharing)


def give(roots: Sequence[str], sharing: Sharing) -> None:
    """Give directories to a group of containers; raises EngineError."""
    try:
        if os.geteuid() == 0:
            for root in roots:
                groups.give(root, sharing.group, always=sharing.always)
        elif roots:
            _give_as_podman(roots, sharing)
    except OSError as error:
        told = error.strerror or str(error)
        raise EngineError(f"cannot give a volume to the group {sharing.group} (fsGroup): {told}") from error


def _written(pod: Pod) -> set[str]:
    mounts: list[Mount] = [mount for container in pod.containers for mount in container.mounts]
    return {mount.volume for mount in mounts if mount.volume and not mount.read_only}


def _give_as_podman(roots: Sequence[str], sharing: Sharing) -> None:
    """Give in the user namespace, where the groups of containers have their own numbers."""
    import subprocess  # 20 ms, and no idle pass needs it

    how = "always" if sharing.always else "mismatch"
    words = ["podman", "unshare", sys.executable, "-I", "-S", groups.__file__, str(sharing.group), how]
    ended = subprocess.run([*words, *roots], capture_output=True, text=True, cwd="/", check=False)
    if ended.returncode:
        raise OSError(ended.stderr.strip().rpartition("\n")[2] or f"podman unshare: {ended.returncode}")
