"""What a Podman that is killed in the middle leaves, made by hand or by such a kill."""

import os
import re
import signal
import subprocess
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from runtime.engine import EngineError
from tests.machine import api, engine

if TYPE_CHECKING:
    from tests.podman.conftest import Podman


def store(podman: "Podman", name: str, image: str) -> None:
    """Put a container into Podman's storage of which Podman knows nothing: another one makes it there."""
    private = podman.engine
    other = private.directory / "other.conf"
    known = Path(private.environment["CONTAINERS_CONF"]).read_text()
    static = f'static_dir = "{private.directory}/other"\n'
    other.write_text(re.sub(r"^\[engine\]\n", rf"\g<0>{static}", known, flags=re.MULTILINE))
    inside(podman, "podman", "create", "--network=none", f"--name={name}", image, CONTAINERS_CONF=str(other))


def begin_unseen(podman: "Podman", name: str) -> None:
    """Start a container without Podman's knowledge, as its runtime has done when Podman is killed then."""
    api.ask(podman.socket, "POST", f"/containers/{name}/init")
    seen = api.ask(podman.socket, "GET", f"/containers/{name}/json")
    inside(podman, seen["OCIRuntime"], "start", seen["Id"])


def kill_while_joining(podman: "Podman", ask: Callable[[], object]) -> None:
    """Kill Podman while it gives a container its place in a network."""
    private = podman.engine
    with ThreadPoolExecutor(1) as threads:
        asked = threads.submit(ask)
        while "netavark" not in map(engine.program, _children(private.pid)):
            assert not asked.done()
        restart(private)
        with suppress(EngineError):
            asked.result()


def restart(private: engine.PrivateEngine) -> None:
    """Kill Podman's service and start it again; containers run on."""
    os.kill(private.pid, signal.SIGKILL)
    assert engine.until(lambda: not api.answers(private.socket))
    engine.up(private.directory, own_network=True)


def inside(podman: "Podman", *words: str, **environment: str) -> None:
    """Run a command where Podman runs."""
    entering = engine.namespace(podman.engine) if os.geteuid() == 0 else []
    surroundings = {**engine.surroundings(podman.engine), **environment}
    subprocess.run([*entering, *words], env=surroundings, check=True, capture_output=True)


def _children(pid: int) -> list[int]:
    files = Path(f"/proc/{pid}/task").glob("*/children")
    return [int(one) for file in files for one in file.read_text().split()]
