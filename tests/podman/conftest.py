"""Gives tests a Podman of their own, started once a session, and empty for each test that asks."""

import contextlib
import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from runtime.podman import PodmanEngine
from runtime.proxies import BUILT
from tests.gitops.repository import Repository
from tests.machine import api, engine, images, network
from tests.machine.engine import PrivateEngine
from tests.podman.program import Program

IMAGES = {"localhost/sloop/busybox:1": "1", "localhost/sloop/busybox:2": "2"}
PLACE = Path("/var/tmp")  # on a disk, where /tmp may be memory
PREFIX = f"sloop-tests-{os.getuid()}-"


@dataclass(frozen=True, slots=True)
class Podman:
    """A running Podman that belongs to the tests; ``images`` are in it, one program under two digests."""

    engine: PrivateEngine
    images: tuple[str, ...]

    @property
    def socket(self) -> Path:
        """Return where its API listens."""
        return self.engine.socket

    @property
    def url(self) -> str:
        """Return its address, for ``--podman`` and for clients."""
        return self.engine.url

    @property
    def directory(self) -> Path:
        """Return the folder under which all of it lies."""
        return self.engine.directory


@pytest.fixture(scope="session")
def podman() -> Iterator[Podman]:
    """Start a private engine; the ports that it publishes are reached from this process, at 127.0.0.1."""
    with claimed() as directory:
        try:
            started = engine.up(directory, own_network=True)
            images.build(started, Path(__file__).parent / "images" / "busybox", IMAGES)
            PodmanEngine(started.url).build(BUILT)
            with network.inside_network(started):
                yield Podman(started, tuple(IMAGES))
        finally:
            engine.down(directory)


@pytest.fixture
def empty_podman(podman: Podman) -> Iterator[Podman]:
    """Lend the engine with nothing in it but images, and clear away whatever the test leaves."""
    api.clear(podman.socket)
    yield podman
    api.clear(podman.socket)


@pytest.fixture
def program(empty_podman: Podman, tmp_path: Path) -> Program:
    """Return the program with an empty repository, on an empty engine."""
    return Program(empty_podman, Repository(tmp_path / "site"), tmp_path / "state", warmed=True)


@contextlib.contextmanager
def claimed() -> Iterator[Path]:
    """Lend a folder that other sessions leave alone while we live, and take down what killed ones left."""
    with (PLACE / f".{PREFIX}lock").open("w") as door:
        fcntl.flock(door, fcntl.LOCK_EX)
        sweep()
        session = Path(tempfile.mkdtemp(prefix=PREFIX, dir=PLACE))
        owner = (session / "owner").open("w")
        fcntl.flock(owner, fcntl.LOCK_EX)
    with owner:
        try:
            yield session / "podman"
        finally:
            shutil.rmtree(session)


def sweep() -> None:
    """Take down the engines of sessions that were killed: nobody holds their lock."""
    for session in PLACE.glob(f"{PREFIX}*"):
        with contextlib.suppress(BlockingIOError), (session / "owner").open("w") as owner:
            fcntl.flock(owner, fcntl.LOCK_EX | fcntl.LOCK_NB)
            engine.down(session / "podman")
            shutil.rmtree(session)
