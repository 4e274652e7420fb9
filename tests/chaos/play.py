"""Plays sequences on a Podman of its own, and makes the ones that fail as short as can be."""

import subprocess
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from runtime.podman import PodmanEngine
from runtime.proxies import BUILT
from tests.chaos.anew import keep, put_back
from tests.chaos.invariants import broken
from tests.chaos.moves import AGAIN, Move, drawn, shrunk
from tests.chaos.stage import Stage
from tests.chaos.under_way import under_way
from tests.machine import engine, images
from tests.machine.telling import tell
from tests.podman.conftest import IMAGES, Podman, claimed

CONTENT = Path(__file__).parents[1] / "podman" / "images" / "busybox"
LIFE = 10  # sequences on a machine before it is made new


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a sequence: nothing, or what does not hold after these moves."""

    seed: int
    moves: Sequence[Move]
    wrong: Sequence[str]
    seconds: float

    def __str__(self) -> str:
        told = ", ".join(map(str, self.moves))
        head = f"seed {self.seed}: {'FAILED' if self.wrong else 'ok'} in {self.seconds:.1f} s: {told}"
        return "\n".join([head, *(f"  {one}" for one in self.wrong)])


@dataclass
class Machine:
    """A Podman on which one sequence follows the other, and all that happened to it since it was new."""

    podman: Podman
    past: tuple[Move, ...] = ()
    stage: Stage | None = None
    sequences: int = 0

    def play(self, seed: int, moves: Sequence[Move]) -> Outcome:
        """Play a sequence on what the last one left, or on a new machine after a failure and now and then."""
        outcome = _outcome(self.podman, seed, moves, self._ready)
        self.past = (*self.past, *moves)
        self.sequences = 0 if outcome.wrong else self.sequences + 1
        return outcome

    def _ready(self) -> Stage:
        if self.stage is None or self.sequences % LIFE == 0:
            self.past, self.sequences = (), 0
            self.stage = _renewed(self.podman)
        else:
            self.past = (*self.past, AGAIN)
            AGAIN.happen(self.stage)
        return self.stage


def share(seeds: Sequence[int], deadline: float) -> tuple[int, int]:
    """Play sequences on one Podman until the deadline; return how many there were, and how many failed.

    ``deadline`` is in seconds of the monotonic clock.
    """
    done = failed = 0
    with a_podman() as podman:
        machine = Machine(podman)
        for seed in seeds:
            if time.monotonic() > deadline:
                break
            outcome = machine.play(seed, drawn(seed))
            tell(str(outcome))
            done, failed = done + 1, failed + bool(outcome.wrong)
            if outcome.wrong:
                _tell_shortest(machine, outcome)
    return done, failed


def played(podman: Podman, seed: int, moves: Sequence[Move]) -> Outcome:
    """Let the moves happen to a fresh application, converge, and look at what must hold."""
    return _outcome(podman, seed, moves, lambda: _set(podman))


def _outcome(podman: Podman, seed: int, moves: Sequence[Move], ready: Callable[[], Stage]) -> Outcome:
    begun = time.monotonic()
    try:
        stage = ready()
        for move in moves:
            move.happen(stage)
        wrong = broken(stage, stage.mend())
    except (TimeoutError, subprocess.TimeoutExpired):
        wrong = [traceback.format_exc(), *under_way(podman.engine, _place(podman) / "state")]
    except Exception:  # it is told, and the other sequences go on
        wrong = [traceback.format_exc()]
    return Outcome(seed, moves, wrong, time.monotonic() - begun)


def _renewed(podman: Podman) -> Stage:
    put_back(podman.directory)
    return _set(podman)


def _set(podman: Podman) -> Stage:
    return Stage.set(podman, _place(podman))


def _place(podman: Podman) -> Path:
    return podman.directory.parent / "stage"


@contextmanager
def a_podman() -> Iterator[Podman]:
    """Lend a Podman of our own with two images, which can be put back to that."""
    with claimed() as directory:
        try:
            started = engine.up(directory, own_network=True)
            images.build(started, CONTENT, IMAGES)
            PodmanEngine(started.url).build(BUILT)
            keep(directory)
            yield Podman(started, tuple(IMAGES))
        finally:
            engine.down(directory)


def _tell_shortest(machine: Machine, outcome: Outcome) -> None:
    """Tell the fewest moves with which a new machine fails, or else all that this one has been through."""
    podman = machine.podman

    def fails(moves: Sequence[Move]) -> bool:
        return bool(_outcome(podman, outcome.seed, moves, lambda: _renewed(podman)).wrong)

    if fails(outcome.moves):
        shortest = shrunk(outcome.moves, fails)
        tell(f"seed {outcome.seed}: the same with --replay '{_told(shortest)}'")
    else:
        tell(f"seed {outcome.seed}: not on a new machine; this one had --replay '{_told(machine.past)}'")


def _told(moves: Sequence[Move]) -> str:
    return ",".join(map(str, moves))
