"""Whole processes in turn: how long each peer takes for the same deed, on one machine, with one image."""

import os
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from tests.bench.peers import Peer
from tests.machine import api
from tests.machine.telling import tell


@dataclass(frozen=True, slots=True)
class Cost:
    """What one process took: seconds by the clock and of CPU with its children's, bytes at its largest."""

    seconds: float
    cpu: float
    memory: int


@dataclass(frozen=True, slots=True)
class Figure:
    """What a peer took for a deed on so many containers, round by round."""

    deed: str
    count: int
    peer: str
    costs: Sequence[Cost]

    @property
    def seconds(self) -> float:
        """The median by the clock."""
        return median(cost.seconds for cost in self.costs)


class Failed(Exception):
    """A process that was to be measured ended badly."""


def cost_of(words: Sequence[str], environment: dict[str, str], *, codes: Sequence[int] = (0,)) -> Cost:
    """Run a process to its end and return what it took; it prints into nowhere."""
    begun = time.perf_counter()
    with subprocess.Popen(
        words, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    ) as process:
        assert process.stderr is not None
        try:
            said = process.stderr.read()
        except BaseException:  # somebody ends us: it has nobody to work for any more
            process.kill()
            raise
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    took = time.perf_counter() - begun
    if process.returncode not in codes:
        raise Failed(f"{' '.join(words)}: {process.returncode} {said.decode(errors='replace')[-500:]}")
    return Cost(took, used.ru_utime + used.ru_stime, used.ru_maxrss * 1024)


def race(socket: Path, peers: Sequence[Peer], count: int, *, rounds: int, deadline: float) -> list[Figure]:
    """Let each peer bring up, keep, change and take down so many containers, in turn, so many rounds.

    Nobody begins after the deadline, in seconds of the monotonic clock.
    """
    costs: dict[tuple[str, str], list[Cost]] = {}
    for number in range(rounds):
        for peer in (one for one in peers if number < one.rounds and count <= one.most):
            if time.monotonic() > deadline:
                tell(f"{count} containers, round {number + 1}: no time left for {peer.name}")
                continue
            api.clear(socket)
            tell(f"{count} containers, round {number + 1}: {_told(took := _run(peer, count))} {peer.name}")
            for deed, cost in took:
                costs.setdefault((deed, peer.name), []).append(cost)
    return [Figure(deed, count, peer, seen) for (deed, peer), seen in costs.items()]


def _run(peer: Peer, count: int) -> list[tuple[str, Cost]]:
    return [
        (deed, cost_of(peer.words(deed, count), {**os.environ, **peer.environment}))
        for deed in ("up", *["again"] * peer.repeats, "change", "down")
    ]


def _told(took: Sequence[tuple[str, Cost]]) -> str:
    return ", ".join(f"{deed} {cost.seconds:.2f} s" for deed, cost in took)
