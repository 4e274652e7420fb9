"""What Podman is asked to hold: plain values, the labels that say whose they are, and their digests."""

import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import field
from enum import StrEnum
from typing import Any

from runtime.dataclass import dataclass

DIGEST_VERSION = "1"


class Label:
    """The labels by which sloop knows what is its own."""

    SOURCE = "sloop/source"  # the id of the git source that wants it
    OWNER = "sloop/owner"  # Kind/namespace/name of the object that wants it
    POD = "sloop/pod"  # the name that sloop gave; a hand may rename the container
    DIGEST = "sloop/digest"  # of what the user asked for
    REVISION = "sloop/revision"  # the short digest in the names of a Deployment's pods
    COMMIT = "sloop/commit"  # the commit that made it, for people and for a lost ledger
    BASE = "sloop/base"  # the commit of the revision that a StatefulSet's partition holds on to
    USES = "sloop/uses"  # names of the volumes and secrets it needs, separated by commas
    KIND = "sloop/kind"  # what a volume is for: claim (never removed), files, proxy, scratch, mark, takeover
    MARK = "sloop/mark"  # JSON; what a volume keeps of a Job beyond its pods
    NUMBER = "sloop/number"  # of several takeovers of one object the highest holds
    PROBES = "sloop/probes"  # JSON; so that pods of an older commit, too, can be probed
    HOOKS = "sloop/hooks"  # JSON; so that a pod of an older commit, too, is stopped as it should be
    NAMED = "sloop/named-ports"  # JSON: its ports by name, for Services that name them
    PORTS = "sloop/ports"  # the host ports it publishes, as 8080/tcp, separated by commas
    ADDRESS = "sloop/address"  # of a pod that was told its own: it keeps that from start to start
    LIMIT = "sloop/limit"  # of a volume that is a pod's scratch space: how much may be in it, as 64Mi
    GRACE = "sloop/grace"  # seconds between the request to stop and the kill
    CONTAINERS = "sloop/containers"  # of a pod of several, in the order of their starts, as init/a,main/b
    CONTAINER = "sloop/container"  # which of them it is; the infra container is none
    DEFAULT = "sloop/default-container"  # of a pod of several: the one that is meant where none is named
    RESTART = "sloop/restart"  # the restartPolicy of a pod of several


class Role(StrEnum):
    """What a container is in its pod."""

    INIT = "init"  # has to end well before the next one starts
    SIDECAR = "sidecar"  # has to have started before the next one does, and stops last
    MAIN = "main"


@dataclass(frozen=True, slots=True, order=True)
class Owner:
    """The object that wants a resource."""

    kind: str
    namespace: str
    name: str

    def __str__(self) -> str:
        return f"{self.kind}/{self.namespace}/{self.name}"

    @classmethod
    def parse(cls, text: str) -> "Owner":
        """Read what ``str`` wrote."""
        kind, namespace, name = text.split("/", 2)
        return cls(kind, namespace, name)


@dataclass(frozen=True, slots=True)
class Hidden:
    """A secret's value: no way of printing it shows it."""

    value: bytes = field(repr=False)

    def __str__(self) -> str:
        return "(hidden)"


NOTHING = Hidden(b"")


@dataclass(frozen=True, slots=True)
class Network:
    """A namespace's network: made once, never replaced.

    ``subnet`` is empty until the planner has chosen one.  Leases come from its lower half;
    the upper half is for the addresses of Services.
    """

    name: str
    labels: Mapping[str, str]
    subnet: str = ""

    @property
    def key(self) -> str:
        """Return how plans call it."""
        return f"network/{self.name}"


@dataclass(frozen=True, slots=True)
class Volume:
    """A volume that pods write to: a claim's (kept for ever), or one pod's scratch space.

    One in memory has ``tmpfs`` (bytes; 0 for no limit).
    """

    name: str
    labels: Mapping[str, str]
    tmpfs: int | None = None

    @property
    def key(self) -> str:
        """Return how plans call it."""
        return f"volume/{self.name}"


@dataclass(frozen=True, slots=True)
class File:
    """One file of a read-only volume; ``path`` is relative, ``mode`` as in chmod."""

    path: str
    content: bytes = field(repr=False)
    mode: int = 0o644


@dataclass(frozen=True, slots=True)
class Files:
    """A read-only volume whose name carries the digest of its content; ``group`` may read it."""

    name: str
    labels: Mapping[str, str]
    files: tuple[File, ...]
    group: int = 0

    @property
    def key(self) -> str:
        """Return how plans call it."""
        return f"files/{self.name}"

    @property
    def content(self) -> str:
        """Return the digest of all paths, modes and contents."""
        return digest_of_files(self.files)


