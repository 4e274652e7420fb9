"""What Podman says of itself and of this machine, as far as sloop depends on it."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from runtime.dataclass import dataclass
from runtime.podman_api import Api
from runtime.podman_errors import asking_podman_to
from runtime.podman_service import of_this_user

PROGRAMS = ("/usr/local/libexec/podman", "/usr/local/lib/podman", "/usr/libexec/podman", "/usr/lib/podman")


@dataclass(frozen=True, slots=True)
class Facts:
    """One engine.  ``private`` says that sloop starts its service itself, for want of a socket."""

    url: str
    private: bool
    version: tuple[int, ...]
    rootless: bool
    cgroups: str
    controllers: frozenset[str]
    network: str
    dns: str
    graph: Path

    @property
    def spelt(self) -> str:
        """Return the version as people write it."""
        return ".".join(map(str, self.version))


def facts(url: str | None) -> Facts:
    """Ask the Podman at ``url``, or where it usually is; raises EngineError."""
    address = of_this_user(url)
    with asking_podman_to("tell about itself"):
        said = Api(address).get("info")
    host = said["host"]
    return Facts(
        url=address.url,
        private=address.private,
        version=tuple(_numbers(said["version"]["Version"])),
        rootless=bool(host["security"]["rootless"]),
        cgroups=host.get("cgroupVersion", ""),
        controllers=frozenset(host.get("cgroupControllers") or ()),
        network=host.get("networkBackend", ""),
        dns=_dns(host),
        graph=Path(said["store"]["graphRoot"]),
    )


def _numbers(version: str) -> Iterator[int]:
    for part in version.split("-", maxsplit=1)[0].split("+", maxsplit=1)[0].split("."):
        yield int(part) if part.isdigit() else 0


def _dns(host: Mapping[str, Any]) -> str:
    """Return the program that answers for names, "" for none; Podman says which since 4.5 or so."""
    known = ((host.get("networkBackendInfo") or {}).get("dns") or {}).get("path") or ""
    places = [known, *(f"{place}/aardvark-dns" for place in PROGRAMS)]
    return next((place for place in places if place and Path(place).exists()), "")
