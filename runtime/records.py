"""What the ledger remembers, as values.  Times are seconds since 1970."""

from typing import Literal, Protocol

from runtime.dataclass import dataclass
from runtime.resources import Owner

Outcome = Literal["Synced", "Failed", "RolledBack", "Superseded"]
EventType = Literal["Normal", "Warning"]


@dataclass(frozen=True, slots=True)
class Run:
    """One attempt to carry out a revision; ``finished`` and ``outcome`` are None while it goes on."""

    id: int
    source: str
    revision: str
    author: str
    subject: str
    trigger: str
    started: float
    finished: float | None
    outcome: Outcome | None
    message: str


@dataclass(frozen=True, slots=True)
class Settled:
    """What an object was when it was last fully carried out, and since when it is."""

    revision: str
    digest: str
    at: float


@dataclass(frozen=True, slots=True)
class Note:
    """What this machine knows of an object that git doesn't say; ``text`` is for who left it there."""

    at: float
    text: str = ""


class Commit(Protocol):
    """What the ledger writes down of a commit."""

    @property
    def sha(self) -> str:
        """The full hash."""

    @property
    def author(self) -> str:
        """Who wrote it."""

    @property
    def subject(self) -> str:
        """The first line of its message."""


class Planned(Protocol):
    """What the ledger writes down of a step before it is taken."""

    @property
    def number(self) -> int:
        """Its place in the plan of its pass."""

    @property
    def verb(self) -> str:
        """What is done: create, remove, ..."""

    @property
    def resource(self) -> str:
        """The key of what it is done to."""

    @property
    def owner(self) -> Owner | None:
        """The object for which it is done."""

    @property
    def reason(self) -> str:
        """Why, for people."""


@dataclass(frozen=True, slots=True)
class Taken:
    """A step as it went; ``error`` is empty unless it failed."""

    run: int
    pass_number: int
    number: int
    verb: str
    resource: str
    owner: Owner | None
    reason: str
    planned: float
    started: float | None
    finished: float | None
    error: str


@dataclass(frozen=True, slots=True)
class Failure:
    """How often in a row the steps on a resource have failed, and when and why the last one did."""

    count: int
    at: float
    message: str


@dataclass(frozen=True, slots=True)
class Restarts:
    """How often sloop has started a pod again, and when it last did."""

    count: int
    last: float


@dataclass(frozen=True, slots=True)
class Readiness:
    """Whether a pod is ready and since when, and how its last probes went (counted in a row)."""

    ready: bool
    since: float
    successes: int = 0
    failures: int = 0


@dataclass(frozen=True, slots=True)
class Event:
    """Something worth telling, of an object or of the whole source."""

    id: int
    at: float
    source: str
    owner: Owner | None
    type: EventType
    reason: str
    message: str
