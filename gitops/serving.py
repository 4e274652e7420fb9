"""Whether proxies answer, and find pods up: asked only about what has just come, or takes another's place."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING

from runtime.engine import EngineError
from runtime.observe import pod_name
from runtime.proxies import members
from runtime.resources import Label

if TYPE_CHECKING:
    from runtime.engine import Engine
    from runtime.seen import Seen, SeenPod, SeenServer

YOUNG = 30.0  # seconds for which a pod that was started is asked about
FRESH = 10.0  # seconds for which a proxy that was started, or told anew, is asked what it knows


def serving(engine: "Engine", mine: "Seen", now: float) -> Mapping[str, bool]:
    """Return by name whether pods are found up by all proxies that lead to them, and fresh proxies ready.

    Ready is who answers, and finds up what isn't a pod.  One question for each proxy that is fresh, or whose
    pods are under way, so none where nothing changes.  A silent proxy finds none of the young ones up.
    """
    running = {pod_name(pod): pod for pod in mine.pods if pod.state == "running"}
    young = {pod_name(pod) for pod in mine.pods if now - max(pod.created, pod.started) < YOUNG}
    coming = young | _of_several_revisions(mine)
    found: dict[str, bool] = {}
    for volume in mine.volumes:
        proxy, known = running.get(volume.name), members(volume.note)
        asked = coming.intersection(known)
        fresh = proxy is not None and bool(volume.note) and now - max(proxy.started, volume.told) < FRESH
        if proxy is not None and (asked or fresh):
            servers = _servers(engine, volume.name)
            told = asked & young if servers is None else asked
            up = _up(servers or ())
            found |= {name: found.get(name, True) and name in up for name in told}
            found |= {volume.name: _is_ready(servers, known, running)} if fresh else {}
    return found


def _of_several_revisions(mine: "Seen") -> set[str]:
    """Return the pods whose owner has others that were made from something else."""
    pods: dict[str, list[SeenPod]] = defaultdict(list)
    for pod in mine.pods:
        pods[pod.labels.get(Label.OWNER, "")].append(pod)
    several = [one for one in pods.values() if len({pod.labels.get(Label.DIGEST) for pod in one}) > 1]
    return {pod_name(pod) for one in several for pod in one}


def _servers(engine: "Engine", proxy: str) -> "Sequence[SeenServer] | None":
    try:
        return engine.servers(proxy)
    except EngineError:
        return None


def _up(servers: "Sequence[SeenServer]") -> set[str]:
    """Return the servers that are up in every backend where they stand."""
    return {one.name for one in servers} - {one.name for one in servers if not one.up}


def _is_ready(
    servers: "Sequence[SeenServer] | None", known: Collection[str], running: Collection[str]
) -> bool:
    """Say whether a proxy answers and finds up what it leads to: but for pods, of which others tell."""
    if servers is None:
        return False
    awaited = [one for one in servers if one.name not in known and _may_be_found(one, running)]
    return all(one.up for one in awaited)


def _may_be_found(server: "SeenServer", running: Collection[str]) -> bool:
    """Say whether a server's name should resolve: that of a Service does when its own proxy runs."""
    match server.backend.split(":"):
        case [namespace, _, service, *_]:
            return f"{namespace}.{service}__service" in running
        case _:
            return True
