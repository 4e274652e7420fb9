"""``python -m tests.bench``: measures everything, and writes docs/benchmarks.md, plots and raw figures."""

import argparse
import json
import os
import platform
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

from tests.bench import tools
from tests.bench.goals import goals
from tests.bench.leading import goals as goals_of_leading
from tests.bench.leading import leading
from tests.bench.living import living
from tests.bench.page import DEEDS, Others, by_count, page
from tests.bench.peers import all_peers
from tests.bench.planning import planning
from tests.bench.plot import bars
from tests.bench.pushed import pushed
from tests.bench.race import Figure, race
from tests.bench.serving import serving
from tests.bench.standing import PODS, standing
from tests.chaos.play import a_podman
from tests.gitops.repository import Repository
from tests.machine import api, network
from tests.machine.ending import end_well
from tests.machine.telling import tell
from tests.podman.conftest import Podman
from tests.podman.program import Program

DOCS = Path(__file__).parents[2] / "docs"
COUNTS = "30,100,1,10,300"  # the ones that goals are about first: time may run out
ROUNDS = {1: 3, 10: 3, 30: 3}  # how often each peer brings up so many; larger numbers once
MINUTES = 8.0  # nothing begins after that, and what has begun is over two minutes later


def main() -> None:
    """Measure what the command line asks for, and write it down; leave nothing behind if somebody ends it."""
    end_well()
    said = _asked()
    deadline = time.monotonic() + said.minutes * 60
    tools.docker_compose(), tools.podman_compose()
    with _a_podman() as podman, tempfile.TemporaryDirectory(prefix="sloop-bench-") as directory:
        place, machine = Path(directory), _machine(podman, os.getloadavg()[0])
        tell("plans of many objects")
        planned = planning(_program(podman, place / "plan"))
        tell("from a commit, a kill and a removal to serving")
        lived = living(_program(podman, place / "life"))
        tell("from a push to the new version")
        (place / "push").mkdir()
        brought = pushed(_program(podman, place / "push/site"), place / "push")
        tell(f"a daemon with nothing to do at {PODS} pods")
        stood = standing(_program(podman, place / "stand"), said.standing)
        tell("a rolling update under load")
        served = serving(_program(podman, place / "load"))
        tell("what it costs to be led by a Service and by an Ingress")
        led = leading(_program(podman, place / "led"))
        figures = [
            figure
            for count in map(int, said.counts.split(","))
            for figure in _raced(podman, place / f"race-{count}", count, said.rounds, deadline)
        ]
    _write(said.into, machine, figures, Others(planned, lived, served, led, brought, stood))


def _asked() -> argparse.Namespace:
    asked = argparse.ArgumentParser(prog="make bench")
    asked.add_argument("--counts", default=COUNTS, help="numbers of containers, in the order of their turns")
    asked.add_argument("--into", type=Path, default=DOCS, help="where the page is written")
    asked.add_argument("--rounds", type=int, default=max(ROUNDS.values()), help="at most so many of each")
    asked.add_argument("--standing", type=float, default=10, help="seconds of a daemon with nothing to do")
    asked.add_argument("--minutes", type=float, default=MINUTES, help="nobody begins after so many")
    return asked.parse_args()


def _write(into: Path, machine: Mapping[str, str], figures: Sequence[Figure], others: Others) -> None:
    into.mkdir(exist_ok=True)
    found = [*goals(figures, others), *goals_of_leading(others.led)]
    (into / "benchmarks.md").write_text(page(machine, figures, others, found))
    for deed, title in DEEDS.items():
        (into / f"benchmark-{deed}.svg").write_text(
            bars(f"{title}: seconds, less is better", by_count(figures, deed))
        )
    raw = {"machine": machine, "figures": [asdict(one) for one in figures], **asdict(others)}
    (into / "benchmarks.json").write_text(json.dumps(raw, indent=1) + "\n")
    for goal in found:
        tell(f"{'met' if goal.met else 'MISSED'}: {goal.what}: {goal.found:.2f} (at most {goal.most:g})")
    tell(f"written: {into / 'benchmarks.md'}")


@contextmanager
def _a_podman() -> Iterator[Podman]:
    """Lend a Podman whose containers can be reached from here."""
    with a_podman() as podman, network.inside_network(podman.engine):
        yield podman


def _raced(podman: Podman, directory: Path, count: int, most: int, deadline: float) -> list[Figure]:
    peers = all_peers(_program(podman, directory), directory / "peers")
    rounds = min(most, ROUNDS.get(count, 1))
    return race(podman.socket, peers, count, rounds=rounds, deadline=deadline)


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
