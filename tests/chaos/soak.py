"""``python -m tests.chaos.soak``: a loop that keeps a busy machine for an hour must not grow.

A commit comes or a hand meddles, the loop has to follow, and all is quiet for a while, as on a real machine.
What the loop takes is read from the kernel; the last quarter of the time is held against the second one.
"""

import argparse
import random
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from tests.chaos.invariants import beside, broken, running
from tests.chaos.misfortune import hand
from tests.chaos.moves import new_configuration, new_image, new_number
from tests.chaos.play import a_podman
from tests.chaos.stage import Stage
from tests.machine.telling import tell
from tests.podman.keeping import Keeper, keeping

GLANCE = 0.5  # seconds between two looks whether it has
TELLING = 300.0  # seconds from one reading that is told to the next
MORE = 1.15  # times as much as before is still level; the rest is noise
CHANGES = (new_configuration, new_image, new_number, hand, hand)


@dataclass(frozen=True, slots=True)
class Reading:
    """What the loop takes: bytes of memory, open descriptors, threads, and bytes of its ledger."""

    memory: int
    descriptors: int
    threads: int
    ledger: int

    def __str__(self) -> str:
        return (
            f"{self.memory / 2**20:.1f} MiB, {self.descriptors} descriptors, {self.threads} threads, "
            f"ledger {self.ledger / 2**10:.0f} KiB"
        )


def main() -> None:
    """Keep a machine busy; exit with 1 where the loop falls behind, or takes more and more."""
    asked = _asked()
    tell(f"{asked.minutes:g} minutes from seed {asked.seed}")
    with a_podman() as podman:
        stage = Stage.set(podman, podman.directory.parent / "stage")
        with keeping(stage.program, "--interval", "1s") as keeper:
            readings = _busy(stage, keeper, asked)
        wrong = [*broken(stage, stage.mend()), *grown(readings)]
    for one in wrong:
        tell(f"  {one}")
    tell(f"{len(readings)} changes followed, {len(wrong)} things wrong")
    sys.exit(bool(wrong))


def grown(readings: Sequence[Reading]) -> list[str]:
    """Return what the last quarter took more of than the second one, in words."""
    quarter = len(readings) // 4
    before, after = readings[quarter : 2 * quarter], readings[-quarter:]
    pairs = {name: (_median(before, name), _median(after, name)) for name in Reading.__slots__}
    return [
        f"{name} grew from {old:.0f} to {new:.0f}" for name, (old, new) in pairs.items() if new > old * MORE
    ]


def _median(readings: Sequence[Reading], name: str) -> float:
    return median(getattr(one, name) for one in readings)


def _busy(stage: Stage, keeper: Keeper, asked: argparse.Namespace) -> list[Reading]:
    readings: list[Reading] = []
    chance, begun = random.Random(asked.seed), time.monotonic()
    told = begun - TELLING
    while (now := time.monotonic()) < begun + asked.minutes * 60:
        chance.choice(CHANGES)(stage, chance.random())
        if not _followed(stage, asked.patience):
            tell(f"the loop does not follow: {keeper.log.read_text()[-2000:]}")
            sys.exit(1)
        readings.append(_reading(stage, keeper.running.pid))
        if now >= told + TELLING:
            tell(f"{(now - begun) / 60:.0f} minutes: {readings[-1]}")
            told = now
        time.sleep(asked.rest)
    return readings


def _followed(stage: Stage, patience: float) -> bool:
    """Wait for the loop to carry out the newest commit and heal what a hand did; say whether it did."""
    end = time.monotonic() + patience
    while time.monotonic() < end:
        if _carried_out(stage) and _as_git_says(stage):
            return True
        time.sleep(GLANCE)
    return False


def _carried_out(stage: Stage) -> bool:
    newest = stage.program.json("history")[0]
    return bool(newest["outcome"] == "Synced" and newest["revision"] == stage.program.repository.head())


def _as_git_says(stage: Stage) -> bool:
    """Say whether the machine is as git says, and nothing is beside that."""
    return not [*running(stage), *beside(stage)]


def _reading(stage: Stage, pid: int) -> Reading:
    status = dict(line.split(":", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines())
    return Reading(
        memory=int(status["VmRSS"].split()[0]) * 1024,
        descriptors=len(list(Path(f"/proc/{pid}/fd").iterdir())),
        threads=int(status["Threads"]),
        ledger=sum(file.stat().st_size for file in stage.program.state.glob("ledger.sqlite3*")),
    )


def _asked() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos.soak", description=__doc__)
    parser.add_argument("--seed", type=int, default=random.randrange(1_000_000))
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--patience", type=float, default=60.0, help="seconds for the loop to follow")
    parser.add_argument("--rest", type=float, default=8.0, help="seconds of quiet after each change")
    return parser.parse_args()


if __name__ == "__main__":
    main()
