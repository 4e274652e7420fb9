"""Podman, as sloop's engine: every question and every change is one method here."""

import hashlib
import json
from collections.abc import Collection, Generator, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from typing import Any

from runtime.engine import EngineError, EngineUnreachable
from runtime.kernel_log import killed_for_memory
from runtime.lifetime import lifetime
from runtime.podman_api import CHANGE_SECONDS, Api, named
from runtime.podman_bridges import Bridges
from runtime.podman_copies import copies
from runtime.podman_errors import Refusal, asking_podman_to, unless_gone, unless_said
from runtime.podman_files import add, digest_of_directory, read, write
from runtime.podman_http import Answer
from runtime.podman_key import kept_key
from runtime.podman_leftovers import CutOff, begin
from runtime.podman_pods import complete, create, remove, restart, start, start_or_remove, volume_named
from runtime.podman_pull import pull
from runtime.podman_resolver import Resolver
from runtime.podman_seen import (
    Content,
    exit_of,
    happening_of,
    holds_files,
    is_a_proxys,
    may_have_wanted_too_much,
    networks_of,
    pods_of,
    references_of,
    started,
    usage_of,
    volumes_of,
)
from runtime.podman_service import of_this_user
from runtime.podman_sharing import give
from runtime.podman_sizes import sizes
from runtime.podman_spec import network_spec, volume_spec
from runtime.resources import (
    Configuration,
    File,
    Files,
    Image,
    Network,
    Pod,
    Secret,
    Sharing,
    Volume,
    container_name,
    pod_of,
)
from runtime.routes import routes
from runtime.seen import UNKNOWN, Exit, Happening, Seen, SeenServer, Usage
from runtime.takeovers import as_owned_now

EVENTS = json.dumps({"type": ["container", "network", "volume"]})


