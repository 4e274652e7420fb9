"""What an engine holds and tells, as values."""

from collections.abc import Mapping
from dataclasses import field
from types import MappingProxyType

from runtime.dataclass import dataclass
from runtime.resources import Role


@dataclass(frozen=True, slots=True)
class SeenContainer:
    """One container of a pod.

    ``name`` is the engine's, ``part`` what the manifest calls it, "" in a pod of one container.  The other
    fields are as in SeenPod.  One that ended before its pod was last started counts as never started.
    """

    name: str
    id: str
    state: str
    image: str
    image_id: str
    started: float = 0
    ended: float = 0
    exit_code: int = 0
    pid: int = 0
    part: str = ""
    role: Role = Role.MAIN


@dataclass(frozen=True, slots=True)
class SeenPod:
    """A container or pod as the engine lists it, ours or not.

    ``state`` is Podman's: created, running, paused, exited, stopped, ...  ``created``, ``started``
    and ``ended`` are seconds since 1970, 0 for never.  ``pid`` is its process on this machine, 0 for none.
    A pod of several containers has them as ``members``, in the order of their starts, and its own fields
    follow from theirs: it has ended when all of its main ones have, with the first exit code that isn't 0.
    ``infra`` is the name that its infra container has now, "" where it has none.
    """

    id: str
    name: str
    labels: Mapping[str, str]
    state: str
    image: str
    image_id: str
    networks: tuple[str, ...]
    created: float = 0
    started: float = 0
    ended: float = 0
    exit_code: int = 0
    pid: int = 0
    members: tuple[SeenContainer, ...] = ()
    infra: str = ""

    @property
    def containers(self) -> tuple[SeenContainer, ...]:
        """Return its containers; a pod of one is its container."""
        return self.members or (_only(self),)


@dataclass(frozen=True, slots=True)
class SeenNetwork:
    """A network, with the subnets that it takes; one is ``mute`` while nobody answers the names in it."""

    name: str
    labels: Mapping[str, str]
    subnets: tuple[str, ...]
    mute: bool = False


@dataclass(frozen=True, slots=True)
class SeenVolume:
    """A volume; ``content`` is the digest of its files where it is one of ours that holds some.

    ``note`` is what a proxy's configuration carries along (see ``runtime.resources.Configuration``), and
    ``told`` when it was told that, in seconds since 1970; 0 for what is no proxy's.
    """

    name: str
    labels: Mapping[str, str]
    content: str = ""
    note: str = ""
    told: float = 0


@dataclass(frozen=True, slots=True)
class Seen:
    """Everything an engine holds, ours and others', at one moment.

    Secrets are known by name only.  ``routes`` are the subnets that the machine itself reaches
    otherwise than by its default route, so that no network of ours takes one of them.
    """

    pods: tuple[SeenPod, ...] = ()
    networks: tuple[SeenNetwork, ...] = ()
    volumes: tuple[SeenVolume, ...] = ()
    secrets: tuple[str, ...] = ()
    routes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SeenServer:
    """A server as a proxy that runs tells of it: in which backend, by which name, in which state.

    ``name`` is the pod's, ``status`` HAProxy's own word (UP, DOWN, MAINT, no check, ...), with ``check``,
    what its last check said, and how many connections it had: now, and since the proxy was last told anew.
    Since then, too, are ``bytes`` that went to it and came from it, ``errors`` in reaching and hearing it,
    and, where requests are led to it, ``answers`` by the first digit of their status, from 1 to 5.
    """

    backend: str
    name: str
    status: str
    check: str = ""
    address: str = ""
    sessions: int = 0
    total: int = 0
    bytes: tuple[int, int] = (0, 0)
    errors: int = 0
    answers: tuple[int, ...] = ()

    @property
    def up(self) -> bool:
        """Say whether it gets connections."""
        return self.status.startswith("UP") or self.status == "no check"


@dataclass(frozen=True, slots=True)
class Exit:
    """How a pod that doesn't run came to its end, as far as only a closer look can tell.

    ``restarts`` counts what Podman's own restart policy did since the last start; ``alone`` says that it has
    none, so that a crash leaves no other trace than a hand that stops.
    """

    restarts: int
    out_of_memory: bool
    error: str
    alone: bool = False


UNKNOWN = Exit(0, False, "")


@dataclass(frozen=True, slots=True)
class Usage:
    """What a container has used: ``cpu`` seconds of processors until ``at``, and bytes of memory then."""

    at: float
    cpu: float
    memory: int


@dataclass(frozen=True, slots=True)
class Weighed:
    """How many bytes of the disk volumes took ``at`` a moment (seconds since 1970), by name.

    ``again`` is when they are weighed next, None where none has to be.
    """

    sizes: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))
    at: float = 0
    again: float | None = None


@dataclass(frozen=True, slots=True)
class Happening:
    """Something that the engine says has just happened to one of its pods, networks or volumes."""

    action: str
    name: str
    labels: Mapping[str, str]


def _only(pod: SeenPod) -> SeenContainer:
    return SeenContainer(
        name=pod.name,
        id=pod.id,
        state=pod.state,
        image=pod.image,
        image_id=pod.image_id,
        started=pod.started,
        ended=pod.ended,
        exit_code=pod.exit_code,
        pid=pod.pid,
    )
