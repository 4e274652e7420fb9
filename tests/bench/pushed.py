"""From ``git push`` to the new version answering, beside the bare calls that bring it up."""

import subprocess
import time
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median

from tests.bench.living import answers, standing_by, until
from tests.machine import api
from tests.podman.manifests import ONE, SERVE, TWO, deployment
from tests.podman.program import Program
from tests.podman.watching import fetched

ROUNDS = 3


@dataclass(frozen=True, slots=True)
class Pushed:
    """Seconds until a new version answers: by ``bare`` calls, by a push ``alone``, and with a ``daemon``."""

    bare: float
    alone: float
    daemon: float


def pushed(program: Program, directory: Path) -> Pushed:
    """Push new images to a repository that deploys them, first without and then with a daemon."""
    api.clear(program.podman.socket)
    origin = directory / "origin.git"
    made = program.run("init", str(origin))
    assert made.code == 0, made
    program.repository.git("remote", "add", "origin", str(origin))
    there = replace(program, source=str(origin))
    alone = [_push(there, number) for number in range(ROUNDS + 1)][1:]
    with standing_by(there, "30s"):
        daemon = [_push(there, number) for number in range(ROUNDS + 1)][1:]
    bare = [_bare(there, number) for number in range(ROUNDS)]
    return Pushed(median(bare), median(alone), median(daemon))


def _push(program: Program, number: int) -> float:
    """Push the other image; return the seconds until it answers.  What follows is waited for."""
    image = (TWO, ONE)[number % 2]
    program.commit(f"Turn to {image}", deployment("web", image, command=SERVE))
    words = ["git", "push", "--quiet", "origin", "main"]
    place, quiet = program.repository.directory, subprocess.DEVNULL
    begun = time.monotonic()
    with subprocess.Popen(words, cwd=place, env=program.environment(), stderr=quiet) as pushing:
        until(lambda: answers(program, image))
        took = time.monotonic() - begun
        assert pushing.wait(60) == 0
    return took


def _bare(program: Program, number: int) -> float:
    """Make a container as a pod of the same would be, and start it; return the seconds until it answers."""
    name, socket = f"bare-{number}", program.podman.socket
    what = {"name": name, "image": ONE, "command": list(SERVE), "stop_timeout": 0}
    where = {"netns": {"nsmode": "bridge"}, "networks": {"sloop-default": {}}}
    begun = time.monotonic()
    api.ask(socket, "POST", "/containers/create", {**what, **where})
    api.ask(socket, "POST", f"/containers/{name}/start")
    until(lambda: fetched(f"http://{program.address(name)}:8000/passwd"))
    took = time.monotonic() - begun
    api.ask(socket, "DELETE", f"/containers/{name}?force=true&timeout=0")
    return took
