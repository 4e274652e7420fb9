"""The order of a pod's containers: init containers one by one, sidecars among them, then all others.

Source: Kubernetes' pkg/kubelet/kuberuntime/kuberuntime_container.go, computeInitContainerActions.
"""

from collections.abc import Callable, Iterator, Sequence

from runtime.grouping import ENDED, finished
from runtime.resources import Role
from runtime.seen import SeenContainer, SeenPod

Started = Callable[[SeenContainer], bool]


def held_back(pod: SeenPod, started: Started) -> Sequence[SeenContainer]:
    """Return the containers that must not be started now: done, or waiting for one before them.

    ``started`` says of a sidecar whether it runs and has passed its startup probe.
    """
    if finished(pod):
        return pod.members
    done = [one for one in pod.members if is_done(one)]
    if is_initialized(pod):
        return done
    first = next((at for at, one in enumerate(pod.members) if not _lets_on(one, started)), None)
    return done if first is None else [*done, *pod.members[first + 1 :]]


def is_initialized(pod: SeenPod) -> bool:
    """Say whether a pod's main containers have been reached, in its present life."""
    return any(one.role is Role.MAIN and (one.started or one.state in ENDED) for one in pod.containers)


def is_done(one: SeenContainer) -> bool:
    """Say whether an init container has done its work."""
    return one.role is Role.INIT and one.state in ENDED and one.exit_code == 0


def policy_of(one: SeenContainer, policy: str) -> str:
    """Return by which restartPolicy a container of a pod of this policy lives."""
    match one.role:
        case Role.INIT:
            return "Never" if policy == "Never" else "OnFailure"
        case Role.SIDECAR:
            return "Always"
        case Role.MAIN:
            return policy


def stages(pod: SeenPod) -> Iterator[tuple[SeenContainer, ...]]:
    """Yield the containers that run in the order of their stops: sidecars last, the last one first."""
    there = [one for one in pod.members if one.pid]
    yield tuple(one for one in there if one.role is not Role.SIDECAR)
    yield from ((one,) for one in reversed(there) if one.role is Role.SIDECAR)


def progress(pod: SeenPod, started: Started) -> str:
    """Return how far a pod's beginning has come, in kubectl's words, "" once it is over."""
    first = [one for one in pod.members if one.role is not Role.MAIN]
    if not first or is_initialized(pod):
        return ""
    count = sum(_lets_on(one, started) for one in first)
    return f"Init:{count}/{len(first)}" if count < len(first) else "PodInitializing"


def _lets_on(one: SeenContainer, started: Started) -> bool:
    match one.role:
        case Role.INIT:
            return is_done(one)
        case Role.SIDECAR:
            return started(one)
        case Role.MAIN:
            return True
