"""Over time: from a commit to what serves, from a loss to what serves again, and what standing by costs."""

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from tests.bench.race import Cost, cost_of
from tests.machine import api
from tests.podman.manifests import ONE, SERVE, TWO, deployment
from tests.podman.program import Program
from tests.podman.watching import fetched

ROUNDS = 5
PATIENCE = 60.0  # seconds
IDLE = 30  # containers that a timer looks after


@dataclass(frozen=True, slots=True)
class Living:
    """Seconds until it serves: ``serving`` from a commit, ``healed`` a kill, ``replaced`` a removal.

    ``tick`` is what an apply costs that has nothing to do.
    """

    serving: float
    healed: float
    replaced: float
    tick: Cost


def living(program: Program) -> Living:
    """Measure all of it, one after the other."""
    api.clear(program.podman.socket)
    program.commit("Begin", _web(ONE, 1))
    with standing_by(program):
        until(lambda: answers(program, ONE))
        rounds = [_round(program, number) for number in range(ROUNDS)]
    serving, healed, replaced = (median(one) for one in zip(*rounds, strict=True))
    return Living(serving, healed, replaced, _idle(program))


def _round(program: Program, number: int) -> tuple[float, float, float]:
    """Commit, kill and remove, each time what is new: who is killed often has to wait."""
    image = (TWO, ONE)[number % 2]
    serving = _until_it_serves(program, image, lambda: program.commit(f"Turn to {image}", _web(image, 1)))
    victim = _only(program)
    killed = f"/containers/{victim}/kill"
    healed = _until_it_serves(program, image, lambda: api.ask(program.podman.socket, "POST", killed))
    removed = f"/containers/{victim}?force=true&timeout=0"
    replaced = _until_it_serves(program, image, lambda: api.ask(program.podman.socket, "DELETE", removed))
    return serving, healed, replaced


def _until_it_serves(program: Program, image: str, act: Callable[[], object]) -> float:
    begun = time.monotonic()
    act()
    until(lambda: answers(program, image))
    return time.monotonic() - begun


def _only(program: Program) -> str:
    """Return the id of the container that is there, as soon as the one before it has left."""
    until(lambda: len(program.containers()) == 1)
    (one,) = program.ids().values()
    return one


def _idle(program: Program) -> Cost:
    """Return what a timer's tick costs."""
    program.commit("Many", _web(ONE, IDLE))
    cost_of(program.words("apply"), program.environment())
    ticks = [cost_of(program.words("apply"), program.environment()) for _ in range(ROUNDS)]
    return sorted(ticks, key=lambda one: one.seconds)[ROUNDS // 2]


def _web(image: str, replicas: int) -> dict[str, object]:
    return deployment("web", image, replicas=replicas, command=SERVE)


def answers(program: Program, image: str) -> bool:
    """Say whether a pod of the image answers."""
    try:
        running = [
            one["Names"][0]
            for one in program.containers()
            if (one["State"], one["Image"]) == ("running", image)
        ]
        addresses = [program.address(name) for name in running]
    except api.ApiError:  # it went while we asked
        return False
    return any(fetched(f"http://{address}:8000/passwd") for address in addresses if address)


@contextmanager
def standing_by(program: Program, interval: str = "1s") -> Iterator[int]:
    """Let a daemon look after the source, as a timer's interval of one second would."""
    with (
        Path(os.devnull).open("w") as nowhere,
        program.spawned("run", "--interval", interval, output=nowhere) as daemon,
    ):
        yield daemon.pid
        daemon.terminate()


def until(holds: Callable[[], bool]) -> None:
    """Wait until it holds, looking often: what is measured ends with that."""
    end = time.monotonic() + PATIENCE
    while not holds():
        if time.monotonic() > end:
            raise TimeoutError("what was waited for did not come")
        time.sleep(0.01)
