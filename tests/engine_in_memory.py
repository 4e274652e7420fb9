"""An engine for pure tests, in dictionaries; the contract suite holds it to Podman's ways."""

import hashlib
import itertools
import queue
import secrets
import threading
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from ipaddress import ip_network

from runtime.engine import EngineError, Gone, ImageMissing, NameTaken
from runtime.grouping import ENDED, Listed, pods_of
from runtime.proxies import MAIN, members
from runtime.resources import (
    Configuration,
    File,
    Files,
    Image,
    Label,
    Mount,
    Network,
    Pod,
    Role,
    Secret,
    Volume,
    container_name,
)
from runtime.seen import UNKNOWN, Exit, Happening, Seen, SeenNetwork, SeenPod, SeenServer, SeenVolume, Usage
from runtime.takeovers import as_owned_now

Call = tuple[str, str]  # a method and the name it was called with


class EngineInMemory:
    """All that an Engine is, and hands to meddle with it.

    ``fail`` is called with the method and the name before each call that changes something, and
    may raise.  ``calls`` lists those calls, ``graces`` the seconds that stopped pods were given, and
    ``aliases`` the names of pods in networks that they were put into.  ``registry`` holds what can be
    pulled, ``said`` the pods' output; ``silent`` are the images of pods that no proxy finds up.  ``runs``
    gives the exit code of a command in a pod.  ``clock`` says when something starts or ends; left alone, each
    of these takes a second.  ``load`` says how many cores a pod uses, ``memory`` how many bytes.
    """

    def __init__(
        self, images: Collection[str] = ("localhost/sloop/busybox:1", "localhost/sloop/busybox:2")
    ) -> None:
        self.local = set(images)
        self.registry: set[str] = set()
        self.said: dict[str, list[bytes]] = {}
        self.silent: set[str] = set()
        self._identity = secrets.token_hex(6)  # its lock is its own, whatever else is tested on this machine
        self.requests = 0
        self.calls: list[Call] = []
        self.graces: dict[str, int] = {}
        self.aliases: dict[tuple[str, str], tuple[str, ...]] = {}
        self.fail: Callable[[str, str], object] = lambda *call: call
        self.runs: Callable[[str, tuple[str, ...], float], int] = lambda *_: 0
        self.tells_age = True
        self.load: Callable[[str], float] = lambda _: 0.0
        self.memory: Callable[[str], int] = lambda _: 2**20
        self.weights: dict[str, int] = {}  # what programs have written into volumes, in bytes
        self._used: dict[str, Usage] = {}  # by id
        self.clock: Callable[[], float] = map(float, itertools.count(1)).__next__
        self._ids = itertools.count(1)
        self._lock = threading.RLock()
        self._pods: dict[str, SeenPod] = {}
        self._specs: dict[str, Pod] = {}  # by id
        self._groups: dict[str, str] = {}  # the pods of several, by the names of their containers
        self._exits: dict[str, Exit] = {}  # by id
        self._networks: dict[str, SeenNetwork] = {}
        self._volumes: dict[str, SeenVolume] = {}
        self._written: dict[str, dict[str, File]] = {}  # by volume and path
        self._secrets: dict[str, bytes] = {}
        self._hushed = False
        self._listeners: list[queue.SimpleQueue[Happening | None]] = []

    # What an engine is asked

    def key(self) -> bytes:
        self.requests += 1
        return b"the key of tests"

    def identity(self) -> str:
        return self._identity

    def look(self) -> Seen:
        with self._lock:
            self.requests += 4
            found = Seen(
                pods=pods_of(map(self._listed, self._pods.values())),
                networks=tuple(
                    replace(one, mute=name in self.mute()) for name, one in self._networks.items()
                ),
                volumes=tuple(self._volumes.values()),
                secrets=tuple(self._secrets),
            )
            return as_owned_now(found)

    def images(self) -> frozenset[str]:
        self.requests += 1
        short = {name.removeprefix("localhost/") for name in self.local}
        return frozenset(self.local | short)

    def usage(self) -> Mapping[str, Usage]:
        self.requests += 1
        now, running = self.clock(), [pod for pod in self._pods.values() if pod.state == "running"]
        for pod in running:
            before = self._used.get(pod.id, Usage(pod.started, 0.0, 0))
            spent = before.cpu + max(now - before.at, 0.0) * self.load(pod.name)
            self._used[pod.id] = Usage(now, spent, self.memory(pod.name))
        return {pod.id: self._used[pod.id] for pod in running}

    def exit_of(self, name: str) -> Exit:
        self.requests += 1
        if name not in self._pods:
            return UNKNOWN
        id_ = self._pod(name).id
        return replace(self._exits.get(id_, UNKNOWN), alone=_is_left_alone(self._specs[id_], name))

    def pull(self, image: Image) -> str:
        with self._changing("pull", image.reference):
            here = image.reference in self.images()
            if here and image.policy != "Always":
                return ""
            if image.policy != "Never" and image.reference in self.registry:
                self.local.add(image.reference)
                return ""
            if here and image.policy == "Always":
                return f"the image {image.reference} could not be pulled: the one on this machine is used"
            raise ImageMissing(f"cannot pull the image {image.reference}: no such image")

    # What an engine is told

    def create_network(self, network: Network) -> None:
        with self._changing("create_network", network.name):
            _refuse_taken(network.name, self._networks)
            for other in self._networks.values():
                if any(_overlap(network.subnet, subnet) for subnet in other.subnets):
                    raise EngineError(f"cannot create the network {network.name}: {network.subnet} is taken")
            subnets = (network.subnet,) if network.subnet else ()
            self._networks[network.name] = SeenNetwork(network.name, network.labels, subnets)

    def mute(self) -> frozenset[str]:
        running = [pod for pod in self._pods.values() if pod.state == "running"]
        return frozenset(name for pod in running for name in pod.networks) if self._hushed else frozenset()

    def revive_network(self, name: str) -> None:
        with self._changing("revive_network", name):
            self._hushed = False

    def create_volume(self, volume: Volume) -> None:
        with self._changing("create_volume", volume.name):
            _refuse_taken(volume.name, self._volumes)
            self._volumes[volume.name] = SeenVolume(volume.name, volume.labels)
            self._tell("create", volume.name)

    def write_files(self, files: Files) -> None:
        with self._changing("write_files", files.name):
            there = self._volumes.get(files.name, SeenVolume(files.name, files.labels))
            if there.labels.get(Label.KIND) != "files":
                raise EngineError(f"cannot write the volume {files.name}: it isn't one that sloop fills")
            self._volumes[files.name] = replace(there, content=files.content)

    def files_of(self, volume: str) -> tuple[File, ...]:
        return tuple(sorted(self._written.get(volume, {}).values(), key=lambda file: file.path))

    def sizes(self, volumes: Collection[str]) -> Mapping[str, int]:
        self.requests += 1
        files = {name: self._written.get(name, {}).values() for name in self._volumes if name in volumes}
        return {
            name: self.weights.get(name, 0) + sum(len(one.content) for one in written)
            for name, written in files.items()
        }

    def write_file(self, volume: str, file: File) -> None:
        with self._changing("write_file", volume):
            if volume not in self._volumes:
                raise EngineError(f"cannot find the volume {volume}: no such volume")
            self._written.setdefault(volume, {})[file.path] = file

    def build(self, reference: str) -> None:
        with self._changing("build", reference):
            self.local.add(reference)

    def configure(self, configuration: Configuration) -> None:
        with self._changing("configure", configuration.name):
            there = self._volumes.get(
                configuration.name, SeenVolume(configuration.name, configuration.labels)
            )
            if there.labels.get(Label.KIND) != "proxy":
                raise EngineError(
                    f"cannot configure the proxy {configuration.name}: its volume isn't a proxy's"
                )
            (main,) = (file for file in configuration.files if file.path == MAIN)
            note = main.content.decode().partition("\n")[0].removeprefix("# ")
            self._volumes[configuration.name] = replace(
                there, content=configuration.content, note=note, told=self.clock()
            )

    def servers(self, name: str) -> tuple[SeenServer, ...]:
        self.requests += 2
        if self._pod(name).state != "running":
            raise EngineError(f"the proxy {name} doesn't answer: it does not run")
        return tuple(
            SeenServer("port", one, "UP" if self._answers(one) else "DOWN")
            for one in members(self._volumes[name].note)
        )

    def create_secret(self, secret: Secret) -> None:
        with self._changing("create_secret", secret.name):
            _refuse_taken(secret.name, self._secrets)
            if not secret.value.value:
                raise EngineError(f"cannot create the secret {secret.name}: it is empty")
            self._secrets[secret.name] = secret.value.value

    def create_pod(self, pod: Pod) -> None:
        with self._changing("create_pod", pod.name):
            _refuse_taken(pod.name, {*self._pods, *self._groups.values()})
            self._refuse_missing(pod)
            self._refuse_ports(pod)
            if pod.grouped:
                self._make(container_name(pod.name, ""), replace(pod, containers=()), pod.labels)
            self._complete(pod)
            for name in pod.container_names[: len(pod.first)]:
                self._start(name)

    def complete_pod(self, pod: Pod) -> None:
        with self._changing("complete_pod", pod.name):
            self._refuse_missing(pod)
            self._complete(pod)

    def start_pod(self, name: str) -> None:
        with self._changing("start_pod", name):
            self._start(name)

    def stop_pod(self, name: str, grace: int) -> None:
        with self._changing("stop_pod", name):
            self.graces[name] = grace
            if self._pod(name).state == "running":
                self._end(name, 143)

    def process_of(self, name: str) -> int:
        self.requests += 1
        return self._pod(name).pid

    def lifetime(self, process: int) -> float:
        alive = [pod for pod in self._pods.values() if process and pod.pid == process]
        return self.clock() - alive[0].started if alive and self.tells_age else 0.0

    def restart_pod(self, name: str, grace: int) -> None:
        with self._changing("restart_pod", name):
            pod = self._pod(name)
            if pod.state == "paused":
                raise EngineError(f"cannot restart the pod {name}: it is paused")
            self.graces[name] = grace
            self._run(pod)

    def run_in(self, name: str, command: Sequence[str], timeout: float) -> int:
        self.requests += 1
        if self._pod(name).state != "running":
            raise EngineError(f"cannot run a command in the pod {name}: it does not run")
        return self.runs(name, tuple(command), timeout)

    def unpause_pod(self, name: str) -> None:
        with self._changing("unpause_pod", name):
            pod = self._pod(name)
            if pod.state == "paused":
                self._pods[name] = replace(pod, state="running")
                self._tell("unpause", name)

    def rename_pod(self, current: str, name: str) -> None:
        with self._changing("rename_pod", current):
            self.rename(current, name)

    def connect_pod(self, name: str, network: str, aliases: tuple[str, ...], address: str = "") -> None:
        del address  # nobody has one here
        with self._changing("connect_pod", name):
            pod = self._pod(name)
            if network not in self._networks:
                raise EngineError(f"cannot connect the pod {name}: no network {network}")
            self._pods[name] = replace(pod, networks=tuple(sorted({*pod.networks, network})))
            self.aliases[name, network] = aliases
            self._tell("connect", name)

    def disconnect_pod(self, name: str, network: str) -> None:
        with self._changing("disconnect_pod", name):
            if name in self._pods:
                self.disconnect(name, network)

    def remove_pod(self, name: str, grace: int, *, volumes: bool = True) -> None:
        del volumes  # it keeps none
        with self._changing("remove_pod", name):
            if name in {*self._pods, *self._groups.values()}:
                self.graces[name] = grace
                self.remove(name)

    def remove_network(self, name: str) -> None:
        with self._changing("remove_network", name):
            if any(name in pod.networks for pod in self._pods.values()):
                raise EngineError(f"cannot remove the network {name}: it is in use")
            self._networks.pop(name, None)

    def remove_volume(self, name: str) -> None:
        with self._changing("remove_volume", name):
            users = [pod.name for pod in self._pods.values() if name in _whole_volumes(self._specs[pod.id])]
            if users:
                raise EngineError(f"cannot remove the volume {name}: {users[0]} uses it")
            self._written.pop(name, None)
            self.weights.pop(name, None)
            if self._volumes.pop(name, None):
                self._tell("remove", name)

    def remove_secret(self, name: str) -> None:
        with self._changing("remove_secret", name):
            self._secrets.pop(name, None)

    def logs(self, name: str, *, follow: bool = False, tail: int | None = None) -> Iterator[bytes]:
        self.requests += 1
        self._pod(name)
        del follow  # nothing comes later
        lines = self.said.get(name, [])
        yield from lines if tail is None else lines[len(lines) - tail :]

    @contextmanager
    def happenings(self) -> Iterator[Iterator[Happening]]:
        self.requests += 1
        heard: queue.SimpleQueue[Happening | None] = queue.SimpleQueue()
        self._listeners.append(heard)
        try:
            yield iter(heard.get, None)
        finally:
            self._listeners.remove(heard)
            heard.put(None)

    # Hands that meddle

    def stop(self, name: str) -> None:
        """Stop a pod as `podman stop` and `podman pod stop` do."""
        for one in self._all(name):
            if self._pods[one].state == "running":
                self._end(one, 143)

    def stop_group(self, name: str) -> None:
        """Stop all the containers of a pod, as `podman pod stop` does."""
        self.stop(name)

    def kill(
        self, name: str, exit_code: int = 137, *, restarts: int = 0, out_of_memory: bool = False
    ) -> None:
        """Let a pod's process end, after Podman's own restarts."""
        self._end(name, exit_code)
        self._exits[self._pods[name].id] = Exit(restarts, out_of_memory, "")

    def hush(self) -> None:
        """Let nobody answer names any more, until a container starts."""
        self._hushed = True

    def pause(self, name: str) -> None:
        """Pause a running pod."""
        for one in self._all(name):
            if self._pods[one].state == "running":
                self._pods[one] = replace(self._pods[one], state="paused")
                self._tell("pause", one)

    def remove(self, name: str) -> None:
        """Remove a pod with its anonymous volumes, whatever it does."""
        with self._lock:
            for one in self._all(name):
                pod = self._pods.pop(one)
                self._groups.pop(one, None)
                for volume in _anonymous(pod.id, self._specs.pop(pod.id)):
                    self._volumes.pop(volume, None)
                self._tell("remove", one, pod)

    def containers(self) -> list[str]:
        """Return the names of all containers, infra containers too."""
        return list(self._pods)

    def prune(self) -> None:
        """Remove what doesn't run, as `podman container prune` does."""
        for name in [name for name, pod in self._pods.items() if pod.state in ENDED]:
            self.remove(name)

    def rename(self, current: str, name: str) -> None:
        """Call a pod otherwise."""
        with self._lock:
            pod = self._pod(current)
            _refuse_taken(name, self._pods)
            self._pods[name] = replace(self._pods.pop(current), name=name)
            if current in self._groups:
                self._groups[name] = self._groups.pop(current)
            self._tell("rename", name, pod)

    def disconnect(self, name: str, network: str) -> None:
        """Take a pod out of a network."""
        name = self._all(name)[-1]
        pod = self._pods[name]
        self._pods[name] = replace(pod, networks=tuple(one for one in pod.networks if one != network))
        self._tell("disconnect", name)

    # What is inside

    @contextmanager
    def _changing(self, method: str, name: str) -> Iterator[None]:
        with self._lock:
            self.requests += 1
            self.calls.append((method, name))
            self.fail(method, name)
            yield

    def _pod(self, name: str) -> SeenPod:
        try:
            return self._pods[name]
        except KeyError:
            raise Gone(f"cannot find the pod {name}: there is none of that name") from None

    def _answers(self, name: str) -> bool:
        pod = self._pods.get(name)
        return pod is not None and pod.state == "running" and pod.image not in self.silent

    def _listed(self, row: SeenPod) -> Listed:
        pod = self._groups.get(row.name, "")
        return Listed(
            row, pod, f"pod {pod}" if pod else "", infra=bool(pod) and Label.CONTAINER not in row.labels
        )

    def _all(self, name: str) -> list[str]:
        """Return a container's name, or those of all the containers of a pod, its infra container last."""
        if name in self._pods:
            return [name]
        return sorted(
            (one for one, pod in self._groups.items() if pod == name), key=lambda one: one.endswith("_")
        )

    def _complete(self, pod: Pod) -> None:
        for name, container in zip(pod.container_names, pod.containers, strict=True):
            own = {Label.CONTAINER: container.name} if pod.grouped else {}
            if name not in self._pods:
                spec = replace(pod, containers=(container,), ports=() if pod.grouped else pod.ports)
                self._make(name, spec, {**pod.labels, **own})

    def _make(self, name: str, spec: Pod, labels: Mapping[str, str]) -> None:
        image = spec.containers[0].image if spec.containers else "localhost/podman-pause"
        made = SeenPod(
            id=f"{next(self._ids):064x}",
            name=name,
            labels=labels,
            state="created",
            image=image,
            image_id=hashlib.sha256(image.encode()).hexdigest(),
            networks=_networks(spec) if name in (spec.name, container_name(spec.name, "")) else (),
            created=self.clock(),
        )
        self._volumes |= {volume: SeenVolume(volume, {}) for volume in _anonymous(made.id, spec)}
        self._specs[made.id] = spec
        self._pods[name] = made
        if spec.name != name:
            self._groups[name] = spec.name
        self._tell("create", name)

    def _start(self, name: str) -> None:
        pod = self._pod(name)
        if pod.state == "paused":
            raise EngineError(f"cannot start the pod {name}: it is paused")
        if name in self._groups and not name.endswith("_"):
            self._start(container_name(self._groups[name], ""))
        if pod.state != "running":
            self._refuse_ports(self._specs[pod.id])
            self._run(pod)

    def _run(self, pod: SeenPod) -> None:
        pid = 1_000_000 + next(self._ids)
        self._hushed = self._hushed and not pod.networks
        self._exits.pop(pod.id, None)
        self._pods[pod.name] = replace(pod, state="running", started=self.clock(), exit_code=0, pid=pid)
        self._tell("start", pod.name)

    def _end(self, name: str, exit_code: int) -> None:
        pod = self._pods[name]
        self._pods[name] = replace(pod, state="exited", ended=self.clock(), exit_code=exit_code, pid=0)
        self._tell("died", name)

    def _refuse_missing(self, pod: Pod) -> None:
        for container in pod.containers:
            if container.image not in self.images():
                raise ImageMissing(f"cannot create the pod {pod.name}: no image {container.image}")
        missing = {*_networks(pod)} - self._networks.keys()
        missing |= {mount.volume for mount in _mounts(pod) if mount.volume} - self._volumes.keys()
        missing |= _secrets(pod) - self._secrets.keys()
        if missing:
            raise EngineError(f"cannot create the pod {pod.name}: no {sorted(missing)[0]}")

    def _refuse_ports(self, pod: Pod) -> None:
        wanted = {(port.host, port.protocol) for port in pod.ports}
        for other in self._pods.values():
            held = {(port.host, port.protocol) for port in self._specs[other.id].ports}
            if other.name != pod.name and other.state in {"running", "paused"} and wanted & held:
                number = min(wanted & held)[0]
                raise EngineError(
                    f"cannot start the pod {pod.name}: port {number} is taken by the container {other.name}"
                )

    def _tell(self, action: str, name: str, pod: SeenPod | None = None) -> None:
        labels = pod or self._pods.get(name) or self._volumes.get(name)
        for heard in self._listeners:
            heard.put(Happening(action, name, labels.labels if labels else {}))


