"""The pods that run here, as kubectl tells of them."""

from collections.abc import Iterable

from gitops.look import Sight
from gitops.telling.meant import shown
from reconcilers.eviction import WORD as EVICTED
from reconcilers.eviction import was_evicted
from reconcilers.order import is_done, is_initialized, policy_of
from reconcilers.pods import NEVER, unready
from reconcilers.restarts import again
from runtime.dataclass import dataclass
from runtime.resources import Label, Owner, Role
from runtime.seen import UNKNOWN, Exit, SeenContainer, SeenPod
from schemas.core import Pod as PodObject

STATES = {
    "running": "Running",
    "paused": "Paused",
    "created": "ContainerCreating",
    "configured": "ContainerCreating",
    "initialized": "ContainerCreating",
    "missing": "ContainerCreating",
    "stranded": "Unknown",
    "stopping": "Terminating",
    "removing": "Terminating",
}
FAILED = frozenset({"Error", "OOMKilled", "CrashLoopBackOff"})


@dataclass(frozen=True, slots=True)
class ContainerHere:
    """A container that is there; ``restarts`` counts Podman's and sloop's."""

    seen: SeenContainer
    status: str
    ready: bool
    restarts: int
    exit: Exit

    @property
    def failed(self) -> bool:
        """Say whether its last run ended badly, or one did so often that it waits."""
        return self.status in FAILED


@dataclass(frozen=True, slots=True)
class PodHere:
    """A pod that is there; ``status`` is in kubectl's words, ``unready`` is why it isn't ready."""

    shown: Owner
    owner: Owner
    seen: SeenPod
    status: str
    ready: bool
    containers: tuple[ContainerHere, ...]
    unready: str = ""

    @property
    def completed(self) -> bool:
        """Say whether it has done its work."""
        return self.status == "Completed"

    @property
    def restarts(self) -> int:
        """Return how often its containers were restarted."""
        return sum(one.restarts for one in self.containers)

    @property
    def count(self) -> str:
        """Return how many of those that are to serve are ready."""
        serving = [one for one in self.containers if one.seen.role is not Role.INIT]
        return f"{sum(one.ready for one in serving)}/{len(serving)}"

    @property
    def failed(self) -> tuple[ContainerHere, ...]:
        """Return its containers that do badly."""
        return tuple(one for one in self.containers if one.failed)


def pods_here(sight: Sight, pods: Iterable[SeenPod]) -> list[PodHere]:
    """Return a closer look at pods, in the order of their names; each container costs a question."""
    return sorted((_here(sight, pod) for pod in pods), key=lambda pod: pod.shown)


def _here(sight: Sight, pod: SeenPod) -> PodHere:
    owner = Owner.parse(pod.labels[Label.OWNER])
    policy = _policy(sight, owner)
    inside = tuple(_container(sight, pod, one, policy_of(one, policy)) for one in pod.containers)
    ready = sight.world.readiness(pod).ready
    status, why = _status(pod, inside, ready=ready), unready(sight.world, pod)
    if owner.kind == "Pod" and was_evicted(pod, sight.remembered.memory.notes.get((owner, EVICTED))):
        status = "Evicted"
    return PodHere(shown(pod), owner, pod, status, ready, inside, unready=why)


def _container(sight: Sight, pod: SeenPod, one: SeenContainer, policy: str) -> ContainerHere:
    exit_ = sight.engine.exit_of(one.name) if one.id else UNKNOWN
    restarts = sight.remembered.memory.restarts.get(one.id, NEVER)
    status = STATES.get(one.state) or _ended(sight, one, policy, exit_)
    ready = sight.world.ready(pod, one).ready if pod.members else sight.world.readiness(pod).ready
    return ContainerHere(one, status, ready, restarts.count + exit_.restarts, exit_)


def _status(pod: SeenPod, inside: tuple[ContainerHere, ...], *, ready: bool) -> str:
    """Return a pod's status.  Source: kubectl's pkg/printers/internalversion/printers.go, printPod."""
    if not pod.members:
        return inside[0].status
    if pod.state in {"removing", "stopping", "paused"}:
        return STATES[pod.state]
    if not is_initialized(pod) and (beginning := _beginning(inside)):
        return beginning
    mains = [one.status for one in inside if one.seen.role is Role.MAIN]
    wrong = next((status for status in mains if status not in {"Running", "Completed"}), None)
    if wrong or len(set(mains)) == 1:
        return wrong or mains[0]
    return "Running" if ready else "NotReady"


def _beginning(inside: tuple[ContainerHere, ...]) -> str:
    """Return how far the init containers are, "" where there is none."""
    first = [one for one in inside if one.seen.role is not Role.MAIN]
    passed = [is_done(one.seen) or (one.seen.role is Role.SIDECAR and one.ready) for one in first]
    at = next((number for number, done in enumerate(passed) if not done), None)
    if at is None:
        return "PodInitializing" if first else ""
    return f"Init:{first[at].status}" if first[at].failed else f"Init:{at}/{len(first)}"


def _ended(sight: Sight, one: SeenContainer, policy: str, exit_: Exit) -> str:
    restarts = sight.remembered.memory.restarts.get(one.id, NEVER)
    rests = again(one, policy, restarts, exit_, sight.now)
    if rests and rests.at is not None and rests.at > sight.now:
        return "CrashLoopBackOff"
    if exit_.out_of_memory:
        return "OOMKilled"
    return "Completed" if one.exit_code == 0 else "Error"


def _policy(sight: Sight, owner: Owner) -> str:
    if owner.kind in {"Job", "CronJob"}:
        return "Never"
    match sight.manifests.get(owner):
        case None:
            return "Never" if owner.kind == "Pod" else "Always"
        case manifest:
            one = manifest.object
            return one.spec.restart_policy if isinstance(one, PodObject) else "Always"
