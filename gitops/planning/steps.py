"""What the executor can do: one value per action, and the numbered step that carries it."""

from dataclasses import field

from runtime.dataclass import dataclass
from runtime.resources import Configuration, Files, Image, Network, Owner, Pod, Secret, Volume


@dataclass(frozen=True, slots=True)
class Create:
    """Make something that isn't there."""

    resource: Network | Volume | Secret | Pod


@dataclass(frozen=True, slots=True)
class Member:
    """A container of a pod of several: the name that it has now, and what the manifest calls it."""

    name: str
    part: str


@dataclass(frozen=True, slots=True)
class Complete:
    """Make the containers that a pod of several lacks."""

    pod: Pod


@dataclass(frozen=True, slots=True)
class Write:
    """Make the content of a read-only volume what it should be."""

    files: Files


@dataclass(frozen=True, slots=True)
class Configure:
    """Tell a proxy to which pods it leads, and how; where it runs, no connection is lost."""

    configuration: Configuration


@dataclass(frozen=True, slots=True)
class Build:
    """Make an image of a program that is installed on this machine."""

    image: Image


@dataclass(frozen=True, slots=True)
class Pull:
    """Bring an image to the machine."""

    image: Image


@dataclass(frozen=True, slots=True)
class Start:
    """Start a pod that is there, or ``members`` of it; ``hooks`` and ``grace`` are those of its labels."""

    pod: str
    hooks: str = ""
    grace: int = 0
    members: tuple[Member, ...] = ()


@dataclass(frozen=True, slots=True)
class Restart:
    """Stop a pod, or its ``member``, that runs (``grace`` seconds after it was asked) and start it again."""

    pod: str
    grace: int
    hooks: str = ""
    member: Member | None = None


@dataclass(frozen=True, slots=True)
class Kill:
    """Stop a pod, or its ``member``, that runs (``grace`` seconds after it was asked), for good."""

    pod: str
    grace: int
    hooks: str = ""
    member: Member | None = None


@dataclass(frozen=True, slots=True)
class Stop:
    """Stop containers of a pod, one stage after the other, all of them within ``grace`` seconds."""

    pod: str
    stages: tuple[tuple[Member, ...], ...]
    hooks: str
    grace: int

    @property
    def whole(self) -> bool:
        """Say whether the pod itself ends, with its infra container."""
        return any(not one.part for stage in self.stages for one in stage)


@dataclass(frozen=True, slots=True)
class Unpause:
    """Let a paused pod go on, or those of its ``containers`` that are paused."""

    pod: str
    containers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Rename:
    """Give a pod its name back, or containers of it theirs: the ``current`` and the given ones."""

    pod: str
    names: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Connect:
    """Put a pod back into its network; ``container`` is the one in it, ``address`` the one it keeps there."""

    pod: str
    network: str
    aliases: tuple[str, ...]
    container: str
    address: str = ""


@dataclass(frozen=True, slots=True)
class Disconnect:
    """Take a pod out of a network in which it was a guest."""

    pod: str
    network: str


@dataclass(frozen=True, slots=True)
class Revive:
    """Let the names of a network be answered again."""

    network: str


@dataclass(frozen=True, slots=True)
class Remove:
    """Remove a pod (``grace`` seconds after it was asked to stop), network, volume or secret by its key.

    ``current`` is the name that a pod has now, as a hand may have renamed it; ``hooks`` are those of one
    that runs.  A ``foreign`` one's anonymous volumes stay: what is in them is not ours to lose.
    ``stages`` are the containers of a pod of several that run, in the order of their stops.
    """

    key: str
    grace: int = 0
    current: str = ""
    hooks: str = ""
    foreign: bool = False
    stages: tuple[tuple[Member, ...], ...] = ()

    @property
    def name(self) -> str:
        """Return the engine's own name of what goes."""
        return self.current or self.key.partition("/")[2]


Making = Create | Complete | Write | Configure | Build | Pull
Action = Making | Start | Stop | Kill | Restart | Unpause | Rename | Connect | Disconnect | Revive | Remove


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to do.  Its text is what a person sees, what the ledger keeps and what tests compare."""

    number: int
    action: Action = field(repr=False)
    owner: Owner | None
    reason: str
    needs: tuple[int, ...] = ()

    @property
    def verb(self) -> str:
        """Return the action's word."""
        return verb(self.action)

    @property
    def resource(self) -> str:
        """Return the key of what it is done to."""
        return resource(self.action)

    def __str__(self) -> str:
        needs = f" (after {', '.join(map(str, self.needs))})" if self.needs else ""
        return f"{self.number} {self.verb} {self.resource}: {self.reason}{needs}"


def repeated(action: Action) -> str | None:
    """Return what has to be the same, too, before a step counts as one that comes back; None for never."""
    match action:
        case Pull() | Start() | Restart():
            return None
        case Configure(configuration):
            return configuration.content
        case Connect(_, network) | Disconnect(_, network):
            return network
        case _:
            return ""


def started_by(action: Action) -> tuple[str, ...]:
    """Return the names, given by us, of the containers that an action starts again."""
    match action:
        case Start(pod, members=members):
            return tuple(one.name for one in members) or (pod,)
        case Restart(pod, member=member):
            return (member.name if member else pod,)
    return ()


def verb(action: Action) -> str:
    """Return the word for an action."""
    return type(action).__name__.lower()


def resource(action: Action) -> str:
    """Return the key of what an action is done to."""
    match action:
        case Create(made) | Complete(made):
            return made.key
        case Write(made) | Configure(made) | Pull(made) | Build(made):
            return made.key
        case Remove(key):
            return key
        case Revive(network):
            return f"network/{network}"
        case _:
            return f"pod/{action.pod}"
