"""Who is measured: each brings up, keeps, changes and takes down so many containers of one image."""

import json
import os
import shlex
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.bench import floor, tools
from tests.machine.engine import short, surroundings
from tests.podman.manifests import ONE, deployment, pod
from tests.podman.program import Program

Words = Sequence[str]
DEEDS = ("up", "again", "change", "down")
ROOMY = "10.202.0.0/20"  # Podman's own choice has room for 253 containers


@dataclass(frozen=True, slots=True)
class Peer:
    """One contestant.  ``words`` says for a deed and a number of containers what is run, as one process.

    ``repeats`` is how often it is run with nothing to do, ``rounds`` how often it takes part at most, and
    ``most`` the largest number of containers with which it is waited for.
    """

    name: str
    words: Callable[[str, int], Words]
    environment: Mapping[str, str] = field(default_factory=dict)
    repeats: int = 3
    rounds: int = 3
    most: int = 300


def all_peers(program: Program, directory: Path) -> list[Peer]:
    """Return everyone who takes part on this Podman; what they need is written into ``directory``."""
    directory.mkdir(parents=True, exist_ok=True)
    podman = _podman(program, directory)
    docker = {"DOCKER_HOST": program.podman.url}
    return [
        Peer("bare API, 8 threads", lambda deed, count: _floor(program, deed, count)),
        Peer("sloop", lambda deed, count: _sloop(program, deed, count), program.environment()),
        Peer(
            "docker compose",
            lambda deed, count: _compose([tools.docker_compose()], directory, deed, count),
            docker,
        ),
        Peer(
            "podman-compose",
            lambda deed, count: _compose(
                [tools.podman_compose(), "--podman-path", podman], directory, deed, count
            ),
            rounds=2,
            most=100,
        ),
        Peer(
            "podman kube play",
            lambda deed, count: _kube(podman, directory, deed, count),
            repeats=1,
            rounds=1,
            most=30,
        ),
    ]


def _floor(program: Program, deed: str, count: int) -> Words:
    return [sys.executable, floor.__file__, str(program.podman.socket), deed, str(count), ONE]


def _sloop(program: Program, deed: str, count: int) -> Words:
    objects = [] if deed == "down" else [_deployment(number, deed) for number in range(count)]
    if deed != "again":
        program.commit(f"{deed} {count}", *objects)
    return program.words("apply", *(["--allow-empty"] if deed == "down" else []))


def _compose(command: Words, directory: Path, deed: str, count: int) -> Words:
    file = directory / "compose.yaml"
    services = {f"web-{number}": _service(number, deed) for number in range(count)}
    networks = {"default": {"ipam": {"config": [{"subnet": ROOMY}]}}}
    file.write_text(json.dumps({"name": "bench", "services": services, "networks": networks}))
    act = ["down", "--timeout", "0"] if deed == "down" else ["up", "--detach"]
    return [*command, "--file", str(file), *act]


def _kube(podman: str, directory: Path, deed: str, count: int) -> Words:
    file = directory / "pods.yaml"
    pods = [pod(f"web-{number}", env=_changed(number, deed)) for number in range(count)]
    file.write_text("\n---\n".join(map(json.dumps, pods)))
    options = {"up": [], "again": ["--replace"], "change": ["--replace"], "down": ["--down"]}[deed]
    return [podman, "kube", "play", *options, str(file)]


def _podman(program: Program, directory: Path) -> str:
    """Return a podman command of the Podman that is measured, run where that has its namespaces."""
    engine = program.podman.engine
    enter = ["nsenter", f"--target={engine.pid}", "--mount", "--net"] if os.geteuid() == 0 else []
    variables = [f"{name}={value}" for name, value in surroundings(engine).items() if name not in os.environ]
    words = [*enter, "env", *variables, "podman", f"--runroot={short(engine.directory) / 'run'}"]
    path = directory / "podman"
    path.write_text(f'#!/bin/sh\nexec {shlex.join(words)} "$@"\n')
    path.chmod(0o755)
    return os.fspath(path)


def _deployment(number: int, deed: str) -> dict[str, Any]:
    return deployment(f"web-{number}", env=_changed(number, deed))


def _service(number: int, deed: str) -> dict[str, Any]:
    variables = {one["name"]: one["value"] for one in _changed(number, deed)}
    return {
        "image": ONE,
        "command": ["sleep", "1000"],
        "stop_grace_period": "0s",
        "environment": variables,
    }


def _changed(number: int, deed: str) -> list[dict[str, str]]:
    """Return the environment, which is another one for the first container when one is to change."""
    return [{"name": "CHANGED", "value": str(deed == "change" and number == 0)}]
