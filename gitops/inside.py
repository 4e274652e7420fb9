"""Which containers of pods a person means."""

from collections.abc import Iterable

from gitops.telling.meant import shown
from gitops.telling.which import Missing
from runtime.resources import Label, Role
from runtime.seen import SeenContainer, SeenPod

Chosen = tuple[SeenPod, SeenContainer]


def every(pods: Iterable[SeenPod]) -> list[Chosen]:
    """Return all containers of pods."""
    return [(pod, one) for pod in pods for one in pod.containers]


def chosen(pods: Iterable[SeenPod], part: str | None) -> list[Chosen]:
    """Return one container of each pod: that of a name, or, for None, the one that kubectl would take.

    Raises Missing where a pod has none of that name.  A pod of one container doesn't know what it is called.
    """
    return [(pod, _one(pod, part)) for pod in pods]


def defaulted(pods: Iterable[SeenPod]) -> str:
    """Return what kubectl says of a container that nobody chose, "" where there is no choice."""
    pod = next((pod for pod in pods if len(pod.members) > 1), None)
    if pod is None:
        return ""
    return f'Defaulted container "{_one(pod, None).part}" out of: {_parts(pod)}'


def _one(pod: SeenPod, part: str | None) -> SeenContainer:
    if not pod.members:
        return pod.containers[0]
    wanted = part or pod.labels.get(Label.DEFAULT) or _first(pod).part
    found = next((one for one in pod.members if one.part == wanted), None)
    if found is None:
        raise Missing(f"the pod {shown(pod).name} has no container {wanted}: it has {_parts(pod)}")
    return found


def _first(pod: SeenPod) -> SeenContainer:
    return next(one for one in pod.members if one.role is Role.MAIN)


def _parts(pod: SeenPod) -> str:
    mains = [one for one in pod.members if one.role is Role.MAIN]
    others = [one for one in pod.members if one.role is not Role.MAIN]
    return ", ".join([*(one.part for one in mains), *(f"{one.part} (init)" for one in others)])
