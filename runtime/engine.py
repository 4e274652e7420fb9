"""The border to what runs containers: what sloop asks of an engine, and how an engine answers."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Protocol

from runtime.resources import Configuration, File, Files, Image, Network, Pod, Secret, Volume
from runtime.seen import Exit, Happening, Seen, SeenServer, Usage


class EngineError(Exception):
    """The engine refused, or can't be reached.  The message says what was asked, of what, and why not.

    ├── ImageMissing            neither on the machine nor to be pulled
    └── Transient               after another look it may be otherwise
        ├── EngineUnreachable   nobody answers at its address
        ├── Gone                what was asked about isn't there any more
        └── NameTaken           something has the name already
    """


class ImageMissing(EngineError):
    """An image is neither on the machine nor to be had from its registry."""


class Transient(EngineError):
    """What was asked may be done, or no longer be right: another look tells."""


class EngineUnreachable(Transient):
    """Nobody answers at the engine's address, or the connection broke."""


class Gone(Transient):
    """What was asked about isn't there any more."""


class NameTaken(Transient):
    """Something has the name already."""


class Engine(Protocol):
    """What runs containers.  Names are the engine's own; creating what is there already is NameTaken.

    What is asked of a pod by its name can be asked of one container of a pod of several by its own.

    Every method raises EngineError.  Removing what is gone already is no error.
    """

    def key(self) -> bytes:
        """Return the secret that belongs to this engine; it is made when there is none (decision 2)."""

    def identity(self) -> str:
        """Return what tells this engine from another one, without telling its key."""

    def look(self) -> Seen:
        """Return all that is there, by a handful of calls however much it is."""

    def images(self) -> frozenset[str]:
        """Return every reference by which an image on this machine may be called."""

    def usage(self) -> Mapping[str, Usage]:
        """Return what every container that runs has used, by its id (of one that ended just now, too)."""

    def sizes(self, volumes: Collection[str]) -> Mapping[str, int]:
        """Return how many bytes of the disk volumes take, by name; nothing of those that aren't there."""

    def exit_of(self, name: str) -> Exit:
        """Return how a stopped pod came to its end; of one that is gone, nothing is known (``UNKNOWN``)."""

    def pull(self, image: Image) -> str:
        """Bring an image here; return a notice where an older local one has to serve, else ""."""

    def build(self, reference: str) -> None:
        """Make the proxy's image under this name, of the HAProxy that is installed on this machine."""

    def configure(self, configuration: Configuration) -> None:
        """Tell a proxy its configuration, without losing a connection where it runs.

        It is checked by the proxy's own program first; what that refuses replaces nothing, and is an error.
        When this returns, new connections go by the new configuration only.  The volume is made if need be.
        """

    def servers(self, name: str) -> tuple[SeenServer, ...]:
        """Return what a proxy that runs knows of its servers."""

    def create_network(self, network: Network) -> None:
        """Make a network in ``network.subnet``."""

    def mute(self) -> frozenset[str]:
        """Return the networks in which somebody is, and whose names nobody answers; it costs no call.

        What is known is what the last look has found, and what the machine itself tells.
        """

    def revive_network(self, name: str) -> None:
        """Let the names of a network be answered again; of one that isn't mute nothing is done."""

    def create_volume(self, volume: Volume) -> None:
        """Make an empty volume."""

    def write_files(self, files: Files) -> None:
        """Make a read-only volume's content what it should be, file by file, each atomically."""

    def files_of(self, volume: str) -> tuple[File, ...]:
        """Return the files of a volume; none where it isn't there."""

    def write_file(self, volume: str, file: File) -> None:
        """Write one file of a volume that is there, as a whole, and leave its others alone."""

    def create_secret(self, secret: Secret) -> None:
        """Keep a secret."""

    def create_pod(self, pod: Pod) -> None:
        """Make a pod and start it; of one with init containers only the first."""

    def complete_pod(self, pod: Pod) -> None:
        """Make the containers that a pod of several lacks; they aren't started."""

    def start_pod(self, name: str) -> None:
        """Start a pod that is there."""

    def stop_pod(self, name: str, grace: int) -> None:
        """Ask a pod to stop, and kill it after ``grace`` seconds; nothing starts it again by itself."""

    def process_of(self, name: str) -> int:
        """Return the process of a pod on this machine, 0 for none."""

    def lifetime(self, process: int) -> float:
        """Return for how many seconds a pod's process has lived, 0 where that isn't known or it has ended."""

    def restart_pod(self, name: str, grace: int) -> None:
        """Stop a pod as ``remove_pod`` does, and start it again."""

    def run_in(self, name: str, command: Sequence[str], timeout: float) -> int:
        """Run a command in a pod and return its exit code; TimeoutError after ``timeout`` seconds."""

    def unpause_pod(self, name: str) -> None:
        """Let a paused pod go on."""

    def rename_pod(self, current: str, name: str) -> None:
        """Give a pod its name back."""

    def connect_pod(self, name: str, network: str, aliases: tuple[str, ...], address: str = "") -> None:
        """Put a pod into a network, at its ``address`` or, for "", anywhere."""

    def disconnect_pod(self, name: str, network: str) -> None:
        """Take a pod out of a network."""

    def remove_pod(self, name: str, grace: int, *, volumes: bool = True) -> None:
        """Ask a pod to stop, kill it after ``grace`` seconds, remove it and, if asked, its own volumes.

        The containers of a pod of several stop one after the other: who cares stops them before.
        """

    def remove_network(self, name: str) -> None:
        """Remove a network that nobody uses."""

    def remove_volume(self, name: str) -> None:
        """Remove a volume and all that is in it."""

    def remove_secret(self, name: str) -> None:
        """Forget a secret."""

    def logs(self, name: str, *, follow: bool = False, tail: int | None = None) -> Iterator[bytes]:
        """Yield a pod's output as it comes, lines or parts of them."""

    def happenings(self) -> AbstractContextManager[Iterator[Happening]]:
        """Listen; entering is quick, and what happens from then on is told until it is left."""