def _networks(pod: Pod) -> tuple[str, ...]:
    return tuple(sorted({pod.network, *(one.network for one in pod.guest)} - {""}))


def _refuse_taken(name: str, names: Collection[str]) -> None:
    if name in names:
        raise NameTaken(f"cannot create {name}: the name is already in use")


def _overlap(one: str, other: str) -> bool:
    return bool(one and other) and ip_network(one).overlaps(ip_network(other))


def _mounts(pod: Pod) -> tuple[Mount, ...]:
    return tuple(mount for container in pod.containers for mount in container.mounts)


def _is_left_alone(pod: Pod, name: str) -> bool:
    """Say whether Podman would never restart a container of a pod: not so a sidecar."""
    named = dict(zip(pod.container_names, pod.containers, strict=True))
    sidecar = name in named and named[name].role is Role.SIDECAR
    return pod.restart == "Never" and not sidecar


def _whole_volumes(pod: Pod) -> set[str]:
    """Return the volumes that keep from being removed; a path inside of one is bound without it."""
    return {mount.volume for mount in _mounts(pod) if mount.volume and not mount.sub_path}


def _anonymous(container: str, pod: Pod) -> tuple[str, ...]:
    return tuple(f"{container}{at}" for at, mount in enumerate(_mounts(pod)) if mount.volume == "")


def _secrets(pod: Pod) -> set[str]:
    variables = {name for one in pod.containers for _, name in one.secret_env}
    return variables | {file.secret for one in pod.containers for file in one.secret_files}
