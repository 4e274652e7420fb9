"""A look that touches nothing: what git wants, what is there, what is remembered; each if it can be had."""

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import field, replace
from functools import cached_property
from pathlib import Path

from gitops.git.git_error import SourceError
from gitops.git.source import Source
from gitops.house import house_of
from gitops.planning.house import House, Memory, Moment, Options
from gitops.planning.view import View, view
from gitops.probing import Probed, ask_once
from gitops.serving import serving
from gitops.settings import Settings
from gitops.sources import source_of
from reconcilers.kinds import catalog
from reconcilers.places import Ground
from reconcilers.wanted import Past
from reconcilers.world import World
from runtime.dataclass import dataclass
from runtime.engine import Engine
from runtime.ledger import LedgerError, look_back
from runtime.observe import of_source
from runtime.records import Event
from runtime.resources import Label, Owner
from runtime.seen import Seen
from schemas.manifest import Manifest
from schemas.problems import ManifestError

EVERY = 1_000_000  # more events than the ledger keeps


@dataclass(frozen=True, slots=True)
class Remembered:
    """What the ledger says; all of it is empty where there is none.  Events are newest first."""

    memory: Memory = field(default_factory=Memory)
    events: Sequence[Event] = ()
    revision: str = ""
    notices: tuple[str, ...] = ()


@dataclass(frozen=True)
class Sight:
    """One moment of one source; ``seen`` is what is its own.

    ``view`` is of an older commit where the newest can't be had, and None where none can: then ``trouble``
    says why.  ``notices`` tells people so.
    """

    source: Source
    engine: Engine
    seen: Seen
    remembered: Remembered
    now: float
    probed: Probed = field(default_factory=Probed)
    view: View | None = None
    trouble: SourceError | ManifestError | None = None
    notices: tuple[str, ...] = ()
    options: Options = field(default_factory=Options)

    @cached_property
    def manifests(self) -> Mapping[Owner, Manifest]:
        """What git wants, by what tells the objects apart."""
        return self.view.rendered.by_owner if self.view else {}

    @cached_property
    def world(self) -> World:
        """The moment as reconcilers know it, to ask it about pods."""
        readiness = {**self.remembered.memory.readiness, **self.probed.readiness}
        past = Past(readiness=readiness, unready=self.probed.unready)
        return World(
            self.source.id,
            "",
            self.now,
            b"",
            self.seen,
            catalog=catalog(list(self.manifests.values())),
            past=past,
            volumes=frozenset(one.name for one in self.seen.volumes),
            machine=self.options.machine,
            ground=self.view.ground if self.view else Ground(),
            sync=self.view.rendered.sync(self.view.key) if self.view else "",
        )

    @property
    def node_labels(self) -> Mapping[str, str]:
        """What pods may ask of this machine."""
        return self.options.labels

    @cached_property
    def created(self) -> Mapping[Owner, float]:
        """When each object came, in seconds since 1970, as far as the ledger goes back."""
        came = {owner: settled.at for owner, settled in self.remembered.memory.settled.items()}
        return {**came, **_creations(self.remembered.events)}


def look(settings: Settings, engine: Engine) -> Sight:
    """Look at the settings' source; only an engine out of reach, or no source at all, is an error."""
    return sight(house_of(settings, source_of(settings), engine), settings.state, time.time())


def sight(house: House, state: Path, now: float) -> Sight:
    """Look at a source on its engine, with what the ledger in ``state`` remembers of it."""
    seen, remembered = house.engine.look(), remember(house.source, state)
    mine, memory = of_source(seen, house.source.id), remembered.memory
    probed = ask_once(house.engine, mine.pods, memory.readiness, now)
    bare = Sight(
        house.source,
        house.engine,
        mine,
        remembered,
        now,
        probed,
        notices=remembered.notices,
        options=house.options,
    )
    known = filter(None, [remembered.revision, _youngest(mine)])
    served = serving(house.engine, mine, now)
    return _with_git(bare, house, seen, Moment(now, memory, probed=probed, serving=served), known)


def remember(source: Source, state: Path) -> Remembered:
    """Return what the ledger says of a source; one that can't be read is a notice."""
    try:
        with look_back(state) as past:
            runs = past.history(source.id)
            synced = (run.revision for run in runs if run.outcome in {"Synced", "RolledBack"})
            events = past.events(source.id, limit=EVERY)
            return Remembered(Memory.of(past, source.id), events, next(synced, ""))
    except LedgerError as error:
        return Remembered(notices=(f"{error}: events, restarts and ages can't be told",))


def _with_git(bare: Sight, house: House, seen: Seen, moment: Moment, known: Iterator[str]) -> Sight:
    """Add what git wants: of the newest commit, or of one that was carried out."""
    try:
        return replace(bare, view=view(house, house.source.resolve(), seen, moment))
    except (SourceError, ManifestError) as error:
        trouble, why = error, _why(error)
    for sha in known:
        with suppress(SourceError, ManifestError):
            told = f"{why}: what git wants is told as of {sha[:7]}, which was carried out before"
            looked = view(house, sha, seen, moment)
            return replace(bare, view=looked, trouble=trouble, notices=(*bare.notices, told))
    told = f"{why}: only pods can be told, not what git wants"
    return replace(bare, trouble=trouble, notices=(*bare.notices, told))


def _why(error: SourceError | ManifestError) -> str:
    if isinstance(error, ManifestError):
        return "the newest commit can't be used (see sloop diff)"
    return str(error).partition("\n")[0]


def _youngest(seen: Seen) -> str:
    youngest = max(seen.pods, key=lambda pod: pod.created, default=None)
    return youngest.labels.get(Label.COMMIT, "") if youngest else ""


def _creations(events: Sequence[Event]) -> Mapping[Owner, float]:
    """Return when each object was first created since it was last deleted."""
    came: dict[Owner, float] = {}
    for event in reversed(events):
        if event.owner and event.reason == "Create":
            came.setdefault(event.owner, event.at)
        elif event.owner and event.reason == "Delete":
            came.pop(event.owner, None)
    return came
