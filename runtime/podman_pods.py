"""A pod's beginning and end in Podman: what must be there, what is cleared away when it can't start."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeVar

from runtime.engine import EngineError
from runtime.podman_api import CHANGE_SECONDS, Api, named
from runtime.podman_bridges import Bridges
from runtime.podman_errors import Refusal
from runtime.podman_leftovers import begin, make
from runtime.podman_places import binds
from runtime.podman_ports import port_taken
from runtime.podman_seen import holds_files
from runtime.podman_sharing import share
from runtime.podman_spec import HOME, container_spec, joins_later, pod_spec
from runtime.resources import Container, Pod, container_name

T = TypeVar("T")
CLOSED = "cgroup is not set"  # Podman 4.3, without systemd, forgets a pod's when the machine starts again
REMOVALS = 6  # attempts at a container that is crashing meanwhile
REFUSED_ONCE = ("state improper", "freeing pod ID lock")


def create(api: Api, pod: Pod) -> None:
    """Make a pod, whose volumes must be there: Podman would make a missing one, without our labels."""
    if not pod.grouped:
        _create_container(api, pod, pod.containers[0])
        return
    make(api, "pods/create", pod_spec(pod), container_name(pod.name, ""))
    try:
        _at_once(lambda container: _create_container(api, pod, container), pod.containers)
    except (EngineError, Refusal):
        remove(api, pod.name, 0)
        raise


def complete(api: Api, pod: Pod) -> None:
    """Make the containers that a pod of several lacks; they aren't started.

    A pod to which Podman adds nothing any more is made anew, as a whole.
    """
    there = {one["Name"] for one in _containers(api, pod.name)}
    try:
        for container in pod.containers:
            if container_name(pod.name, container.name) not in there:
                _create_container(api, pod, container)
    except Refusal as refusal:
        if CLOSED not in refusal.message:
            raise
        remove(api, pod.name, pod.grace)
        create(api, pod)


def start_or_remove(api: Api, pod: Pod, bridges: Bridges) -> None:
    """Start a pod that was just made; one that can't start is removed, and who holds its port is named."""
    try:
        share(api, pod)
        first, *others = _first_names(pod)
        bridges.start(first, [pod.network] if pod.network else [])
        for one in pod.guest if joins_later(pod) else ():
            bridges.join(pod.name, one.network, one.aliases)
        _at_once(lambda name: api.post(f"containers/{named(name)}/start"), others)
    except EngineError:
        remove(api, pod.name, 0)
        raise
    except Refusal as refusal:
        remove(api, pod.name, 0)
        taken = port_taken(refusal.reason, pod, api.get("containers/json", all=True))
        raise replace(refusal, message=taken) if taken else refusal from refusal


def start(api: Api, name: str, bridges: Bridges) -> None:
    """Start a container that is there, at first only in the network through which its ports lead, if any."""
    seen = api.get(f"containers/{named(name)}/json")
    networks = seen["NetworkSettings"]["Networks"] or {}
    home = _home(seen)
    visited = {} if seen["State"]["Running"] or home not in networks else {**networks}
    visited.pop(home, None)
    for network in visited:
        bridges.leave(name, network)
    begin(api, bridges, name, networks.keys() - visited.keys())
    for network, known in visited.items():
        given = [one for one in known.get("Aliases") or () if not seen["Id"].startswith(one)]
        bridges.join(name, network, given)


def restart(api: Api, name: str, grace: int, bridges: Bridges) -> None:
    """Stop a container, which is killed after ``grace`` seconds, and start it again."""
    time = {"seconds": grace + CHANGE_SECONDS, "timeout": grace}
    if _home(api.get(f"containers/{named(name)}/json")):
        api.post(f"containers/{named(name)}/stop", **time)
        start(api, name, bridges)
    else:
        api.post(f"containers/{named(name)}/restart", **time, t=grace)


def _home(seen: Mapping[str, Any]) -> str:
    """Return the network through which a container's ports lead, where it is a guest in others; else ""."""
    return str((seen["Config"].get("Annotations") or {}).get(HOME, ""))


def _at_once(act: Callable[[T], object], each: Sequence[T]) -> None:
    """Do something to each at the same time, as much of it is waiting; raises an error once all ended."""
    from concurrent.futures import ThreadPoolExecutor  # 10 ms, and no idle pass needs it

    with ThreadPoolExecutor(max(len(each), 1)) as pool:
        list(pool.map(act, each))


def _first_names(pod: Pod) -> tuple[str, ...]:
    """Return what starts with a pod, that which is in its network before all others."""
    first = pod.container_names[: len(pod.first)]
    return (container_name(pod.name, ""), *first) if pod.grouped else first


def remove(api: Api, name: str, grace: int, *, volumes: bool = True) -> None:
    """Stop and remove a container in one request, or, where there is none of that name, a pod.

    Podman kills what is paused, then lets it go.
    """
    try:
        _remove(api, f"containers/{named(name)}", grace, volumes=volumes)
    except Refusal as refusal:
        if not refusal.gone:
            raise
        _remove_group(api, name, grace, volumes=volumes)


def _remove_group(api: Api, name: str, grace: int, *, volumes: bool) -> None:
    """Remove a Podman pod, which always takes the anonymous volumes of its containers along."""
    if not volumes:
        for one in _containers(api, name):
            if not one["Name"].endswith("-infra"):
                _remove(api, f"containers/{one['Id']}", grace, volumes=False)
    _remove(api, f"pods/{named(name)}", grace, volumes=volumes)


def _containers(api: Api, pod: str) -> Sequence[Mapping[str, Any]]:
    return api.get(f"pods/{named(pod)}/json").get("Containers") or ()


def _remove(api: Api, path: str, grace: int, *, volumes: bool) -> None:
    """Podman 4.3 refuses when the container ends, or is restarted, at that very moment.

    It also does, once, where it had been killed in the middle of a pod's removal.
    """
    query = {"force": True, "volumes": volumes, "timeout": grace}
    for left in reversed(range(REMOVALS)):
        try:
            api.delete(path, seconds=grace + CHANGE_SECONDS, **query)
        except Refusal as refusal:
            if not left or not any(words in refusal.message for words in REFUSED_ONCE):
                raise
        else:
            return


def volume_named(api: Api, name: str) -> Any:
    """Return what Podman knows of a volume, and where it lies on this machine."""
    try:
        return api.get(f"volumes/{named(name)}/json")
    except Refusal as refusal:
        raise replace(refusal, message=f"there is no volume {name}") if refusal.gone else refusal from refusal


def _create_container(api: Api, pod: Pod, container: Container) -> None:
    mounts = container.mounts
    volumes = {mount.volume: volume_named(api, mount.volume) for mount in mounts if mount.volume}
    read_only = frozenset(name for name, volume in volumes.items() if holds_files(volume))
    spec = container_spec(pod, container, binds(mounts, volumes), read_only)
    make(api, "containers/create", {**spec, **_user(api, container)}, spec["name"])


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