@dataclass(frozen=True, slots=True)
class Configuration:
    """What a proxy is told: files in a volume of its own, pushed into the proxy while it runs (decision 9).

    ``name`` is the volume's and that of the proxy's pod.  One of the files is ``runtime.proxies.MAIN``; it
    begins with a note, which is ``SeenVolume.note`` at the next look: what its reconciler has to remember,
    with ``members``, the names of the pods to which it leads.  None of them stops before it has left.
    """

    name: str
    labels: Mapping[str, str]
    files: tuple[File, ...]
    members: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """Return how plans call it."""
        return f"configuration/{self.name}"

    @property
    def content(self) -> str:
        """Return the digest of all paths, modes and contents."""
        return digest_of_files(self.files)

    @property
    def note(self) -> str:
        """Return what ``SeenVolume.note`` will be."""
        first = next((file.content for file in self.files if file.path == "haproxy.cfg"), b"")
        return first.partition(b"\n")[0].decode().removeprefix("# ").strip()


@dataclass(frozen=True, slots=True)
class Secret:
    """A Podman secret.  Podman 4.3 keeps no labels on secrets, so the name says whose it is."""

    name: str
    value: Hidden

    @property
    def key(self) -> str:
        """Return how plans call it."""
        return f"secret/{self.name}"


@dataclass(frozen=True, slots=True)
class Image:
    """An image that has to be on the machine; ``policy`` is Kubernetes' imagePullPolicy.

    ``logins`` is JSON: user and password by registry, or nothing.  ``built`` tells why it is made here, of
    this machine's own HAProxy; "" for one that comes from a registry.
    """

    reference: str
    policy: str
    logins: Hidden = NOTHING
    built: str = ""

    @property
    def key(self) -> str:
        """Return how plans call it."""
        return f"image/{self.reference}"


@dataclass(frozen=True, slots=True)
class Mount:
    """A place in the container's file system.

    Exactly one of ``volume`` (a Podman volume), ``host`` (a path of the machine), ``image`` (its files) and
    ``tmpfs`` (bytes; 0 for no limit) is given; a volume named "" is one that the container takes along
    when it is removed.  ``host_type`` is Kubernetes' hostPath type: what must be there, or is made.
    ``sub_path`` is inside the volume, or below the path; ``propagation`` is "rslave", "rshared" or "".
    """

    target: str
    volume: str | None = None
    host: str | None = None
    tmpfs: int | None = None
    host_type: str = ""
    sub_path: str = ""
    read_only: bool = False
    propagation: str = ""
    image: str | None = None


@dataclass(frozen=True, slots=True)
class SecretFile:
    """A Podman secret that appears as a file in the container."""

    secret: str
    target: str
    mode: int = 0o644
    group: int = 0


@dataclass(frozen=True, slots=True)
class Port:
    """A port of the container that the machine publishes; ``address`` empty means all."""

    container: int
    host: int
    protocol: str = "tcp"
    address: str = ""


@dataclass(frozen=True, slots=True)
class Limits:
    """What a container may take: cores and bytes; None leaves it open."""

    cpu_limit: float | None = None
    cpu_request: float | None = None
    memory_limit: int | None = None
    memory_request: int | None = None


@dataclass(frozen=True, slots=True)
class Security:
    """Whose rights a container runs with; None and empty leave Podman's default.

    ``non_root`` demands that the user, the image's where none is given, isn't root.  ``seccomp`` and
    ``app_armor`` name a profile, or are "unconfined"; ``se_linux`` holds Podman's label options.
    """

    user: str = ""
    groups: tuple[str, ...] = ()
    privileged: bool = False
    read_only_root: bool = False
    no_new_privileges: bool = False
    add_capabilities: tuple[str, ...] = ()
    drop_capabilities: tuple[str, ...] = ()
    sysctls: tuple[tuple[str, str], ...] = ()
    non_root: bool = False
    seccomp: str = ""
    app_armor: str = ""
    se_linux: tuple[str, ...] = ()
    unmasked: bool = False


@dataclass(frozen=True, slots=True)
class Container:
    """One container of a pod.  ``entrypoint`` and ``command`` None leave the image's own."""

    name: str
    image: str
    entrypoint: tuple[str, ...] | None = None
    command: tuple[str, ...] | None = None
    working_dir: str = ""
    env: tuple[tuple[str, str], ...] = ()
    secret_env: tuple[tuple[str, str], ...] = ()
    mounts: tuple[Mount, ...] = ()
    secret_files: tuple[SecretFile, ...] = ()
    limits: Limits = Limits()
    security: Security = Security()
    stdin: bool = False
    tty: bool = False
    stop_signal: str = ""
    role: Role = Role.MAIN


