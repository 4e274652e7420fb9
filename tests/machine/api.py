"""Speaks to Podman's API over its socket with the standard library: enough to ask and to clear away."""

import http.client
import json
import socket
from pathlib import Path
from typing import Any

LIBPOD = "/v4.0.0/libpod"


class ApiError(Exception):
    """Podman answered with an error, or not at all."""


class UnixConnection(http.client.HTTPConnection):
    """An HTTP connection that goes through a UNIX socket."""

    def __init__(self, path: Path, timeout: float) -> None:
        super().__init__("podman", timeout=timeout)
        self._path = path

    def connect(self) -> None:
        """Connect to the socket instead of to a host and port."""
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(str(self._path))


def ask(path: Path, method: str, target: str, body: Any = None, *, timeout: float = 60) -> Any:
    """Send one request to the libpod API and return its answer, decoded; None where it is empty."""
    connection = UnixConnection(path, timeout)
    try:
        said, kind = json.dumps(body) if body else None, {"Content-Type": "application/json"}
        connection.request(method, LIBPOD + target, said, kind if body else {})
        response = connection.getresponse()
        body = response.read()
    except (OSError, http.client.HTTPException) as error:
        raise ApiError(f"Podman does not answer at {path}: {error}") from error
    finally:
        connection.close()
    if response.status == 500 and method == "GET" and b"no such" in body:  # went away while it was listed
        return ask(path, method, target, timeout=timeout)
    if response.status >= 400:
        raise ApiError(f"{method} {target}: {response.status} {body.decode(errors='replace')}")
    return json.loads(body) if body.startswith((b"[", b"{")) else None


def answers(path: Path) -> bool:
    """Tell whether a Podman serves this socket."""
    try:
        ask(path, "GET", "/_ping", timeout=5)
    except ApiError:
        return False
    return True


def clear(path: Path) -> None:
    """Remove all pods, containers, volumes, secrets and networks, at once; images stay."""
    for pod in ask(path, "GET", "/pods/json") or []:
        ask(path, "POST", f"/pods/{pod['Id']}/stop?timeout=0")
        ask(path, "DELETE", f"/pods/{pod['Id']}?force=true")
    for container in sorted(ask(path, "GET", "/containers/json?all=true") or [], key=publishes):
        ask(path, "DELETE", f"/containers/{container['Id']}?force=true&timeout=0&depend=true&ignore=true")
    for volume in ask(path, "GET", "/volumes/json") or []:
        ask(path, "DELETE", f"/volumes/{volume['Name']}?force=true")
    for secret in ask(path, "GET", "/secrets/json") or []:
        ask(path, "DELETE", f"/secrets/{secret['ID']}")
    for network in ask(path, "GET", "/networks/json") or []:
        if network["name"] != "podman":
            ask(path, "DELETE", f"/networks/{network['name']}?force=true")


def publishes(container: dict[str, Any]) -> bool:
    """Sort containers with published ports last: netavark 1.4 drops their chain with a network's last one."""
    return bool(container["Ports"])
