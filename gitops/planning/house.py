"""One source on one engine: what is read of it, and what a look takes into account beside its commit."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import field
from functools import cached_property
from types import MappingProxyType
from typing import Any

from gitops.git.source import Commit, Source
from gitops.measuring import Measured
from gitops.planning.neighbours import Neighbour
from gitops.planning.render import Rendered, render
from gitops.probing import Probed
from reconcilers.moments import Leap
from reconcilers.places import NODE_PORTS
from reconcilers.world import Entrance, Machine
from runtime.dataclass import dataclass
from runtime.engine import Engine
from runtime.past import Past as Records
from runtime.records import Failure, Note, Readiness, Restarts, Settled
from runtime.resources import Owner
from runtime.seen import Exit, SeenContainer, Weighed

RENDERED = 8  # commits whose objects are kept: today's, and what others' pods are of
READ = 64  # commits of which it is kept who made them
YOUNG = 3.0  # seconds in which Podman may yet restart what has ended


@dataclass(frozen=True, slots=True)
class Memory:
    """What the ledger says at the beginning of a pass; ``empty`` where it knows of no run at all.

    ``others`` are the objects that other sources have carried out, with their sources.
    """

    empty: bool = True
    settled: Mapping[Owner, Settled] = field(default_factory=lambda: MappingProxyType({}))
    failures: Mapping[str, Failure] = field(default_factory=lambda: MappingProxyType({}))
    restarts: Mapping[str, Restarts] = field(default_factory=lambda: MappingProxyType({}))
    readiness: Mapping[str, Readiness] = field(default_factory=lambda: MappingProxyType({}))
    notes: Mapping[tuple[Owner, str], Note] = field(default_factory=lambda: MappingProxyType({}))
    others: Mapping[Owner, str] = field(default_factory=lambda: MappingProxyType({}))

    @classmethod
    def of(cls, past: Records, source: str) -> "Memory":
        """Read what a ledger says of one source."""
        return cls(
            empty=not past.history(source, limit=1),
            settled=past.settled(source),
            failures=past.failures(source),
            restarts=past.restarts(source),
            readiness=past.readiness(source),
            notes=past.notes(source),
            others=past.settled_by_others(source),
        )


@dataclass(frozen=True, slots=True)
class Options:
    """What a person may set: the pool of new networks' subnets, the proxies' image, the machine's name.

    ``entrance`` is how it is entered from outside; ``machine`` and ``labels`` are what it has.
    Without ``prune`` what left git stays.
    """

    pool: str = "10.144.0.0/12"
    node: str = "localhost"
    machine: Machine = field(default_factory=Machine)
    labels: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    proxy_image: str = ""
    node_ports: tuple[int, int] = NODE_PORTS
    entrance: Entrance = field(default_factory=Entrance)
    forbidden: tuple[str, ...] = ()
    ignored: tuple[str, ...] = ()
    prune: bool = True


@dataclass(frozen=True)
class House:
    """One source on one engine, beside its neighbours, and what was read of it so far."""

    source: Source
    engine: Engine
    options: Options = field(default_factory=Options)
    neighbours: Sequence[Neighbour] = ()
    _rendered: dict[str, Rendered] = field(default_factory=dict, repr=False)
    _commits: dict[str, Commit] = field(default_factory=dict, repr=False)
    _exits: dict[tuple[str, float], Exit] = field(default_factory=dict, repr=False)

    @cached_property
    def key(self) -> bytes:
        """The engine's key, under which digests of secrets are made."""
        return self.engine.key()

    @cached_property
    def identity(self) -> str:
        """What tells the engine from another one."""
        return self.engine.identity()

    def exits(self, ended: Iterable[SeenContainer], now: float) -> Mapping[str, Exit]:
        """Return how containers came to their end, by id; each is asked for until Podman leaves it alone."""
        known = {(one.id, one.ended): one for one in ended}
        found = {key: self._exits.get(key) or self.engine.exit_of(one.name) for key, one in known.items()}
        self._exits.clear()
        self._exits.update({key: exit_ for key, exit_ in found.items() if now - key[1] > YOUNG})
        return {one.id: found[key] for key, one in known.items()}

    def rendered(self, sha: str) -> Rendered:
        """Return a commit's objects, read once; raises ManifestError and SourceError."""
        if sha not in self._rendered:
            _make_room(self._rendered, RENDERED)
            self._rendered[sha] = render(sha, self.source.files(sha), self.options.ignored)
        return self._rendered[sha]

    def commit(self, sha: str) -> Commit:
        """Return who committed what, when, read once."""
        if sha not in self._commits:
            _make_room(self._commits, READ)
            self._commits[sha] = self.source.commit(sha)
        return self._commits[sha]


def _make_room(kept: dict[str, Any], most: int) -> None:
    """Let the oldest go, so that there are no more than so many with one that comes."""
    for oldest in list(kept)[: 1 - most]:
        del kept[oldest]


@dataclass(frozen=True, slots=True)
class Moment:
    """What one look takes into account beside the commit: time, ledger, probes, a person's words.

    Only who acts on it measures what containers use, and weighs what they have on the disk.

    ``waiting`` tells which resources are left alone for now, and why; ``serving`` which pods proxies find up.
    """

    now: float
    memory: Memory = field(default_factory=Memory)
    waiting: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    adopting: frozenset[str] = frozenset()
    running: Mapping[Owner, str] = field(default_factory=lambda: MappingProxyType({}))
    probed: Probed = field(default_factory=Probed)
    serving: Mapping[str, bool] = field(default_factory=lambda: MappingProxyType({}))
    measured: Measured = field(default_factory=Measured)
    weighed: Weighed = field(default_factory=Weighed)
    leaps: tuple[Leap, ...] = ()
