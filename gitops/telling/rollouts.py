"""How far an object's rollout is."""

from gitops.look import Sight
from gitops.telling.meant import absent
from gitops.telling.which import Unaskable
from reconcilers.wanted import Health, Status, Wanted
from runtime.dataclass import dataclass
from runtime.resources import Owner
from schemas.apps import DaemonSet, StatefulSet

ROLLING = {"Deployment": "deployment", "DaemonSet": "daemon set", "StatefulSet": "statefulset"}
LATE = "ProgressDeadlineExceeded"


@dataclass(frozen=True, slots=True)
class Rollout:
    """How far a rollout is; ``done`` says that it is over, ``failed`` that it won't be by itself."""

    message: str
    done: bool = False
    failed: bool = False


def rollout(sight: Sight, whose: Owner) -> Rollout:
    """Return how far an object's rollout is, in kubectl's words; raises Unaskable where there is none."""
    if whose.kind not in ROLLING:
        raise Unaskable(f"a {whose.kind} has no rollout: name a Deployment, StatefulSet or DaemonSet")
    if sight.view is None and sight.trouble:
        raise sight.trouble
    answer = next((one for one in (sight.view.wanted if sight.view else ()) if one.owner == whose), None)
    if answer is None:
        raise absent(whose, sight.manifests)
    return _rollout(answer, sight)


def _rollout(answer: Wanted, sight: Sight) -> Rollout:
    what = f'{ROLLING[answer.owner.kind]} "{answer.owner.name}"'
    if _by_hand(sight.manifests[answer.owner].object):
        return Rollout(f"{what} is updated by hand only (OnDelete)", done=True)
    if answer.settled and answer.status.health is Health.HEALTHY:
        return Rollout(f"{what} successfully rolled out", done=True)
    if answer.status.health in {Health.DEGRADED, Health.SUSPENDED}:
        return Rollout(f"{what}: {answer.status.reason}", failed=_is_over(answer))
    return Rollout(f"waiting for {what} to finish: {_left(answer.status)}")


def _by_hand(one: object) -> bool:
    return isinstance(one, StatefulSet | DaemonSet) and one.spec.update_strategy.type == "OnDelete"


def _is_over(answer: Wanted) -> bool:
    """Say whether nothing more happens by itself: the deadline is over, or somebody paused it."""
    return answer.status.health is Health.SUSPENDED or answer.status.reason.startswith(LATE)


def _left(status: Status) -> str:
    old = len(status.pods) - status.updated
    if status.updated < status.total:
        return f"{status.updated} of {status.total} pods are updated"
    if old > 0:
        return f"{old} old pods have to stop"
    return f"{status.available} of {status.total} updated pods are available"
