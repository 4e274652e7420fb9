"""What a Podman has left that was killed in the middle of a change, and would be in the way for ever."""

import re
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any

from runtime.podman_api import Api, named
from runtime.podman_bridges import Bridges
from runtime.podman_errors import Refusal
from runtime.podman_seen import seconds
from runtime.podman_spec import pod_spec
from runtime.resources import Pod

YOUNG = 5.0  # seconds in which a container may be in the making by a request that goes on
STORED = ["storage"]  # the command that Podman lists of what is in its storage only
HELD = re.compile(r"address (\S+) is already allocated to container ID ([0-9a-f]+)")


class CutOff:
    """Pods that Podman was making when it went away: without containers, nobody else would see them.

    Threads may share it.
    """

    def __init__(self, api: Api) -> None:
        self._api = api
        self._pods: dict[str, Pod] = {}

    @contextmanager
    def noting(self, pod: Pod) -> Iterator[None]:
        """Note a pod whose making in the context was cut off."""
        try:
            yield
        except ConnectionError:
            self._pods[pod.name] = pod
            raise

    def clear(self) -> None:
        """Remove what is left of the pods that were noted."""
        for name, pod in list(self._pods.items()):
            _cleared_pod(self._api, pod_spec(pod), 0.0)
            del self._pods[name]


def make(api: Api, path: str, spec: Any, container: str) -> None:
    """Ask for what needs a container's name; what has the name and is half made is removed before.

    Podman writes a container into its storage first, and into its list of containers later; a pod first,
    and its infra container later.
    """
    try:
        api.post(path, spec)
    except Refusal as refusal:
        if not (refusal.taken and any([_cleared(api, container), _cleared_pod(api, spec, YOUNG)])):
            raise
        api.post(path, spec)


def begin(api: Api, bridges: Bridges, container: str, networks: Iterable[str] | None = None) -> None:
    """Start a container as ``Bridges.start`` does, once more where that is refused.

    What is left of an earlier start is cleared away before: by Podman as it refuses, or here, where the
    container runs without its knowledge, or has its address.
    """
    try:
        bridges.start(container, networks)
    except Refusal as refusal:
        seen, held = api.get(f"containers/{named(container)}/json"), HELD.search(refusal.message)
        if seen["State"]["Status"] == "initialized":
            api.post(f"containers/{seen['Id']}/stop", timeout=0)
        elif held and held[2] == seen["Id"]:
            _give_back(api, bridges, seen, held[1])
        bridges.start(container, networks)


def _give_back(api: Api, bridges: Bridges, seen: Mapping[str, Any], address: str) -> None:
    """Let Podman free the address that it keeps for a container, and give it to that again.

    It does so where a container leaves a network while its place is made, but refuses to make that because
    of the address.  So it is made without that network, which the container joins then: that is refused, too,
    but counts as having joined.
    """
    container, networks = seen["Id"], seen["NetworkSettings"]["Networks"]
    network = next(one for one in networks if _has(api.get(f"networks/{named(one)}/json"), address))
    aliases = [one for one in networks[network].get("Aliases") or () if not container.startswith(one)]
    bridges.leave(container, network)
    api.post(f"containers/{container}/init")
    with suppress(Refusal):
        bridges.join(container, network, aliases, address)
    with suppress(Refusal):  # there is no device to take away
        bridges.leave(container, network)
    bridges.join(container, network, aliases, address)


def _has(network: Mapping[str, Any], address: str) -> bool:
    from ipaddress import ip_address, ip_network  # 3 ms, and hardly anybody needs it

    subnets = network.get("subnets") or ()
    return any(ip_address(address) in ip_network(one["subnet"]) for one in subnets)


def _cleared(api: Api, name: str) -> bool:
    """Remove what has a container's name without being one, and say whether something had it."""
    listed = api.get("containers/json", all=True, external=True)
    stored = [one for one in listed if one["Command"] == STORED and name in (one["Names"] or ())]
    left = [one for one in stored if _age(one) >= YOUNG]
    for one in left:
        api.delete(f"containers/{one['Id']}", force=True)
    return bool(left)


def _cleared_pod(api: Api, spec: Mapping[str, Any], age: float) -> bool:
    """Remove a pod of ours that has no containers, from an age in seconds on; say whether there was one."""
    empty = [one for one in api.get("pods/json") if one["Name"] == spec["name"] and not one["Containers"]]
    left = [one for one in empty if one["Labels"] == spec["labels"] and _age(one) >= age]
    for one in left:
        api.delete(f"pods/{one['Id']}", force=True)
    return bool(left)


def _age(one: Mapping[str, Any]) -> float:
    """Return for how many seconds something has been there, or for how many the clock was set back since."""
    return abs(time.time() - seconds(one["Created"]))