@dataclass(frozen=True, slots=True)
class Names:
    """How a pod calls itself and others: host name, aliases in its network, extra hosts, DNS."""

    hostname: str = ""
    aliases: tuple[str, ...] = ()
    hosts: tuple[tuple[str, str], ...] = ()
    servers: tuple[str, ...] = ()
    searches: tuple[str, ...] = ()
    options: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Sharing:
    """The group to which a pod's own volumes belong before it starts.

    ``always`` goes through all of their files, else only where a volume's root isn't the group's yet.
    """

    group: int
    always: bool = True


@dataclass(frozen=True, slots=True)
class Guest:
    """Another network that a pod is in, and what it is called there."""

    network: str
    aliases: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Pod:
    """A pod that should run.

    ``name`` is Podman's, ``NAMESPACE.POD``.  ``restart`` is Kubernetes' restartPolicy, or "Podman": started
    again by Podman alone, without end.  ``grace`` is in seconds.  The pods in ``after`` must be gone before
    this one starts.  ``uses`` holds the keys of the volumes, files and secrets without which it can't start.
    ``network`` is "" for a pod in the machine's own; ``host`` names the other namespaces of the machine's
    that it is in: pid, ipc.  After ``deadline`` seconds its program is killed, and stays so; 0 is never.
    ``address`` is its own in ``network``, "" for any; ``guest`` are the networks that it is in besides.
    ``containers`` are in the order of their starts; they see each other's processes where
    ``shares_processes``.  ``memory`` names the volumes in memory, which are lost when nobody mounts them.
    """

    name: str
    owner: Owner
    labels: Mapping[str, str]
    digest: str
    network: str
    containers: tuple[Container, ...]
    names: Names = Names()
    ports: tuple[Port, ...] = ()
    restart: str = "Always"
    grace: int = 30
    uses: tuple[str, ...] = ()
    after: tuple[str, ...] = ()
    sharing: Sharing | None = None
    host: tuple[str, ...] = ()
    deadline: int = 0
    address: str = ""
    guest: tuple[Guest, ...] = ()
    shares_processes: bool = False
    memory: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """Return how plans call it."""
        return f"pod/{self.name}"

    @property
    def images(self) -> frozenset[str]:
        """Return the references of the images that have to be there: what its containers run, and mount."""
        mounted = (mount.image for one in self.containers for mount in one.mounts)
        return frozenset([*(one.image for one in self.containers), *filter(None, mounted)])

    @property
    def grouped(self) -> bool:
        """Say whether its containers share an infra container; a plain one stands alone."""
        return len(self.containers) > 1 or self.shares_processes

    @property
    def container_names(self) -> tuple[str, ...]:
        """Return the engine's names of its containers."""
        if not self.grouped:
            return (self.name,)
        return tuple(container_name(self.name, one.name) for one in self.containers)

    @property
    def first(self) -> tuple[Container, ...]:
        """Return the containers that start with the pod: all, or the first that the others wait for."""
        return self.containers if self.containers[0].role is Role.MAIN else self.containers[:1]

    @property
    def own_aliases(self) -> tuple[str, ...]:
        """Return its names in its network; an infra container, named otherwise, bears the pod's as well."""
        return (self.name, *self.names.aliases) if self.grouped else self.names.aliases


Resource = Network | Volume | Files | Configuration | Secret | Image | Pod


def container_name(pod: str, part: str) -> str:
    """Return the engine's name of a container in a pod of several; of its infra container for "".

    No name of Kubernetes' has an underscore, so it is nobody else's.
    """
    return f"{pod}_{part}"


def pod_of(name: str) -> str:
    """Return the pod of several that has a container of this name, "" where that is no such."""
    pod, _, part = name.partition("_")
    return pod if part and not part.startswith("_") else ""


def digest(value: Any, key: bytes = b"") -> str:
    """Return the versioned digest of plain data (as JSON), under ``key`` where it holds secrets.

    Its encoding must never change without a new version: another digest restarts pods.
    """
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return f"{DIGEST_VERSION}:{_hash(text.encode(), key)}"


def digest_of_files(files: tuple[File, ...]) -> str:
    """Return one digest of files, whatever their order."""
    rows = sorted([file.path, file.mode, _hash(file.content)] for file in files)
    return digest(rows)


def short(digest: str) -> str:
    """Return the part of a digest that goes into names."""
    return digest.partition(":")[2][:10]


def _hash(content: bytes, key: bytes = b"") -> str:
    if key:
        return hmac.new(key, content, hashlib.sha256).hexdigest()
    return hashlib.sha256(content).hexdigest()
