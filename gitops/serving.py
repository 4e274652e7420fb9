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
    from runtime.seen import Seen, SeenPod

YOUNG = 30.0  # seconds for which a pod that was started is asked about


def serving(engine: "Engine", mine: "Seen", now: float) -> Mapping[str, bool]:
    """Return by the names of pods whether all proxies that lead to them find them up.

    One question for each proxy of pods that are under way, so none where nothing changes.  A proxy that
    doesn't answer finds none of the young ones up.
    """
    running = {pod_name(pod) for pod in mine.pods if pod.state == "running"}
    young = {pod_name(pod) for pod in mine.pods if now - max(pod.created, pod.started) < YOUNG}
    coming = young | _of_several_revisions(mine)
    found: dict[str, bool] = {}
    for volume in mine.volumes:
        asked = coming.intersection(members(volume.note))
        if asked and volume.name in running:
            up = _up(engine, volume.name)
            told = asked & young if up is None else asked
            found |= {name: found.get(name, True) and name in (up or ()) for name in told}
    return found


def _of_several_revisions(mine: "Seen") -> set[str]:
    """Return the pods whose owner has others that were made from something else."""
    pods: dict[str, list[SeenPod]] = defaultdict(list)
    for pod in mine.pods:
        pods[pod.labels.get(Label.OWNER, "")].append(pod)
    several = [one for one in pods.values() if len({pod.labels.get(Label.DIGEST) for pod in one}) > 1]
    return {pod_name(pod) for one in several for pod in one}


def _up(engine: "Engine", proxy: str) -> set[str] | None:
    """Return the servers that are up in every backend where they stand; None where the proxy is silent."""
    try:
        servers = engine.servers(proxy)
    except EngineError:
        return None
    return {one.name for one in servers} - {one.name for one in servers if not one.up}
