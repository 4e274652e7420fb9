"""A pod's beginning and end in Podman: what must be there, what is cleared away when it can't start."""

from dataclasses import replace
from typing import Any

from runtime.engine import EngineError
from runtime.podman_api import CHANGE_SECONDS, Api, named
from runtime.podman_bridges import Bridges
from runtime.podman_errors import Refusal
from runtime.podman_places import binds
from runtime.podman_ports import port_taken
from runtime.podman_seen import holds_files
from runtime.podman_sharing import share
from runtime.podman_spec import container_spec
from runtime.resources import Container, Mount, Pod

REMOVALS = 6  # attempts at a container that is crashing meanwhile


def create(api: Api, pod: Pod) -> None:
    """Make a pod, whose volumes must be there: Podman would make a missing one, without our labels."""
    volumes = {mount.volume: volume_named(api, mount.volume) for mount in _mounts(pod) if mount.volume}
    read_only = frozenset(name for name, volume in volumes.items() if holds_files(volume))
    spec = container_spec(pod, binds(_mounts(pod), volumes), read_only)
    (container,) = pod.containers
    api.post("containers/create", {**spec, **_user(api, container)})


def start_or_remove(api: Api, pod: Pod, bridges: Bridges) -> None:
    """Start a pod that was just made; one that can't start is removed, and who holds its port is named."""
    try:
        share(api, pod)
        bridges.start(pod.name, [pod.network] if pod.network else [])
    except EngineError:
        remove(api, pod.name, 0)
        raise
    except Refusal as refusal:
        remove(api, pod.name, 0)
        taken = port_taken(refusal.reason, pod, api.get("containers/json", all=True))
        raise replace(refusal, message=taken) if taken else refusal from refusal


def remove(api: Api, name: str, grace: int, *, volumes: bool = True) -> None:
    """Stop and remove in one request; Podman kills what is paused, then lets it go.

    Podman 4.3 refuses when the container ends, or is restarted, at that very moment.
    """
    query = {"force": True, "volumes": volumes, "timeout": grace}
    for left in reversed(range(REMOVALS)):
        try:
            api.delete(f"containers/{named(name)}", seconds=grace + CHANGE_SECONDS, **query)
        except Refusal as refusal:
            if not left or "state improper" not in refusal.cause:
                raise
        else:
            return


def volume_named(api: Api, name: str) -> Any:
    """Return what Podman knows of a volume, and where it lies on this machine."""
    try:
        return api.get(f"volumes/{named(name)}/json")
    except Refusal as refusal:
        raise replace(refusal, message=f"there is no volume {name}") if refusal.gone else refusal from refusal


def _user(api: Api, container: Container) -> dict[str, str]:
    """Return the whole user where the image's own takes part in it: Podman takes no `:GROUP`.

    Raises EngineError where it is root, and must not be.
    """
    security = container.security
    name, _, group = security.user.partition(":")
    if name or not (group or security.non_root):
        return {}
    config = api.get(f"images/{named(container.image)}/json").get("Config") or {}
    own = config.get("User") or ""
    if security.non_root:
        _refuse_root(own.partition(":")[0], container)
    return {"user": f"{own.partition(':')[0] or '0'}:{group}"} if group else {}


def _refuse_root(user: str, container: Container) -> None:
    """Raise EngineError in the words of Kubernetes' kubelet."""
    way_out = "set runAsUser, or give the image a USER by number"
    if user.isdecimal() and int(user):
        return
    if user in {"", "root"} or user.isdecimal():
        said = "container has runAsNonRoot and image will run as root"
    else:
        said = f"container has runAsNonRoot and image has non-numeric user ({user})"
    raise EngineError(f"{said} (container {container.name}, image {container.image}): {way_out}")


def _mounts(pod: Pod) -> tuple[Mount, ...]:
    return tuple(mount for container in pod.containers for mount in container.mounts)
