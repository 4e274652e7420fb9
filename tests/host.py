"""A machine in memory: a real repository and ledger, an engine in dictionaries, a clock that tests move."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatch
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Self

import pytest

from gitops.changes import Change
from gitops.execute import Result
from gitops.journal import Journal
from gitops.loop import Loop, Pass
from gitops.probing import Probed, Watch
from gitops.request import Request
from gitops.source import Source
from gitops.view import House, View
from reconcilers.pods import earliest
from runtime.ledger import open_ledger
from runtime.lock import Holder
from runtime.records import Readiness
from runtime.resources import Label, Network
from runtime.seen import SeenPod
from tests.engine_in_memory import EngineInMemory
from tests.gitops.repository import Repository

IMAGES = tuple(f"localhost/app:{number}" for number in range(1, 5))
BEGINNING = 1_700_000_000.0  # seconds since 1970
WORK, IDLE = 0.1, 0.5  # seconds that pass after a pass that did something, and after one that didn't


@dataclass
class Clock:
    """Tells the time that a test says it is."""

    now: float = BEGINNING

    def __call__(self) -> float:
        return self.now


@dataclass
class Told:
    """Whoever is told what happens, and keeps it."""

    announced: list[Sequence[Change]] = field(default_factory=list)
    results: list[Result] = field(default_factory=list)
    held_up: list[Holder] = field(default_factory=list)
    moved: list[tuple[str, str]] = field(default_factory=list)
    notices: list[str] = field(default_factory=list)

    def changes(self, view: View, changes: Sequence[Change]) -> None:
        del view
        self.announced.append(list(changes))

    def ended(self, result: Result) -> None:
        self.results.append(result)

    def waiting(self, holder: Holder) -> None:
        self.held_up.append(holder)

    def superseded(self, old: str, new: str) -> None:
        self.moved.append((old, new))

    def notice(self, text: str) -> None:
        self.notices.append(text)


class Answers(Watch):
    """What probes answer, as the test has it."""

    def __init__(self) -> None:
        self.ready: dict[str, Readiness] = {}

    def look(self, pods: Iterable[SeenPod], known: Mapping[str, Readiness]) -> Probed:
        return Probed({pod.id: self.ready[pod.id] for pod in pods if pod.id in self.ready} | dict(known))


class Host:
    """One source on one machine.

    ``unready`` holds the images whose probes never succeed, ``crashing`` the codes with which an image's
    pods end as soon as they run.
    """

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.clock = Clock()
        self.unready: set[str] = set()
        self.crashing: dict[str, int] = {}
        self.told = Told()
        self.probes = Answers()
        self.repository = Repository(directory / "site")
        self.engine = EngineInMemory(IMAGES)
        self.engine.clock = self.clock
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

    def commit(self, subject: str, files: Mapping[str, str]) -> str:
        """Commit these files and no others."""
        gone = {name: None for name in self.repository.git("ls-files").split("\n") if name}
        return self.repository.commit(subject, {**gone, **files})

    def loop(self, request: Request | None = None) -> Loop:
        """Begin anew, as another process would."""
        journal = Journal(self.ledger, self.source.id, self.clock)
        house = House(self.source, self.engine)
        return Loop(
            house,
            journal,
            request or Request(),
            self.told,
            resolve=self.source.resolve,
            watch=self.probes,
            clock=self.clock,
        )

    def apply(self, request: Request | None = None, *, seconds: float = 30) -> list[Pass]:
        """Repeat passes until all is well, nothing can mend by itself, or the time is over; return them."""
        loop = self.loop(request)
        passes = list(self.passes(loop, seconds))
        loop.end("Synced" if passes[-1].done else "Failed")
        return passes

    def passes(self, loop: Loop, seconds: float) -> Iterator[Pass]:
        """Yield the passes of a loop, moving the time between them; the last one found all well twice."""
        deadline, well = self.clock.now + seconds, 0
        while True:
            passed = loop.sync_once()
            yield passed
            well = well + 1 if passed.done else 0
            if well == 2 or passed.hopeless or self.clock.now >= deadline:
                return
            self.clock.now += _pause(passed, self.clock.now)
            self.live()

    def live(self) -> None:
        """Let pods crash, and probes find out what there is to find out."""
        running = [pod for pod in self.engine.look().pods if pod.state == "running"]
        for pod in running:
            if pod.image in self.crashing:
                self.engine.kill(pod.name, self.crashing[pod.image], restarts=3)
        probed = [pod for pod in running if Label.PROBES in pod.labels and pod.image not in self.unready]
        self.probes.ready |= {pod.id: Readiness(True, pod.started) for pod in probed}

    def pods(self, pattern: str = "*") -> list[str]:
        """Return the names of the pods that fit a pattern."""
        return sorted(pod.name for pod in self.engine.look().pods if fnmatch(pod.name, pattern))

    def forget(self) -> None:
        """Lose the ledger."""
        self.ledger.close()
        for file in (self.directory / "state").glob("ledger.sqlite3*"):
            file.unlink()
        self._open()

    def _open(self) -> None:
        self.ledger = open_ledger(self.directory / "state", partial(pytest.fail, pytrace=False))


def _pause(passed: Pass, now: float) -> float:
    if any(result.done for result in passed.results):
        return WORK
    asked = earliest(now + IDLE, *(answer.look_again for answer in passed.view.wanted)) or now
    return max(asked - now, 0.01)
