"""``python -m tests.bench.standing SECONDS``: what a daemon with nothing to do takes, and asks for."""

import os
import shutil
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from tests.machine import api
from tests.machine.engine import until
from tests.machine.telling import tell
from tests.podman.counting import counting
from tests.podman.manifests import ONE, SERVE, deployment
from tests.podman.program import Program

PODS = 50
CALM = 2.0  # seconds in which one that has come to rest uses next to nothing
WRAPPER = '#!/bin/sh\necho "$@" >> {log}\nexec {git} "$@"\n'


@dataclass(frozen=True, slots=True)
class Stood:
    """What a daemon took in so many ``seconds``: CPU in seconds, bytes and descriptors at their end.

    ``podman`` and ``git`` are how often it asked one and started the other.
    """

    seconds: float
    cpu: float
    memory: int
    descriptors: int
    podman: int
    git: int


def standing(program: Program, seconds: float) -> Stood:
    """Watch a daemon with its usual interval that looks after pods to which nothing happens."""
    api.clear(program.podman.socket)
    program.deploy(deployment("web", ONE, replicas=PODS, command=SERVE))
    directory = program.state.parent
    log = directory / "git.log"
    with (
        counting(program.podman.socket, directory / "door.sock") as count,
        _counting_git(directory / "bin", log) as path,
        (directory / "standing.log").open("w") as output,
        replace(program, url=f"unix://{directory}/door.sock").spawned(
            "run", output=output, PATH=path
        ) as daemon,
    ):
        _until_it_rests(daemon.pid)
        asked, started = count.requests, _lines(log)
        used, begun = used_by(daemon.pid), time.monotonic()
        time.sleep(seconds)
        took, ended = used_by(daemon.pid) - used, time.monotonic()
        found = Stood(
            seconds=ended - begun,
            cpu=took,
            memory=_memory(daemon.pid),
            descriptors=len(list(Path(f"/proc/{daemon.pid}/fd").iterdir())),
            podman=count.requests - asked,
            git=_lines(log) - started,
        )
        daemon.terminate()
        daemon.wait()
    return found


def used_by(pid: int) -> float:
    """Return the seconds of CPU that a process and those that it started and saw end have used."""
    words = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return sum(map(int, words[11:15])) / os.sysconf("SC_CLK_TCK")


def _until_it_rests(pid: int) -> None:
    def rests() -> bool:
        before = used_by(pid)
        time.sleep(CALM)
        return before > 0.3 and used_by(pid) - before < 0.05

    until(rests, patience=60)


@contextmanager
def _counting_git(directory: Path, log: Path) -> Iterator[str]:
    """Lend a PATH on which every start of git leaves a line."""
    directory.mkdir()
    wrapper = directory / "git"
    wrapper.write_text(WRAPPER.format(log=log, git=shutil.which("git")))
    wrapper.chmod(0o755)
    log.touch()
    yield f"{directory}:{os.environ['PATH']}"


def _lines(log: Path) -> int:
    return len(log.read_text().splitlines())


def _memory(pid: int) -> int:
    rows = Path(f"/proc/{pid}/status").read_text().splitlines()
    (kilobytes,) = [row.split()[1] for row in rows if row.startswith("VmRSS:")]
    return int(kilobytes) * 1024


def main() -> None:
    """Watch for as long as the command line says, and tell what was found."""
    import tempfile

    from tests.chaos.play import a_podman
    from tests.gitops.repository import Repository
    from tests.machine.ending import end_well

    end_well()
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 600.0
    with a_podman() as podman, tempfile.TemporaryDirectory(prefix="sloop-standing-") as directory:
        place = Path(directory)
        tell(f"a daemon at {PODS} pods, watched for {seconds:.0f} s")
        found = standing(Program(podman, Repository(place / "site"), place / "state"), seconds)
    tell(
        f"{found.cpu:.2f} s of CPU ({found.cpu / found.seconds:.2%}), {found.memory / 2**20:.0f} MB, "
        f"{found.descriptors} descriptors, {found.podman} requests to Podman, git started {found.git} times"
    )


if __name__ == "__main__":
    main()