class PodmanEngine:
    """The Podman of this machine, at ``url`` or where it usually is.  See ``runtime.engine.Engine``.

    Threads may share it.
    """

    def __init__(self, url: str | None = None) -> None:
        self._api = Api(of_this_user(url))
        self._bridges = Bridges(self._api)
        self._resolver = Resolver(self._api)
        self._cut_off = CutOff(self._api)

    @property
    def requests(self) -> int:
        """Return how often Podman was asked."""
        return self._api.requests

    @property
    def url(self) -> str:
        """Return the address that is used."""
        return self._api.address.url

    def key(self) -> bytes:
        """Return the secret that belongs to this Podman; it is made when there is none."""
        with asking_podman_to("read sloop's key"):
            return kept_key(self._api)

    def identity(self) -> str:
        """Return a short name of this engine, made from its key but not telling it."""
        return hashlib.sha256(b"sloop identity" + self.key()).hexdigest()[:12]

    def look(self) -> Seen:
        """Return all that is there, by four calls, and one more for each pod that a hand renamed.

        What went over to another source has that one's label.
        """
        with asking_podman_to("list what is there"):
            self._cut_off.clear()
            containers = self._api.get("containers/json", all=True, pod=True)
            self._resolver.note(containers)
            networks = self._api.get("networks/json")
            self._bridges.note(networks)
            volumes = self._api.get("volumes/json")
            kept = self._api.get("secrets/json")
            copied = copies(containers, self._annotations)
        found = Seen(
            pods=pods_of(containers, copied),
            networks=networks_of(networks, self._resolver.mute()),
            volumes=volumes_of(volumes, _contents(volumes)),
            secrets=tuple(secret["Spec"]["Name"] for secret in kept),
            routes=routes(),
        )
        return as_owned_now(found)

    def images(self) -> frozenset[str]:
        """Return every reference by which an image on this machine may be called."""
        with asking_podman_to("list the images"):
            return references_of(self._api.get("images/json"))

    def usage(self) -> Mapping[str, Usage]:
        """Return what every container that runs has used, by its id, by one call."""
        with asking_podman_to("measure what runs"):
            said = self._api.get("containers/stats", stream=False)
            return usage_of(said)

    def sizes(self, volumes: Collection[str]) -> Mapping[str, int]:
        """Return how many bytes of the disk volumes take, by name, by one call."""
        with asking_podman_to("find the volumes that have a limit"):
            there = self._api.get("volumes/json")
        return sizes({one["Name"]: one["Mountpoint"] for one in there if one["Name"] in volumes})

    def exit_of(self, name: str) -> Exit:
        """Return how a stopped pod came to its end; of one that is gone meanwhile, nothing is known."""
        with asking_podman_to(f"inspect the container {name}"):
            try:
                inspected = self._api.get(f"containers/{named(name)}/json")
            except Refusal as refusal:
                if not refusal.gone:
                    raise
                return UNKNOWN
        told = exit_of(inspected)
        if may_have_wanted_too_much(inspected):
            return replace(told, out_of_memory=killed_for_memory(inspected["Id"], started(inspected)))
        return told

    def pull(self, image: Image) -> str:
        """Bring an image here; return a notice where an older local one has to serve."""
        with asking_podman_to(f"pull the image {image.reference}"):
            return pull(self._api, image)

    def create_network(self, network: Network) -> None:
        """Make a network in ``network.subnet``, or where Podman likes if that is empty."""
        with asking_podman_to(f"create the network {network.name}"):
            made = self._api.post("networks/create", network_spec(network))
            self._bridges.note([json.loads(made)])

    def mute(self) -> frozenset[str]:
        """Return the networks in which somebody is, and whose names nobody answers; Podman isn't asked."""
        return self._resolver.mute()

    def revive_network(self, name: str) -> None:
        """Let names be answered again; what answers them serves all networks."""
        with asking_podman_to(f"revive the network {name}"):
            self._resolver.revive(name)

    def create_volume(self, volume: Volume) -> None:
        """Make an empty volume."""
        with asking_podman_to(f"create the volume {volume.name}"):
            self._api.post("volumes/create", volume_spec(volume.name, volume.labels, volume.tmpfs))

    def write_files(self, files: Files) -> None:
        """Make a read-only volume's content what it should be; the volume is made if it isn't there."""
        with asking_podman_to(f"write the volume {files.name}"):
            volume = self._volume(files.name, files.labels)
        if not holds_files(volume):
            raise EngineError(f"cannot write the volume {files.name}: it isn't one that sloop fills")
        if files.group:  # what is written into a directory of the group's is its own
            give([volume["Mountpoint"]], Sharing(files.group, always=False))
        write(volume["Mountpoint"], files.files)

    def build(self, reference: str) -> None:
        """Make the proxy's image under this name, of the HAProxy that is installed on this machine."""
        from runtime.proxy_image import CHANGES, archive  # no idle pass needs it

        made = archive()
        with asking_podman_to(f"build the image {reference}"):
            self._api.post("images/import", made, reference=reference, changes=list(CHANGES))

    def configure(self, configuration: Configuration) -> None:
        """Tell a proxy its configuration; one that runs checks it first, and loses no connection."""
        from runtime.podman_proxy import configure  # it needs what runs commands, which costs 40 ms

        with asking_podman_to(f"configure the proxy {configuration.name}"):
            volume = self._volume(configuration.name, configuration.labels)
            if not is_a_proxys(volume):
                raise EngineError(
                    f"cannot configure the proxy {configuration.name}: its volume isn't a proxy's"
                )
            configure(self._api, configuration, volume)

    def servers(self, name: str) -> tuple[SeenServer, ...]:
        """Return what a proxy that runs knows of its servers."""
        from runtime.podman_proxy import home_of
        from runtime.proxy_socket import servers

        with asking_podman_to(f"find the volume of the proxy {name}"):
            volume = volume_named(self._api, name)
        return servers(home_of(volume))

    def files_of(self, volume: str) -> tuple[File, ...]:
        """Return the files of a volume; none where it isn't there."""
        with asking_podman_to(f"find the volume {volume}"):
            try:
                found = volume_named(self._api, volume)
            except Refusal as refusal:
                if not refusal.gone:
                    raise
                return ()
        return read(found["Mountpoint"])

    def write_file(self, volume: str, file: File) -> None:
        """Write one file of a volume that is there, as a whole, and leave its others alone."""
        with asking_podman_to(f"find the volume {volume}"):
            found = volume_named(self._api, volume)
        add(found["Mountpoint"], file)

    def create_secret(self, secret: Secret) -> None:
        """Keep a secret.  Podman takes no empty one."""
        with asking_podman_to(f"create the secret {secret.name}"):
            self._api.post("secrets/create", secret.value.value, name=secret.name)

    def create_pod(self, pod: Pod) -> None:
        """Make a pod and start it; one that can't start is removed again."""
        with asking_podman_to(f"create the pod {pod.name}"), self._cut_off.noting(pod):
            create(self._api, pod)
        with asking_podman_to(f"start the pod {pod.name}"):
            start_or_remove(self._api, pod, self._bridges)

    def complete_pod(self, pod: Pod) -> None:
        """Make the containers that a pod of several lacks; they aren't started."""
        with asking_podman_to(f"complete the pod {pod.name}"):
            complete(self._api, pod)

    def start_pod(self, name: str) -> None:
        """Start a pod that is there; one that runs already is left alone."""
        with asking_podman_to(f"start the pod {name}"):
            pod = pod_of(name)
            if pod:  # it has the network of its pod's infra container
                begin(self._api, self._bridges, container_name(pod, ""))
                begin(self._api, self._bridges, name, [])
            else:
                start(self._api, name, self._bridges)

    def stop_pod(self, name: str, grace: int) -> None:
        """Ask a pod to stop, and kill it after ``grace`` seconds; nothing starts it again by itself."""
        with asking_podman_to(f"stop the pod {name}"):
            self._api.post(f"containers/{named(name)}/stop", seconds=grace + CHANGE_SECONDS, timeout=grace)

    def process_of(self, name: str) -> int:
        """Return the process of a pod on this machine, 0 for none."""
        with asking_podman_to(f"inspect the container {name}"):
            return int(self._api.get(f"containers/{named(name)}/json")["State"]["Pid"])

    def lifetime(self, process: int) -> float:
        """Return for how many seconds a pod's process has lived; the kernel knows before Podman does."""
        return lifetime(process)

    def restart_pod(self, name: str, grace: int) -> None:
        """Stop a pod as ``remove_pod`` does, and start it again."""
        with asking_podman_to(f"restart the pod {name}"):
            restart(self._api, name, grace, self._bridges)

    def run_in(self, name: str, command: Sequence[str], timeout: float) -> int:
        """Run a command in a pod and return its exit code; TimeoutError after ``timeout`` seconds."""
        from runtime.podman_exec import run_in  # what it imports costs 40 ms

        return run_in(self._api, name, command, timeout)

    def unpause_pod(self, name: str) -> None:
        """Let a paused pod go on."""
        with asking_podman_to(f"unpause the pod {name}"), unless_said("is not paused"):
            self._api.post(f"containers/{named(name)}/unpause")

    def rename_pod(self, current: str, name: str) -> None:
        """Give a pod its name back."""
        with asking_podman_to(f"rename the pod {current} to {name}"):
            self._api.post(f"containers/{named(current)}/rename", name=name)

    def connect_pod(self, name: str, network: str, aliases: tuple[str, ...], address: str = "") -> None:
        """Put a pod into a network, at its ``address`` or, for "", anywhere."""
        with (
            asking_podman_to(f"connect the pod {name} to the network {network}"),
            unless_said("already connected"),
        ):
            self._bridges.join(name, network, aliases, address)

    def disconnect_pod(self, name: str, network: str) -> None:
        """Take a pod out of a network."""
        with (
            asking_podman_to(f"disconnect the pod {name} from the network {network}"),
            unless_said("is not connected"),
            unless_gone(),
        ):
            self._bridges.leave(name, network)

    def remove_pod(self, name: str, grace: int, *, volumes: bool = True) -> None:
        """Ask a pod to stop, kill it after ``grace`` seconds, remove it and, if asked, its own volumes."""
        with asking_podman_to(f"remove the pod {name}"), unless_gone():
            remove(self._api, name, grace, volumes=volumes)

    def remove_network(self, name: str) -> None:
        """Remove a network that nobody uses."""
        with asking_podman_to(f"remove the network {name}"), unless_gone():
            self._api.delete(f"networks/{named(name)}")

    def remove_volume(self, name: str) -> None:
        """Remove a volume and all that is in it."""
        with asking_podman_to(f"remove the volume {name}"), unless_gone():
            self._api.delete(f"volumes/{named(name)}")

    def remove_secret(self, name: str) -> None:
        """Forget a secret."""
        with asking_podman_to(f"remove the secret {name}"), unless_gone():
            self._api.delete(f"secrets/{named(name)}")

    def logs(
        self, name: str, *, follow: bool = False, tail: int | None = None
    ) -> Generator[bytes, None, None]:
        """Yield a pod's output as it comes, lines or parts of them."""
        query = {"stdout": True, "stderr": True, "follow": follow, **({} if tail is None else {"tail": tail})}
        with (
            asking_podman_to(f"read the logs of the pod {name}"),
            self._api.stream(f"containers/{named(name)}/logs", **query) as answer,
        ):
            yield from answer.frames()

    @contextmanager
    def happenings(self) -> Iterator[Iterator[Happening]]:
        """Listen; the iterator ends when the context is left, be it from another thread.

        It raises EngineUnreachable when Podman goes away.
        """
        with ExitStack() as stack:
            with asking_podman_to("listen to what happens"):
                answer = stack.enter_context(self._api.stream("events", stream=True, filters=EVENTS))
            yield _told(answer)

    def _annotations(self, container: str) -> Mapping[str, str]:
        try:
            return self._api.get(f"containers/{container}/json")["Config"].get("Annotations") or {}
        except Refusal as refusal:
            if not refusal.gone:
                raise
            return {}

    def _volume(self, name: str, labels: Mapping[str, str]) -> Any:
        """Return a volume of ours, made if it isn't there."""
        try:
            return volume_named(self._api, name)
        except Refusal as refusal:
            if not refusal.gone:
                raise
            return self._create_volume(name, labels)

    def _create_volume(self, name: str, labels: Mapping[str, str]) -> Any:
        return json.loads(self._api.post("volumes/create", volume_spec(name, labels)))


def _contents(volumes: Sequence[Mapping[str, Any]]) -> dict[str, Content]:
    files = {
        one["Name"]: (digest_of_directory(one["Mountpoint"]), "", 0.0) for one in volumes if holds_files(one)
    }
    proxies = [one for one in volumes if is_a_proxys(one)]
    if not proxies:
        return files
    from runtime.podman_proxy import content_of

    return files | {one["Name"]: content_of(one) for one in proxies}


def _told(answer: Answer) -> Iterator[Happening]:
    with asking_podman_to("listen to what happens"):
        for line in answer.lines():
            if happening := happening_of(json.loads(line)):
                yield happening
    if not answer.closed:
        raise EngineUnreachable("cannot listen to what happens any more: Podman ended the connection")
