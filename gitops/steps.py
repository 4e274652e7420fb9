"""What the executor can do: one value per action, and the numbered step that carries it."""

from dataclasses import dataclass, field

from runtime.resources import Configuration, Files, Image, Network, Owner, Pod, Secret, Volume


@dataclass(frozen=True, slots=True)
class Create:
    """Make something that isn't there."""

    resource: Network | Volume | Secret | Pod


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
    """Start a pod that is there; ``hooks`` and ``grace`` are those of its labels."""

    pod: str
    hooks: str = ""
    grace: int = 0


@dataclass(frozen=True, slots=True)
class Restart:
    """Stop a pod that runs (``grace`` seconds after it was asked to) and start it again."""

    pod: str
    grace: int
    hooks: str = ""


@dataclass(frozen=True, slots=True)
class Unpause:
    """Let a paused pod go on."""

    pod: str


@dataclass(frozen=True, slots=True)
class Rename:
    """Give a pod its name back."""

    current: str
    pod: str


@dataclass(frozen=True, slots=True)
class Connect:
    """Put a pod back into its network."""

    pod: str
    network: str
    aliases: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Disconnect:
    """Take a pod out of a network in which it was a guest."""

    pod: str
    network: str


@dataclass(frozen=True, slots=True)
class Remove:
    """Remove a pod (``grace`` seconds after it was asked to stop), network, volume or secret by its key.

    ``current`` is the name that a pod has now, as a hand may have renamed it; ``hooks`` are those of one
    that runs.  A ``foreign`` one's anonymous volumes stay: what is in them is not ours to lose.
    """

    key: str
    grace: int = 0
    current: str = ""
    hooks: str = ""
    foreign: bool = False

    @property
    def name(self) -> str:
        """Return the engine's own name of what goes."""
        return self.current or self.key.partition("/")[2]


Making = Create | Write | Configure | Build | Pull
Action = Making | Start | Restart | Unpause | Rename | Connect | Disconnect | Remove


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
        case Start() | Restart():
            return None
        case Configure(configuration):
            return configuration.content
        case Connect(_, network) | Disconnect(_, network):
            return network
        case _:
            return ""


def verb(action: Action) -> str:
    """Return the word for an action."""
    return type(action).__name__.lower()


def resource(action: Action) -> str:
    """Return the key of what an action is done to."""
    match action:
        case Create(made):
            return made.key
        case Write(files):
            return files.key
        case Configure(configuration):
            return configuration.key
        case Pull(image) | Build(image):
            return image.key
        case Start(pod) | Restart(pod) | Unpause(pod) | Rename(_, pod) | Connect(pod) | Disconnect(pod):
            return f"pod/{pod}"
        case Remove(key):
            return key
