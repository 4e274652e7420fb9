"""Plays sequences on a Podman of its own, and makes the ones that fail as short as can be."""

import subprocess
import time
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from runtime.podman import PodmanEngine
from runtime.proxies import BUILT
from tests.chaos.anew import keep, put_back
from tests.chaos.invariants import broken
from tests.chaos.moves import Move, drawn, shrunk
from tests.chaos.stage import Stage
from tests.chaos.under_way import under_way
from tests.machine import engine, images
from tests.machine.telling import tell
from tests.podman.conftest import IMAGES, Podman, claimed

CONTENT = Path(__file__).parents[1] / "podman" / "images" / "busybox"


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


def share(seeds: Sequence[int], deadline: float) -> tuple[int, int]:
    """Play sequences on one Podman until the deadline; return how many there were, and how many failed.

    ``deadline`` is in seconds of the monotonic clock.
    """
    done = failed = 0
    with a_podman() as podman:
        for seed in seeds:
            if time.monotonic() > deadline:
                break
            outcome = _played_anew(podman, seed, drawn(seed))
            tell(str(outcome))
            done, failed = done + 1, failed + bool(outcome.wrong)
            if outcome.wrong:
                _tell_shortest(podman, outcome)
    return done, failed


def played(podman: Podman, seed: int, moves: Sequence[Move]) -> Outcome:
    """Let the moves happen to a fresh application, converge, and look at what must hold."""
    begun = time.monotonic()
    try:
        stage = Stage.set(podman, podman.directory.parent / "stage")
        for move in moves:
            move.happen(stage)
        wrong = broken(stage, stage.mend())
    except (TimeoutError, subprocess.TimeoutExpired):
        wrong = [traceback.format_exc(), *under_way(podman.engine, podman.directory.parent / "stage/state")]
    except Exception:  # it is told, and the other sequences go on
        wrong = [traceback.format_exc()]
    return Outcome(seed, moves, wrong, time.monotonic() - begun)


def _played_anew(podman: Podman, seed: int, moves: Sequence[Move]) -> Outcome:
    put_back(podman.directory)
    return played(podman, seed, moves)


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


def _tell_shortest(podman: Podman, outcome: Outcome) -> None:
    def fails(moves: Sequence[Move]) -> bool:
        return bool(_played_anew(podman, outcome.seed, moves).wrong)

    if not fails(outcome.moves):
        tell(f"seed {outcome.seed}: did not fail a second time")
        return
    shortest = ",".join(map(str, shrunk(outcome.moves, fails)))
    tell(f"seed {outcome.seed}: the same with --replay '{shortest}'")
