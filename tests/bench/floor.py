"""The floor: what bare calls of Podman's API by 8 threads take, as a process of its own."""

import http.client
import json
import socket
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import Any

THREADS = 8
NETWORK = {
    "name": "floor",
    "driver": "bridge",
    "dns_enabled": True,
    "options": {"isolate": "true"},
    "subnets": [{"subnet": "10.201.0.0/20"}],  # Podman's own choice has room for 253 containers
}


class Connection(http.client.HTTPConnection):
    """HTTP through a UNIX socket."""

    def connect(self) -> None:
        """Connect to the socket that the command line names."""
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect(sys.argv[1])


def ask(method: str, target: str, body: Any = None) -> Any:
    """Send one request and return the answer."""
    connection = Connection("podman")
    head = {"Content-Type": "application/json"}
    connection.request(method, f"/v4.0.0/libpod/{target}", json.dumps(body) if body else None, head)
    answer = connection.getresponse()
    said = answer.read()
    connection.close()
    if answer.status >= 400:
        raise SystemExit(said.decode())
    return json.loads(said) if said else None


def make(name: str) -> None:
    """Create a container and start it."""
    what = {"image": sys.argv[4], "command": ["sleep", "1000"], "stop_timeout": 0}
    where = {"netns": {"nsmode": "bridge"}, "networks": {NETWORK["name"]: {}}}
    ask("POST", "containers/create", {"name": name, **what, **where})
    ask("POST", f"containers/{name}/start")


def remove(name: str) -> None:
    """Remove a container."""
    ask("DELETE", f"containers/{name}?force=true&timeout=0")


def main() -> None:
    """Do what the command line says: a socket, one of up, again, change and down, a number, an image."""
    names = [f"floor-{number}" for number in range(int(sys.argv[3]))]
    with ThreadPoolExecutor(THREADS) as pool:
        match sys.argv[2]:
            case "up":
                ask("POST", "networks/create", NETWORK)
                list(pool.map(make, names))
            case "again":
                ask("GET", "containers/json?all=true")
            case "change":
                remove(names[0])
                make(names[0])
            case "down":
                list(pool.map(remove, names))
                ask("DELETE", f"networks/{NETWORK['name']}")


if __name__ == "__main__":
    main()
