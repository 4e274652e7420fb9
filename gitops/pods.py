"""The pods that run here, as kubectl tells of them."""

from collections.abc import Iterable
from dataclasses import dataclass

from gitops.look import Sight
from gitops.meant import shown
from reconcilers.pods import NEVER
from reconcilers.restarts import again
from runtime.resources import Label, Owner
from runtime.seen import Exit, SeenPod
from schemas.core import Pod as PodObject

STATES = {
    "running": "Running",
    "paused": "Paused",
    "created": "ContainerCreating",
    "configured": "ContainerCreating",
    "initialized": "ContainerCreating",
    "stopping": "Terminating",
    "removing": "Terminating",
}


@dataclass(frozen=True, slots=True)
class PodHere:
    """A pod that is there.

    ``status`` is in kubectl's words, ``restarts`` counts Podman's and sloop's, ``unready`` is why
    a probe failed.
    """

    shown: Owner
    owner: Owner
    seen: SeenPod
    status: str
    ready: bool
    restarts: int
    exit: Exit
    unready: str = ""

    @property
    def failed(self) -> bool:
        """Say whether its last run ended badly, or one did so often that it waits."""
        return self.status in {"Error", "OOMKilled", "CrashLoopBackOff"}


def pods_here(sight: Sight, pods: Iterable[SeenPod]) -> list[PodHere]:
    """Return a closer look at pods, in the order of their names; each costs a question to the engine."""
    return sorted((_here(sight, pod) for pod in pods), key=lambda pod: pod.shown)


def _here(sight: Sight, pod: SeenPod) -> PodHere:
    owner, exit_ = Owner.parse(pod.labels[Label.OWNER]), sight.engine.exit_of(pod.name)
    restarts = sight.remembered.memory.restarts.get(pod.id, NEVER).count + exit_.restarts
    status = STATES.get(pod.state) or _ended(sight, pod, owner, exit_)
    ready, why = sight.world.readiness(pod).ready, sight.probed.unready.get(pod.id, "")
    return PodHere(shown(pod), owner, pod, status, ready, restarts, exit_, unready=why)


def _ended(sight: Sight, pod: SeenPod, owner: Owner, exit_: Exit) -> str:
    restarts = sight.remembered.memory.restarts.get(pod.id, NEVER)
    rests = again(pod, _policy(sight, owner), restarts, exit_, sight.now)
    if rests and rests.at is not None and rests.at > sight.now:
        return "CrashLoopBackOff"
    if exit_.out_of_memory:
        return "OOMKilled"
    return "Completed" if pod.exit_code == 0 else "Error"


def _policy(sight: Sight, owner: Owner) -> str:
    match sight.manifests.get(owner):
        case None:
            return "Never" if owner.kind == "Pod" else "Always"
        case manifest:
            one = manifest.object
            return one.spec.restart_policy if isinstance(one, PodObject) else "Always"
