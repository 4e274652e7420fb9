"""A machine in memory: a real repository and ledger, an engine in dictionaries, a clock that tests move."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatch
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Self

import pytest

from gitops.aim import OnFailure, aiming
from gitops.converge import Converged, converge
from gitops.execute import Result
from gitops.git.source import Source
from gitops.journal import Journal
from gitops.loop import Loop, Pass
from gitops.planning.changes import Change
from gitops.planning.fare import Fare
from gitops.planning.house import House, Options
from gitops.planning.neighbours import Neighbour
from gitops.planning.steps import Step
from gitops.planning.view import View
from gitops.probing import Probed, Watch
from gitops.request import Request
from reconcilers.words import suspended
from runtime.ledger import open_ledger
from runtime.lock import Holder, lock_directory
from runtime.probed import asked_of
from runtime.proxies import BUILT
from runtime.records import Readiness
from runtime.resources import Network, Owner
from runtime.seen import SeenContainer, SeenPod
from tests.engine_in_memory import EngineInMemory
from tests.gitops.repository import Repository

IMAGES = (*(f"localhost/app:{number}" for number in range(1, 5)), "localhost/done:1")
BEGINNING = 1_700_000_000.0  # seconds since 1970
WORK = 0.1  # seconds that pass at least between two passes


@dataclass
class Clock:
    """Tells the time that a test says it is; ``steady`` how much has passed, however it is set."""

    now: float = BEGINNING
    _set: float = 0

    def __call__(self) -> float:
        return self.now

    def steady(self) -> float:
        return self.now - self._set

    def set(self, seconds: float) -> None:
        """Put it forward by so much, or back."""
        self.now += seconds
        self._set += seconds


@dataclass
class Told:
    """Whoever is told what happens, and keeps it."""

    announced: list[Sequence[Change]] = field(default_factory=list)
    results: list[Result] = field(default_factory=list)
    held_up: list[Holder] = field(default_factory=list)
    moved: list[tuple[str, str]] = field(default_factory=list)
    awaited: list[list[str]] = field(default_factory=list)
    notices: list[str] = field(default_factory=list)

    def changes(self, view: View, changes: Sequence[Change]) -> None:
        del view
        self.announced.append(list(changes))

    def ended(self, result: Result) -> None:
        self.results.append(result)

    def waiting(self, holder: Holder) -> None:
        self.held_up.append(holder)

    def planned(self, steps: Sequence[Step]) -> None:
        """Nobody asks for it."""

    def unwell(self, fares: Sequence[Fare]) -> None:
        self.awaited.append([f"{fare.owner}: {fare.reason}" for fare in fares])

    def superseded(self, old: str, new: str) -> None:
        self.moved.append((old, new))

    def notice(self, text: str) -> None:
        self.notices.append(text)


class Probes(Watch):
    """What probes answer, as a machine's images have it; waiting moves its clock.

    ``known`` is what it was last told of earlier processes' findings.
    """

    def __init__(self, host: "Host") -> None:
        super().__init__(host.engine)
        self.host = host
        self.known: Mapping[str, Readiness] = {}

    def look(self, pods: Iterable[SeenPod], known: Mapping[str, Readiness]) -> Probed:
        self.known = known
        probed = [one.container for one in asked_of(pods)]
        silent = {one.id for one in probed if one.image in self.host.unready}
        return Probed(
            readiness={one.id: Readiness(one.id not in silent, one.started) for one in probed},
            unwell={one.id: "Liveness probe failed: nobody listens" for one in probed if self._ails(one)},
            unready=dict.fromkeys(silent, "Readiness probe failed: nobody listens"),
            started=frozenset(one.id for one in probed) - silent,
        )

    def wavering(self) -> Mapping[str, str]:
        pods = [pod for pod in self.host.engine.look().pods if pod.image in self.host.wavering]
        return {one.id: "Readiness probe failed: once" for pod in pods for one in pod.containers}

    def _ails(self, one: SeenContainer) -> bool:
        """Say whether a container's liveness fails, as it does until it is started again."""
        return one.name in self.host.unwell and one.started < self.host.clock.now - 60

    def wait(self, seconds: float) -> bool:
        self.host.clock.now += max(seconds, WORK)
        self.host.live()
        return False


@dataclass
class Recorded(Loop):
    """A loop that keeps its passes."""

    passes: list[Pass] = field(default_factory=list)

    def sync_once(self) -> Pass:
        passed = super().sync_once()
        self.passes.append(passed)
        return passed


