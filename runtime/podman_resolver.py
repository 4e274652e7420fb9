"""The program that answers the names of Podman's networks: whether it lives, and its new life.

Netavark starts it with the first container of a network, and again with any container once it is dead; of
its death nobody tells.
"""

import threading
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from runtime.engine import EngineError
from runtime.podman_api import Api
from runtime.podman_errors import unless_gone
from runtime.resources import Label

PROGRAM = "aardvark-dns"
PROCESS = "aardvark.pid"  # beside a file for each network in which somebody is
OF_ROOT = "/run/containers/networks"  # of every Podman that root has; see libnetwork's interface.go
INTERNAL = "%int"  # ends the name of the file of an internal network
PASSING = "sloop__resolver"
ITSELF = "/proc/self/exe"  # every image has it, and nothing is ever run: only looked for


class Resolver:
    """What answers the names of one Podman's networks.  Threads may share it."""

    def __init__(self, api: Api) -> None:
        self._api = api
        self._place: Path | None = None
        self._turn = threading.Lock()

    def note(self, containers: Iterable[Mapping[str, Any]]) -> None:
        """Learn where it keeps its files, from one of Podman's containers that runs."""
        for process in (one["Pid"] for one in containers if one.get("Pid")):
            with suppress(OSError, ValueError):  # it ended meanwhile
                self._place = _place(process)
                return

    def mute(self) -> frozenset[str]:
        """Return the networks in which somebody is, and whose names nobody answers; Podman isn't asked.

        It is empty until ``note`` has learnt something.
        """
        if self._place is None or _lives(self._place / PROCESS):
            return frozenset()
        with suppress(OSError):
            files = [one.name for one in self._place.iterdir()]
            return frozenset(one.removesuffix(INTERNAL) for one in files if one != PROCESS)
        return frozenset()

    def revive(self, network: str) -> None:
        """Let netavark start it: by a container that joins the network, whose program never runs.

        One that lives by now is left alone.
        """
        with self._turn:
            if network not in self.mute() or self._place is None:
                return
            with suppress(OSError):  # netavark takes whatever has that number by now for the resolver
                (self._place / PROCESS).unlink()
            self._pass_through(network)
            if network in self.mute():
                raise EngineError(f"cannot revive the network {network}: {PROGRAM} ends at once")

    def _pass_through(self, network: str) -> None:
        self._remove()  # a crash may have left it
        self._api.post("containers/create", _spec(network, self._image()))
        try:
            self._api.post(f"containers/{PASSING}/init")
        finally:
            self._remove()

    def _remove(self) -> None:
        with unless_gone():
            self._api.delete(f"containers/{PASSING}", force=True, volumes=True, timeout=0)

    def _image(self) -> str:
        """Return an image that is there for certain: somebody runs it."""
        running = self._api.get("containers/json")
        return next((one["ImageID"] for one in running if one["ImageID"]), "")


def _spec(network: str, image: str) -> dict[str, Any]:
    return {
        "name": PASSING,
        "image": image,
        "labels": {Label.KIND: "resolver"},
        "entrypoint": [ITSELF],
        "command": [],
        "image_volume_mode": "ignore",
        "healthconfig": {"Test": ["NONE"]},
        "netns": {"nsmode": "bridge"},
        "networks": {network: {}},
    }


def _place(process: int) -> Path:
    """Return the resolver's folder as the monitor of a container sees it, by the process of that container.

    A rootless Podman has it below its run-time folder, of which its monitors are told.
    """
    _, _, after = Path(f"/proc/{process}/stat").read_text().rpartition(") ")
    monitor = Path(f"/proc/{after.split()[1]}")
    networks = OF_ROOT
    if monitor.stat().st_uid:
        words = (monitor / "cmdline").read_bytes().decode().split("\0")
        networks = words[words.index("--runroot") + 2] + "/networks"  # each word is announced by another
    return Path(f"{monitor}/root{networks}", PROGRAM)


def _lives(file: Path) -> bool:
    """Say whether the process that a file names is the resolver; so it is where that can't be told."""
    try:
        stat = Path(f"/proc/{int(file.read_text())}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False
    except (OSError, ValueError):
        return True
    name, _, after = stat.rpartition(") ")
    return name.endswith(f"({PROGRAM}") and not after.startswith("Z")
