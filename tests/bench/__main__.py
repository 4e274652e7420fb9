"""``python -m tests.bench``: measures everything, and writes docs/benchmarks.md, plots and raw figures."""

import argparse
import json
import os
import platform
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

from tests.bench import tools
from tests.bench.goals import goals
from tests.bench.leading import goals as goals_of_leading
from tests.bench.leading import leading
from tests.bench.living import living
from tests.bench.page import DEEDS, by_count, page
from tests.bench.peers import all_peers
from tests.bench.planning import planning
from tests.bench.plot import bars
from tests.bench.race import Figure, race
from tests.chaos.play import a_podman
from tests.gitops.repository import Repository
from tests.machine import api, network
from tests.machine.telling import tell
from tests.podman.conftest import Podman
from tests.podman.program import Program

DOCS = Path(__file__).parents[2] / "docs"
ROUNDS = {1: 5, 10: 3, 30: 3}  # how often each peer brings up so many; larger numbers once
MANY = 300  # the number at which only those race that are quick enough to be waited for
SLOW = {"podman-compose", "podman kube play"}


def main() -> None:
    """Measure what the command line asks for, and write it down."""
    asked = argparse.ArgumentParser(prog="make bench")
    asked.add_argument("--counts", default="1,10,30,100,300", help="numbers of containers")
    asked.add_argument("--into", type=Path, default=DOCS, help="where the page is written")
    asked.add_argument("--rounds", type=int, default=max(ROUNDS.values()), help="at most so many of each")
    said = asked.parse_args()
    tools.docker_compose(), tools.podman_compose()
    with _a_podman() as podman, tempfile.TemporaryDirectory(prefix="sloop-bench-") as directory:
        place, machine = Path(directory), _machine(podman, os.getloadavg()[0])
        planned = planning(_program(podman, place / "plan"))
        lived = living(_program(podman, place / "life"))
        led = leading(_program(podman, place / "led"))
        figures = [
            figure
            for count in map(int, said.counts.split(","))
            for figure in _raced(podman, place / f"race-{count}", count, said.rounds)
        ]
    found = [*goals(figures, planned, lived), *goals_of_leading(led)]
    said.into.mkdir(exist_ok=True)
    (said.into / "benchmarks.md").write_text(page(machine, figures, planned, lived, led, found))
    for deed, title in DEEDS.items():
        (said.into / f"benchmark-{deed}.svg").write_text(
            bars(f"{title}: seconds, less is better", by_count(figures, deed))
        )
    raw = {
        "machine": machine,
        "figures": [asdict(one) for one in figures],
        "planned": [asdict(one) for one in planned],
        "living": asdict(lived),
        "leading": asdict(led),
    }
    (said.into / "benchmarks.json").write_text(json.dumps(raw, indent=1) + "\n")
    for goal in found:
        tell(f"{'met' if goal.met else 'MISSED'}: {goal.what}: {goal.found:.2f} (at most {goal.most:g})")
    tell(f"written: {said.into / 'benchmarks.md'}")


@contextmanager
def _a_podman() -> Iterator[Podman]:
    """Lend a Podman whose containers can be reached from here."""
    with a_podman() as podman, network.inside_network(podman.engine):
        yield podman


def _raced(podman: Podman, directory: Path, count: int, most: int) -> list[Figure]:
    peers = all_peers(_program(podman, directory), directory / "peers")
    taking_part = [peer for peer in peers if count < MANY or peer.name not in SLOW]
    return race(podman.socket, taking_part, count, rounds=min(most, ROUNDS.get(count, 1)))


def _program(podman: Podman, directory: Path) -> Program:
    directory.mkdir()
    return Program(podman, Repository(directory / "site"), directory / "state")


def _machine(podman: Podman, load: float) -> Mapping[str, str]:
    """Describe what the figures are of; ``load`` is what else the machine had to do when it began."""
    version = api.ask(podman.socket, "GET", "/version")["Version"]
    models = [row for row in Path("/proc/cpuinfo").read_text().splitlines() if row.startswith("model name")]
    model = models[0].partition(":")[2].strip() if models else platform.machine()
    return {
        "processor": f"{os.cpu_count()} x {model}",
        "system": f"{platform.freedesktop_os_release()['PRETTY_NAME']}, Linux {platform.release()}",
        "Podman": f"{version}, {'root' if os.geteuid() == 0 else 'rootless'}",
        "Python": sys.version.split()[0],
        "load before it began": f"{load:.1f}",
    }


if __name__ == "__main__":
    main()
