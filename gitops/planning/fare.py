"""How every object fares: what its reconciler says, and what the plan adds to it."""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from gitops.planning.render import object_digest
from gitops.planning.view import View
from reconcilers.wanted import Health, Wanted
from reconcilers.words import suspended
from runtime.dataclass import dataclass
from runtime.observe import container_key
from runtime.resources import Label, Owner
from runtime.seen import SeenContainer, SeenPod


@dataclass(frozen=True, slots=True)
class Running:
    """One container of an object."""

    name: str
    id: str
    image: str
    state: str
    revision: str
    started: float
    exit_code: int


@dataclass(frozen=True, slots=True)
class Fare:
    """How one object fares; ``waiting`` says that this may change without anybody's doing."""

    owner: Owner
    synced: bool
    health: Health
    reason: str = ""
    ready: str = ""
    containers: tuple[Running, ...] = ()
    waiting: bool = False

    @property
    def done(self) -> bool:
        """Say whether it is as git wants it, and well; what is suspended is as far as it should be."""
        return self.health is Health.SUSPENDED or (self.synced and self.health is Health.HEALTHY)

    @property
    def hopeless(self) -> bool:
        """Say whether it isn't well, and won't mend by itself."""
        return not self.done and not self.waiting


def fares(view: View) -> list[Fare]:
    """Return how every object fares, in the order of the commit."""
    due = {step.owner for step in view.plan.steps}
    held = {one.owner: one.reason for one in view.plan.held if one.owner}
    conflicts = {one.owner: one.message for one in view.plan.conflicts}
    left = suspended(view.moment.memory.notes)
    found = [_fare(answer, due, held | conflicts) for answer in view.wanted]
    return [_left_alone(view, one, left[one.owner]) if one.owner in left else one for one in found]


def _left_alone(view: View, fare: Fare, why: str) -> Fare:
    """Return how a suspended object fares; it is as git wants it if it was when it was last looked after."""
    known = view.moment.memory.settled.get(fare.owner)
    same = known is not None and known.digest == object_digest(view.rendered.by_owner[fare.owner], view.key)
    return replace(fare, health=Health.SUSPENDED, reason=why, synced=same)


def overall(fares: Iterable[Fare]) -> Health:
    """Return the worst health of all; Healthy where there is nothing."""
    order = list(Health)
    return max((one.health for one in fares), key=order.index, default=Health.HEALTHY)


def _fare(answer: Wanted, due: set[Owner | None], troubles: Mapping[Owner, str]) -> Fare:
    trouble = troubles.get(answer.owner, "")
    status = answer.status
    health = Health.DEGRADED if trouble else status.health
    synced = answer.settled and answer.owner not in due and not trouble
    mending = answer.look_again is not None and not answer.final
    waiting = answer.owner in due or mending or health is Health.PROGRESSING
    return Fare(
        owner=answer.owner,
        synced=synced,
        health=health,
        reason=trouble or status.reason,
        ready=f"{status.ready}/{status.total}" if status.total or status.pods else "",
        containers=tuple(_running(pod, one) for pod in status.pods for one in pod.containers),
        waiting=waiting,
    )


def _running(pod: SeenPod, one: SeenContainer) -> Running:
    return Running(
        name=container_key(pod, one),
        id=one.id[:12],
        image=one.image,
        state=one.state,
        revision=pod.labels.get(Label.REVISION, ""),
        started=one.started,
        exit_code=one.exit_code,
    )
