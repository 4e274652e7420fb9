"""Under load: what a rolling update costs those who ask through a Service, and what its proxy takes."""

import os
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import quantiles

from tests.bench.race import cost_of
from tests.machine import api
from tests.machine.engine import until
from tests.podman.load import loading
from tests.podman.manifests import ONE, SERVE, TWO, Object, deployment, service
from tests.podman.program import Program

REPLICAS = 10
WARM, STANDING = 3.0, 5.0  # seconds of load before the update, and of none after it
PROXY = "default.web__service"
PROBE = {"readinessProbe": {"httpGet": {"port": 8000, "path": "/passwd"}, "periodSeconds": 1}}


@dataclass(frozen=True, slots=True)
class Latency:
    """How long requests took, in seconds: half of them at most ``half``, 99 of 100 at most ``most``."""

    half: float
    most: float

    @classmethod
    def of(cls, seconds: Sequence[float]) -> "Latency":
        """Return that of requests that took so many seconds each."""
        found = quantiles(seconds, n=100)
        return cls(found[49], found[98])


@dataclass(frozen=True, slots=True)
class Served:
    """A rolling update of 10 replicas: ``rolled`` seconds, and how requests fared ``before`` and ``during``.

    ``cpu`` is the proxy's seconds of CPU for 1,000 requests, ``idle`` the share of a core that it takes when
    nobody asks, ``memory`` its bytes, of which those that it shares with others count in part.
    """

    rolled: float
    answered: int
    failed: int
    before: Latency
    during: Latency
    cpu: float
    idle: float
    memory: int


def serving(program: Program) -> Served:
    """Renew ten replicas while four clients ask through their Service, each as soon as it was answered."""
    api.clear(program.podman.socket)
    _apply(program, ONE)
    with loading(f"http://{program.address(PROXY)}/passwd") as load:
        begun, used = len(load.seconds), _used(_processes(program))
        _let_pass(WARM)
        cpu = (_used(_processes(program)) - used) / (len(load.seconds) - begun) * 1000
        middle = len(load.seconds)
        rolled = _apply(program, TWO)
        during = load.seconds[middle:]
    used, begun_standing = _used(_processes(program)), time.monotonic()
    _let_pass(STANDING)
    idle = (_used(_processes(program)) - used) / (time.monotonic() - begun_standing)
    before = load.seconds[begun:middle]
    return Served(
        rolled=rolled,
        answered=len(during),
        failed=len(load.failed),
        before=Latency.of(before),
        during=Latency.of(during),
        cpu=cpu,
        idle=idle,
        memory=sum(map(_memory, _processes(program))),
    )


def _apply(program: Program, image: str) -> float:
    program.commit(f"Ten of {image}", *_ten(image))
    return cost_of(program.words("apply"), program.environment()).seconds


def _ten(image: str) -> tuple[Object, Object]:
    return deployment(image=image, replicas=REPLICAS, command=SERVE, **PROBE), service()


def _let_pass(seconds: float) -> None:
    end = time.monotonic() + seconds
    until(lambda: time.monotonic() > end, patience=seconds)


def _processes(program: Program) -> list[int]:
    """Return the proxy's processes: its master, and the workers that this has."""
    master = int(program.inspect(PROXY)["State"]["Pid"])
    workers = Path(f"/proc/{master}/task/{master}/children").read_text().split()
    return [master, *map(int, workers)]


def _used(processes: Sequence[int]) -> float:
    stats = (Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split() for pid in processes)
    return sum(sum(map(int, words[11:15])) for words in stats) / os.sysconf("SC_CLK_TCK")


def _memory(process: int) -> int:
    rows = Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()
    (kilobytes,) = [row.split()[1] for row in rows if row.startswith("Pss:")]
    return int(kilobytes) * 1024
