"""The real command against the private Podman: a repository, a state directory, and what is there then."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from runtime.resources import Label
from tests.gitops.repository import Repository
from tests.machine import api, engine, images, network
from tests.podman import doomed
from tests.podman.warm import warm

if TYPE_CHECKING:
    from tests.podman.conftest import Podman

START = """
import signal
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background commands ignore Ctrl-C
from gitops.cli import main
main()
"""
SLOOP = (sys.executable, "-c", START)
LOADED = (SLOOP, doomed.MODULE)  # what a process that has loaded it already can be copied for
PATIENCE = 60.0  # seconds; two cores and their other guests are slow at times
KINDS = ("containers", "volumes", "secrets", "networks")


@dataclass(frozen=True, slots=True)
class Said:
    """How a command ended, and what it said."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        """The JSON that it printed."""
        return json.loads(self.out)

    @property
    def lines(self) -> list[str]:
        """What it complained about, line by line."""
        return self.err.splitlines()


@dataclass(frozen=True, slots=True)
class Program:
    """One source on one Podman, in whose network it runs.

    ``command`` is what is run, ``source`` what is given as ``--repo``.

    A ``config`` stands in the place of that; ``selected`` is one of its sources.  Where it is ``warmed``,
    a command that there is nothing special about begins loaded: who measures wants it cold.
    """

    podman: "Podman"
    repository: Repository
    state: Path
    command: tuple[str, ...] = SLOOP
    source: str = ""
    url: str = ""
    config: Path | None = None
    selected: str = ""
    warmed: bool = False

    def run(self, *arguments: str, **environment: str) -> Said:
        """Run the command to its end."""
        if self.warmed and not environment and self.command[:3] in LOADED:
            words = self.words(*arguments)[1:]
            with network.inside_network(self.podman.engine):
                return Said(*warm(words, self.environment(), seconds=PATIENCE))
        with self.started(*arguments, **environment) as running:
            out, err = running.communicate(timeout=PATIENCE)
        return Said(running.returncode, out, err)

    def json(self, *arguments: str) -> Any:
        """Return what the command says to scripts."""
        return self.run("-o", "json", *arguments).document

    @contextmanager
    def started(self, *arguments: str, **environment: str) -> Iterator[subprocess.Popen[str]]:
        """Start the command; it is killed if it is still there at the end."""
        surroundings = self.environment() | environment
        pipe = subprocess.PIPE
        with network.inside_network(self.podman.engine):
            running = subprocess.Popen(
                self.words(*arguments),
                env=surroundings,
                stdin=subprocess.DEVNULL,
                stdout=pipe,
                stderr=pipe,
                text=True,
            )
        with running, _killed(running):
            yield running

    @contextmanager
    def spawned(
        self, *arguments: str, output: TextIO, **environment: str
    ) -> Iterator[subprocess.Popen[bytes]]:
        """Start the command, which writes all that it says to a file."""
        with network.inside_network(self.podman.engine):
            running = subprocess.Popen(
                self.words(*arguments),
                env=self.environment() | environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        with running, _killed(running):
            yield running

    def words(self, *arguments: str) -> list[str]:
        """Return the whole command line."""
        options = ("--repo", self.source or str(self.repository.directory))
        named = ("--source", self.selected) if self.selected else ()
        source = ("--config", str(self.config), *named) if self.config else options
        return [
            *self.command,
            *source,
            "--state",
            str(self.state),
            "--podman",
            self.url or self.podman.url,
            *arguments,
        ]

    def environment(self) -> dict[str, str]:
        """Return an environment in which neither git nor sloop reads anybody's settings."""
        foreign = ("GIT_", "SLOOP_", "CONTAINER", "PODMAN")
        kept = {name: value for name, value in os.environ.items() if not name.startswith(foreign)}
        return kept | {"GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_NOSYSTEM": "1"}

    def commit(self, subject: str, *objects: Mapping[str, Any]) -> str:
        """Commit these objects, a file each, and no others."""
        gone: dict[str, str | None] = dict.fromkeys(self.files())
        files = {f"{one['kind']}-{one['metadata']['name']}.yaml".lower(): json.dumps(one) for one in objects}
        return self.repository.commit(subject, gone | files)

    def deploy(self, *objects: Mapping[str, Any]) -> None:
        """Commit these objects, apply them, and find all well, now and at a second look."""
        self.commit("Deploy", *objects)
        said = self.run("apply")
        assert said.code == 0, said
        assert self.run("diff").code == 0

    def files(self) -> list[str]:
        """Return the manifests that are there."""
        return [path.name for path in self.repository.directory.glob("*.yaml")]

    def containers(self) -> list[dict[str, Any]]:
        """Return all containers as Podman lists them, by name."""
        found = api.ask(self.podman.socket, "GET", "/containers/json?all=true") or []
        return sorted(found, key=lambda one: str(one["Names"]))

    def ids(self) -> dict[str, str]:
        """Return the ids of all containers by name."""
        return {one["Names"][0]: one["Id"] for one in self.containers()}

    def running(self) -> list[str]:
        """Return the names of the containers that run."""
        return [one["Names"][0] for one in self.containers() if one["State"] == "running"]

    def images(self) -> list[str]:
        """Return the images of the containers that run."""
        return [one["Image"] for one in self.containers() if one["State"] == "running"]

    def things(self) -> dict[str, list[str]]:
        """Return the names of everything that there is, but for the key and Podman's own network."""
        found = {kind: api.ask(self.podman.socket, "GET", _listed(kind)) or [] for kind in KINDS}
        names = {kind: sorted(filter(_counts, map(_name, rows))) for kind, rows in found.items()}
        return {kind: rows for kind, rows in names.items() if rows}

    def inspect(self, name: str) -> Any:
        """Return all that Podman tells of a container."""
        return api.ask(self.podman.socket, "GET", f"/containers/{name}/json")

    def do(self, name: str, *words: str) -> str:
        """Run something in a container and return what it prints; what fails prints nothing.

        Root asks Podman's runtime itself: of commands that end quickly the output is lost now and then on
        its way through Podman's service (seen with 4.3, on a busy machine).
        """
        if os.geteuid() == 0:
            return self._done(name, *words)
        with suppress(OSError):
            return images.podman(self.podman.engine, "exec", name, *words)
        return ""

    def _done(self, name: str, *words: str) -> str:
        with suppress(api.ApiError):
            seen = self.inspect(name)
            command = [seen["OCIRuntime"], "exec", seen["Id"], *words]
            done = subprocess.run(
                command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
            )
            return "" if done.returncode else done.stdout
        return ""

    def address(self, name: str) -> str:
        """Return the address of a container."""
        networks = self.inspect(name)["NetworkSettings"]["Networks"]
        return str(next(iter(networks.values()))["IPAddress"])

    def of(self, workload: str) -> list[str]:
        """Return the names of the containers of one Deployment or Pod."""
        return [
            one["Names"][0]
            for one in self.containers()
            if (one["Labels"] or {}).get(Label.OWNER, "").endswith(f"/{workload}")
        ]


def until(holds: Any, *, patience: float = PATIENCE) -> None:
    """Wait until the condition holds, be it for a moment; a test goes no further without it."""
    assert engine.until(holds, patience=patience)


@contextmanager
def _killed(running: subprocess.Popen[Any]) -> Iterator[None]:
    try:
        yield
    finally:
        running.kill()


def _listed(kind: str) -> str:
    return f"/{kind}/json" + ("?all=true" if kind == "containers" else "")


def _name(row: Mapping[str, Any]) -> str:
    match row:
        case {"Names": [name, *_]} | {"Name": name} | {"name": name} | {"Spec": {"Name": name}}:
            return str(name)
    raise AssertionError(row)


def _counts(name: str) -> bool:
    return name != "podman" and not name.startswith("sloop-key-")
