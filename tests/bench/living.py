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
from tests.podman.watching import fetched, watching

ROUNDS = 5
PATIENCE = 30.0  # seconds
STANDING = 10.0  # seconds for which a daemon is watched that has nothing to do
ROLLING = 10  # replicas
IDLE = 30  # containers that a daemon, or a timer, looks after


@dataclass(frozen=True, slots=True)
class Living:
    """Seconds: ``serving`` from a commit, ``healed`` from a kill, ``rolled`` for an update of 10 replicas.

    ``least`` is how many of those answered at the worst moment.  ``cpu`` is the share of a core, and
    ``memory`` the bytes, of a daemon with nothing to do; ``tick`` is what an apply costs then.
    """

    serving: float
    healed: float
    rolled: float
    least: int
    cpu: float
    memory: int
    tick: Cost


def living(program: Program) -> Living:
    """Measure all of it, one after the other."""
    api.clear(program.podman.socket)
    program.commit("Begin", _web(ONE, 1))
    with _standing(program):
        _until(lambda: _answers(program, ONE))
        serving = median(_serving(program, number) for number in range(ROUNDS))
        healed = median(_healed(program) for _ in range(ROUNDS))
    rolled, least = _rolled(program)
    return Living(serving, healed, rolled, least, *_idle(program))


def _serving(program: Program, number: int) -> float:
    image = (TWO, ONE)[number % 2]
    begun = time.monotonic()
    program.commit(f"Turn to {image}", _web(image, 1))
    _until(lambda: _answers(program, image))
    return time.monotonic() - begun


def _healed(program: Program) -> float:
    _until(lambda: len(program.containers()) == 1)  # the one before it has left
    (victim,) = program.containers()
    begun = time.monotonic()
    api.ask(program.podman.socket, "DELETE", f"/containers/{victim['Id']}?force=true&timeout=0")
    _until(lambda: _answers(program, victim["Image"]))
    return time.monotonic() - begun


def _rolled(program: Program) -> tuple[float, int]:
    program.commit("Ten", _web(ONE, ROLLING))
    cost_of(program.words("apply"), program.environment())
    program.commit("Renew", _web(TWO, ROLLING))
    with watching(program) as seen:
        cost = cost_of(program.words("apply"), program.environment())
    return cost.seconds, min(seen.answered)


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