class Host:
    """One source on one machine.

    ``unready`` holds the images whose probes never succeed, ``wavering`` those whose probes have just begun
    to fail; ``crashing`` the codes with which an image's containers end as soon as they run, ``ending`` those
    with which they end one after the other, the last one for all that follow; ``completing`` the images of
    those that end well, ``unwell`` the names of containers whose liveness fails.  ``passes`` are those of the
    last ``apply``.
    """

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.clock = Clock()
        self.unready: set[str] = set()
        self.wavering: set[str] = set()
        self.crashing: dict[str, int] = {}
        self.ending: dict[str, list[int]] = {}
        self.unwell: set[str] = set()
        self.completing = {"done:1"}
        self.on_failure: OnFailure = "hold"
        self.options = Options()
        self.neighbours: tuple[Neighbour, ...] = ()
        self.told = Told()
        self.passes: list[Pass] = []
        self.repository = Repository(directory / "site")
        self.engine = EngineInMemory([*IMAGES, BUILT])
        self.engine.clock = self.clock
        self.probes = Probes(self)
        self.engine.create_network(Network("podman", {}, "10.88.0.0/16"))
        self.source = Source(str(self.repository.directory), state=directory / "state")
        self.source.id = "0123456789ab"  # names carry it: the same wherever tests run
        self._open()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.ledger.close()
        (lock_directory() / f"{self.engine.identity()}.lock").unlink(missing_ok=True)

    def commit(self, subject: str, files: Mapping[str, str]) -> str:
        """Commit these files and no others."""
        gone = {name: None for name in self.repository.git("ls-files").split("\n") if name}
        return self.repository.commit(subject, {**gone, **files})

    def loop(self, request: Request | None = None) -> Recorded:
        """Begin anew, as another process would."""
        return Recorded(
            House(self.source, self.engine, self.options, self.neighbours),
            Journal(self.ledger, self.source.id, self.clock),
            request or Request(),
            self.told,
            aim=aiming(self.source, self.on_failure),
            watch=self.probes,
            clock=self.clock,
            steady=self.clock.steady,
            on_failure=self.on_failure,
        )

    def apply(self, request: Request | None = None, *, seconds: float = 30, wait: bool = True) -> Converged:
        """Converge on the newest commit."""
        loop = self.loop(request)
        self.passes = loop.passes
        return converge(loop, timeout=seconds, wait=wait)

    def beside(self) -> "Host":
        """Return another source on the same machine; both are in one configuration."""
        other = Host(self.directory / "beside")
        other.ledger.close()
        other.clock, other.engine, other.ledger, other.probes = (
            self.clock,
            self.engine,
            self.ledger,
            self.probes,
        )
        other.source.id = "fedcba987654"
        other.neighbours, self.neighbours = (self.neighbour("site"),), (other.neighbour("other"),)
        return other

    def neighbour(self, name: str) -> Neighbour:
        """Return this source as others of its configuration know it."""
        house = House(self.source, self.engine, self.options)
        return Neighbour(self.source.id, name, lambda: house.rendered(self.source.resolve()), self.holding)

    def holding(self, owner: Owner) -> str:
        """Say why an object is left alone."""
        return suspended(self.ledger.past.notes(self.source.id)).get(owner, "")

    def live(self) -> None:
        """Let pods crash, and complete, in the order of their names: they were made at the same time."""
        there = [one for pod in self.engine.look().pods for one in pod.containers if one.state == "running"]
        for one in sorted(there, key=lambda one: one.name):
            if one.image in self.crashing:
                self.engine.kill(one.name, self.crashing[one.image], restarts=3)
            elif one.image in self.completing:
                self.engine.kill(one.name, 0)
            elif one.image in self.ending:
                codes = self.ending[one.image]
                self.engine.kill(one.name, codes.pop(0) if len(codes) > 1 else codes[0])

    def pods(self, pattern: str = "*") -> list[str]:
        """Return the names of the pods that fit a pattern; of containers in a pod for one with a `_`."""
        names = self.engine.containers() if "_" in pattern else [pod.name for pod in self.engine.look().pods]
        return sorted(name for name in names if fnmatch(name, pattern))

    def forget(self) -> None:
        """Lose the ledger."""
        self.ledger.close()
        for file in (self.directory / "state").glob("ledger.sqlite3*"):
            file.unlink()
        self._open()

    def _open(self) -> None:
        self.ledger = open_ledger(self.directory / "state", partial(pytest.fail, pytrace=False))
