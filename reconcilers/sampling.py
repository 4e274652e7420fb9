"""What the pods of an autoscaler's target use, metric by metric."""

from collections.abc import Mapping, Sequence
from dataclasses import field

from reconcilers.demand import Sampled
from reconcilers.pods import GOING
from reconcilers.world import World
from runtime.dataclass import dataclass
from runtime.resources import Role
from runtime.seen import SeenContainer, SeenPod, Usage
from schemas.container import Container
from schemas.pod import PodSpec

Spent = Mapping[str, tuple[float, float]]  # by container: when, and how many seconds of processors until then


@dataclass(frozen=True, slots=True)
class Samples:
    """What was measured just now, and what of the processors was used up before."""

    world: World
    spec: PodSpec
    usage: Mapping[str, Usage]
    spent: Spent = field(default_factory=dict)

    def of(self, pods: Sequence[SeenPod], resource: str, container: str = "") -> Mapping[str, Sampled]:
        """Return what each pod uses of cpu (in cores) or memory (in bytes), or one container of it."""
        requested = self._requested(resource, container)
        return {pod.id: self._sampled(pod, resource, container, requested) for pod in pods}

    def lacking(self, resource: str, container: str = "") -> str:
        """Return the first container that requests nothing of a resource, "" where all do."""
        return next((one.name for one in self._chosen(container) if not _request(one, resource)), "")

    def _requested(self, resource: str, container: str) -> float:
        return sum(_request(one, resource) for one in self._chosen(container))

    def _chosen(self, container: str) -> list[Container]:
        stay = (*self.spec.containers, *(one for one in self.spec.init_containers if one.stays))
        return [one for one in stay if container in {"", one.name}]

    def _sampled(self, pod: SeenPod, resource: str, container: str, requested: float) -> Sampled:
        parts = [
            one
            for one in pod.containers
            if one.role is not Role.INIT and container in {"", one.part or container}
        ]
        used = [self._used(one, resource) for one in parts]
        known = [one for one in used if one is not None]
        readiness = self.world.readiness(pod)
        first = self.usage.get(parts[0].id) if parts else None
        return Sampled(
            used=sum(known) if known and len(known) == len(used) else None,
            requested=requested,
            at=first.at if first else self.world.now,
            window=max((self._window(one) for one in parts), default=0.0),
            started=max(pod.started, pod.created),
            ready=readiness.ready,
            since=readiness.since,
            pending=pod.state != "running",
            going=pod.state in GOING,
        )

    def _used(self, one: SeenContainer, resource: str) -> float | None:
        now = self.usage.get(one.id)
        if now is None:
            return None
        if resource == "memory":
            return float(now.memory)
        before, spent = self.spent.get(one.id, (now.at, now.cpu))
        return (now.cpu - spent) / (now.at - before) if now.at > before and now.cpu >= spent else None

    def _window(self, one: SeenContainer) -> float:
        now = self.usage.get(one.id)
        return now.at - self.spent[one.id][0] if now and one.id in self.spent else 0.0


def _request(one: Container, resource: str) -> float:
    """Return what a container requests, in cores or bytes: its limit where it says nothing else."""
    amount = one.resources.requests.get(resource) or one.resources.limits.get(resource)
    return float(amount.value) if amount else 0.0
