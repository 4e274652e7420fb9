"""A pod's beginning and end in Podman: what must be there, what is cleared away when it can't start."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from runtime.podman_api import CHANGE_SECONDS, Api, named
from runtime.podman_errors import Refusal
from runtime.podman_places import binds
from runtime.podman_ports import port_taken
from runtime.podman_seen import holds_files
from runtime.podman_spec import container_spec
from runtime.resources import Mount, Pod

REMOVALS = 6  # attempts at a container that is crashing meanwhile


def create(api: Api, pod: Pod) -> None:
    """Make a pod, whose volumes must be there: Podman would make a missing one, without our labels."""
    volumes = {mount.volume: volume_named(api, mount.volume) for mount in _mounts(pod) if mount.volume}
    read_only = frozenset(name for name, volume in volumes.items() if holds_files(volume))
    spec = container_spec(pod, binds(_mounts(pod), volumes), read_only)
    api.post("containers/create", {**spec, **_group_alone(api, spec)})


def start_or_remove(api: Api, pod: Pod) -> None:
    """Start a pod that was just made; one that can't start is removed, and who holds its port is named."""
    try:
        api.post(f"containers/{named(pod.name)}/start")
    except Refusal as refusal:
        remove(api, pod.name, 0)
        taken = port_taken(refusal.reason, pod, api.get("containers/json", all=True))
        raise replace(refusal, message=taken) if taken else refusal from refusal


def remove(api: Api, name: str, grace: int) -> None:
    """Stop and remove in one request; Podman kills what is paused, then lets it go.

    Podman 4.3 refuses when the container ends, or is restarted, at that very moment.
    """
    query = {"force": True, "volumes": True, "timeout": grace}
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


def _group_alone(api: Api, spec: Mapping[str, Any]) -> dict[str, str]:
    """Return the whole user where only a group was asked for; Podman takes no `:GROUP`."""
    user = spec.get("user", "")
    if not user.startswith(":"):
        return {}
    config = api.get(f"images/{named(spec['image'])}/json").get("Config") or {}
    return {"user": f"{(config.get('User') or '0').partition(':')[0]}{user}"}


def _mounts(pod: Pod) -> tuple[Mount, ...]:
    return tuple(mount for container in pod.containers for mount in container.mounts)
