"""Containers start in networks whose bridges keep their addresses, as root and rootless."""

import os
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from runtime import bridge
from runtime.podman_api import Api, named

RESOLVER = "aardvark-dns"  # it runs in the network namespace of the bridges, and lists who is in them


class Bridges:
    """The bridges of one Podman's networks, by the networks' names.  Threads may share it."""

    def __init__(self, api: Api) -> None:
        self._api = api
        self._names: dict[str, str] = {}

    def note(self, networks: Iterable[Mapping[str, Any]]) -> None:
        """Remember what Podman tells of its networks: it is asked for what is not remembered."""
        self._names |= {one["name"]: one.get("network_interface") or "" for one in networks}

    def start(self, container: str, networks: Iterable[str] | None = None) -> None:
        """Start a container; without ``networks`` Podman is asked for them.

        Where a bridge isn't there yet, or isn't in our own network, the container joins it before its
        program runs, so that nobody learns an address that changes.
        """
        path = f"containers/{named(container)}"
        if networks is None:
            networks = self._api.get(f"{path}/json")["NetworkSettings"]["Networks"] or ()
        bridges = self._of(networks)
        if bridges and not (_are_here() and bridge.hold(bridges)):
            self._api.post(f"{path}/init")
            self._hold(container, bridges)
        self._api.post(f"{path}/start")

    def join(self, container: str, network: str, aliases: Iterable[str], address: str = "") -> None:
        """Put a container into a network, at its ``address`` or, for "", anywhere."""
        place = {"static_ips": [address]} if address else {}
        into = {"container": container, "aliases": list(aliases), **place}
        self._api.post(f"networks/{named(network)}/connect", into)
        self._hold(container, self._of([network]))

    def leave(self, container: str, network: str) -> None:
        """Take a container out of a network."""
        out = {"container": container, "force": True}
        self._api.post(f"networks/{named(network)}/disconnect", out)

    def _hold(self, container: str, bridges: list[str]) -> None:
        if _are_here():
            bridge.hold(bridges)
        elif bridges:
            _hold_elsewhere(self._api.get(f"containers/{named(container)}/json")["Id"], bridges)

    def _of(self, networks: Iterable[str]) -> list[str]:
        return [name for network in networks if (name := self._name(network))]

    def _name(self, network: str) -> str:
        if network not in self._names:
            self.note([self._api.get(f"networks/{named(network)}/json")])
        return self._names[network]


def _are_here() -> bool:
    """Say whether bridges are in our own network: rootless Podman has another one for them."""
    return os.geteuid() == 0


def _hold_elsewhere(container: str, bridges: list[str]) -> None:
    """Hold them in the network that rootless Podman keeps its bridges in: its resolver leads there."""
    import subprocess  # 20 ms, and no idle pass needs it

    for resolver in _resolvers(container):
        enter = ["nsenter", f"--target={resolver}", "--user", "--net", "--preserve-credentials"]
        subprocess.run(
            [*enter, sys.executable, "-I", "-S", bridge.__file__, *bridges],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
            cwd="/",
        )


def _resolvers(container: str) -> Iterator[int]:
    """Yield the processes of resolvers that know a container by its id."""
    for process in Path("/proc").iterdir():
        with suppress(OSError, ValueError, IndexError):  # it ended meanwhile, or is another program
            if process.name.isdigit() and (process / "comm").read_text().strip() == RESOLVER:
                words = (process / "cmdline").read_bytes().decode().split("\0")
                lists = Path(words[words.index("--config") + 1])
                if any(container in one.read_text() for one in lists.iterdir()):
                    yield int(process.name)
