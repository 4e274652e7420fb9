"""Who holds a port that a pod wanted."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from runtime.resources import Pod

IN_USE = "address already in use"
NUMBER = re.compile(r"listen (?:tcp|udp)[46]? \S*:(\d+)|port (\d+)")


def port_taken(reason: str, pod: Pod, containers: Iterable[Mapping[str, Any]]) -> str | None:
    """Return the sentence that names the port and its holder; None where ``reason`` is about no port."""
    if IN_USE not in reason.lower():
        return None
    port = _port(reason, pod)
    holder = next((_name(one) for one in containers if _name(one) != pod.name and port in _ports(one)), None)
    who = f"the container {holder}" if holder else "a program that isn't a container"
    return f"port {port} is taken by {who}; stop that, or choose another port"


def _port(reason: str, pod: Pod) -> int:
    if found := NUMBER.search(reason):
        return int(found.group(1) or found.group(2))
    return next((port.host for port in pod.ports), 0)


def _ports(container: Mapping[str, Any]) -> set[int]:
    if container["State"] != "running":
        return set()
    return {
        mapping["host_port"] + offset
        for mapping in container.get("Ports") or ()
        for offset in range(mapping.get("range") or 1)
    }


def _name(container: Mapping[str, Any]) -> str:
    return str(container["Names"][0])
