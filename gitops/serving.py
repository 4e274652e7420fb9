"""Whether proxies find pods up: asked only of those that have just come, or take the place of others."""

from collections import defaultdict
from collections.abc import Mapping
from typing import TYPE_CHECKING

from runtime.engine import EngineError
from runtime.observe import pod_name
from runtime.proxies import members
from runtime.resources import Label

if TYPE_CHECKING:
    from runtime.engine import Engine
    from runtime.seen import Seen

YOUNG = 30.0  # seconds for which a pod that was started is asked about


def serving(engine: "Engine", mine: "Seen", now: float) -> Mapping[str, bool]:
    """Return by the names of pods whether all proxies that lead to them find them up.

    One question for each proxy of pods that are under way, so none where nothing changes.  A proxy that
    doesn't answer finds nobody up.
    """
    running = {pod_name(pod) for pod in mine.pods if pod.state == "running"}
    coming = _under_way(mine, now)
    found: dict[str, bool] = {}
    for volume in mine.volumes:
        asked = coming.intersection(members(volume.note))
        if asked and volume.name in running:
            up = _up(engine, volume.name)
            found |= {name: found.get(name, True) and name in up for name in asked}
    return found


def _under_way(mine: "Seen", now: float) -> set[str]:
    """Return the pods that are young, or whose owner has pods of several revisions."""
    digests: dict[str, set[str]] = defaultdict(set)
    for pod in mine.pods:
        digests[pod.labels.get(Label.OWNER, "")].add(pod.labels.get(Label.DIGEST, ""))
    return {
        pod_name(pod)
        for pod in mine.pods
        if now - max(pod.created, pod.started) < YOUNG or len(digests[pod.labels.get(Label.OWNER, "")]) > 1
    }


def _up(engine: "Engine", proxy: str) -> set[str]:
    """Return the servers that are up in every backend where they stand."""
    try:
        servers = engine.servers(proxy)
    except EngineError:
        return set()
    return {one.name for one in servers} - {one.name for one in servers if not one.up}
