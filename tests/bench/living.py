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
PATIENCE = 30.0  # seconds
STANDING = 10.0  # seconds for which a daemon is watched that has nothing to do
IDLE = 30  # containers that a daemon, or a timer, looks after


@dataclass(frozen=True, slots=True)
class Living:
    """Seconds until it serves: ``serving`` from a commit, ``healed`` a kill, ``replaced`` a removal.

    ``cpu`` is the share of a core, and ``memory`` the bytes, of a daemon with nothing to do; ``tick`` is what
    an apply costs then.
    """

    serving: float
    healed: float
    replaced: float
    cpu: float
    memory: int
    tick: Cost


def living(program: Program) -> Living:
    """Measure all of it, one after the other."""
    api.clear(program.podman.socket)
    program.commit("Begin", _web(ONE, 1))
    with _standing(program):
        _until(lambda: _answers(program, ONE))
        rounds = [_round(program, number) for number in range(ROUNDS)]
    serving, healed, replaced = (median(one) for one in zip(*rounds, strict=True))
    return Living(serving, healed, replaced, *_idle(program))


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
    _until(lambda: _answers(program, image))
    return time.monotonic() - begun


def _only(program: Program) -> str:
    """Return the id of the container that is there, as soon as the one before it has left."""
    _until(lambda: len(program.containers()) == 1)
    (one,) = program.ids().values()
    return one


def _idle(program: Program) -> tuple[float, int, Cost]:
    """Return the daemon's share of a core, its memory, and what a timer's tick costs."""
    program.commit("Many", _web(ONE, IDLE))
    cost_of(program.words("apply"), program.environment())
    ticks = [cost_of(program.words("apply"), program.environment()) for _ in range(ROUNDS)]
    with _standing(program) as pid:
        _until(lambda: _rests(pid))
        before, begun = _used(pid), time.monotonic()
        _until(lambda: time.monotonic() > begun + STANDING)
        share = (_used(pid) - before) / (time.monotonic() - begun)
        return share, _memory(pid), sorted(ticks, key=lambda one: one.seconds)[ROUNDS // 2]


def _web(image: str, replicas: int) -> dict[str, object]:
    return deployment("web", image, replicas=replicas, command=SERVE)


def _answers(program: Program, image: str) -> bool:
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
def _standing(program: Program) -> Iterator[int]:
    """Let a daemon look after the source, as a timer's interval of one second would."""
    with (
        Path(os.devnull).open("w") as nowhere,
        program.spawned("run", "--interval", "1s", output=nowhere) as daemon,
    ):
        yield daemon.pid
        daemon.terminate()


def _used(pid: int) -> float:
    words = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return sum(map(int, words[11:15])) / os.sysconf("SC_CLK_TCK")


def _rests(pid: int) -> bool:
    """Say whether a daemon has used next to nothing for a moment."""
    before, begun = _used(pid), time.monotonic()
    _until(lambda: time.monotonic() > begun + 1.5)
    return before > 0.5 and _used(pid) - before < 0.3


def _memory(pid: int) -> int:
    rows = Path(f"/proc/{pid}/status").read_text().splitlines()
    (kilobytes,) = [row.split()[1] for row in rows if row.startswith("VmRSS:")]
    return int(kilobytes) * 1024


def _until(holds: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE
    while not holds():
        if time.monotonic() > end:
            raise TimeoutError("what was waited for did not come")
        time.sleep(0.01)
