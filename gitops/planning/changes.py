"""Changes, for people: per object what is to become of it, why, and what that does to what serves."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import field, replace
from typing import Any

from gitops.planning.mending import AWAY
from gitops.planning.render import object_digest
from gitops.planning.scene import uses
from gitops.planning.steps import (
    Action,
    Complete,
    Configure,
    Connect,
    Create,
    Disconnect,
    Kill,
    Pull,
    Remove,
    Rename,
    Restart,
    Revive,
    Start,
    Step,
    Stop,
    Unpause,
    Write,
)
from gitops.planning.supplying import NEW, OTHERWISE
from gitops.planning.verdict import Verdict
from gitops.planning.view import View
from reconcilers.wanted import Consequence, Wanted
from reconcilers.words import suspended
from runtime.dataclass import dataclass
from runtime.grouping import MISSING
from runtime.observe import container_key, of_source, pod_name
from runtime.resources import Label, Owner, Pod, Secret, Volume
from runtime.seen import SeenPod


@dataclass(frozen=True, slots=True)
class Field:
    """One difference; a side that isn't there is None."""

    path: str
    old: Any
    new: Any


@dataclass(frozen=True, slots=True)
class Change:
    """What is to become of one object.

    ``asked`` says that the cause is a word on this machine, not a commit.
    ``base`` is the commit from which it changes, "" where none is known; ``seconds`` for how long it was
    out of service the last time that it was recreated, None where the ledger has seen none.
    """

    owner: Owner
    verdict: Verdict
    cause: str = ""
    consequence: Consequence = Consequence.NONE
    fields: tuple[Field, ...] = ()
    asked: bool = False
    base: str = field(default="", repr=False)
    seconds: float | None = None

    @property
    def local(self) -> bool:
        """Say whether git has nothing to do with it."""
        return self.asked or self.verdict is Verdict.DRIFT


@dataclass(frozen=True, slots=True)
class Before:
    """What an object was when it was last carried out: its commit, and its digest as written."""

    revision: str
    digest: str


def changes(
    view: View, before: Mapping[Owner, Before], source: str, adopting: frozenset[str] = frozenset()
) -> list[Change]:
    """Return all that is to change, whatever the pacing.  ``causes`` tells those in git."""
    pods = _by_owner(view, source)
    steps = _steps_by_owner(step for step in view.plan.steps if not _ends(step))
    there = {answer.owner: answer for answer in view.wanted}
    compared = [
        _compare(view, answer, before.get(owner), pods.get(owner, []), steps.get(owner, []))
        for owner, answer in there.items()
    ]
    gone = sorted({*before, *pods} - {*there, *view.left}) if view.prune else []
    deleted = [
        Change(owner, Verdict.DELETE, base=_base(before.get(owner), pods.get(owner, []))) for owner in gone
    ]
    found = [_adopted(change, there, adopting) for change in compared if change] + deleted
    left = suspended(view.moment.memory.notes)
    return [change for change in found if change.owner not in left]


def _compare(
    view: View, answer: Wanted, known: Before | None, pods: Sequence[SeenPod], steps: Sequence[Step]
) -> Change | None:
    manifest = view.rendered.by_owner[answer.owner]
    base = _base(known, pods)
    if answer.owner in view.claims.inherited:
        consequence = answer.consequence if _stale(answer, pods) else Consequence.NONE
        return Change(answer.owner, Verdict.ADOPT, consequence=consequence, base=base)
    if known is None and (steps or not pods):
        return Change(answer.owner, Verdict.CREATE, base=base)
    if (known and known.digest != object_digest(manifest, view.key)) or _stale(answer, pods):
        return Change(answer.owner, Verdict.UPDATE, consequence=answer.consequence, base=base)
    if answer.asked and not answer.settled:
        return Change(answer.owner, Verdict.UPDATE, answer.asked, answer.consequence, asked=True)
    if local := _evicted(answer) or _drift(answer, pods, steps):
        return local
    grows = any(not _only_leads_elsewhere(step) for step in steps) and not answer.living
    return Change(answer.owner, Verdict.UPDATE, base=base) if grows else None


def _drift(answer: Wanted, pods: Sequence[SeenPod], steps: Sequence[Step]) -> Change | None:
    """Return what was found otherwise than sloop had made it, None where nothing was."""
    steps = [step for step in steps if not _only_leads_elsewhere(step)]
    if drifted := [step for step in steps if _was_there(step, pods) and not _lives(answer, step)]:
        fields = tuple(_drifted(step, pods) for step in drifted)
        cause = "; ".join(f"{step.resource}: {_found(step)}" for step in drifted)
        return Change(answer.owner, Verdict.DRIFT, cause, Consequence.IN_PLACE, fields)
    return None


def _evicted(answer: Wanted) -> Change | None:
    """Return what becomes of the pods that take too much, which git didn't ask for; None where none does."""
    if not answer.evicted:
        return None
    told = "; ".join(f"pod/{name}: Evicted: {said}" for name, said in answer.evicted.items())
    fields = tuple(Field(f"pod/{name}.state", "running", "evicted") for name in answer.evicted)
    return Change(answer.owner, Verdict.DRIFT, told, Consequence.IN_PLACE, fields)


def _lives(answer: Wanted, step: Step) -> bool:
    """Say whether a step is what an object does of itself in the course of its life."""
    return answer.living and isinstance(step.action, Create | Pull | Remove | Start)


def _only_leads_elsewhere(step: Step) -> bool:
    """Say whether a proxy follows pods and namespaces, which is no change of what wants it."""
    match step.action:
        case Configure():
            return step.reason not in {NEW, OTHERWISE}
        case Connect():
            return step.reason != AWAY
        case _:
            return isinstance(step.action, Disconnect)


def _ends(step: Step) -> bool:
    """Say whether a step is the end of a pod that has done its work, which is no change."""
    return isinstance(step.action, Stop) and step.action.whole


def _found(step: Step) -> str:
    return "it is gone" if isinstance(step.action, Create) else step.reason


def _was_there(step: Step, pods: Sequence[SeenPod]) -> bool:
    """Say whether a step mends what sloop had made, and not what is new each time.

    That is configuration which no pod uses yet, and the scratch space of a pod that is made anew.
    """
    match step.action:
        case Write() | Create(Secret()):
            return any(step.resource in uses(pod) for pod in pods)
        case Create(Volume(labels=labels)):
            return labels.get(Label.KIND) != "scratch"
        case _:
            return True


def _adopted(change: Change, there: Mapping[Owner, Wanted], adopting: frozenset[str]) -> Change:
    pods = (one.name for one in there[change.owner].resources if isinstance(one, Pod))
    adopted = replace(change, verdict=Verdict.ADOPT, consequence=Consequence.RECREATE)
    return adopted if adopting.intersection(pods) else change


def _base(known: Before | None, pods: Sequence[SeenPod]) -> str:
    labels = (pod.labels.get(Label.COMMIT, "") for pod in pods)
    return known.revision if known else next(labels, "")


def _stale(answer: Wanted, pods: Sequence[SeenPod]) -> bool:
    """Say whether a pod is there that was made from something else than what is wanted now."""
    wanted = {one.digest for one in answer.resources if isinstance(one, Pod)}
    return (
        bool(wanted)
        and not answer.settled
        and any(pod.labels.get(Label.DIGEST) not in wanted for pod in pods)
    )


def _drifted(step: Step, pods: Sequence[SeenPod]) -> Field:
    """Return what was found in the place of what sloop made."""
    match step.action:
        case Start(name) | Unpause(name):
            return _stopped(step, {pod_name(pod): pod for pod in pods}[name])
        case Complete(pod):
            return Field(
                f"{step.resource}.containers", [one.name for one in pod.containers], _there(pod, pods)
            )
        case Write() | Configure():
            return Field(step.resource, "there", "changed")
    inside, old, new = _lost(step.action)
    return Field(f"{step.resource}{inside}", old, new)


def _lost(action: Action) -> tuple[str, str, str | None]:
    """Return what of a resource isn't as it was, and what it was and is."""
    match action:
        case Rename(_, ((current, name), *_)):
            return ".name", name, current
        case Connect(_, network):
            return ".network", network, None
        case Restart() | Kill():
            return ".probe", "passes", "fails"
        case Revive():
            return ".names", "answered", None
        case Stop():
            return ".infra", "running", "exited"
        case _:
            return "", "there", "gone"


def _stopped(step: Step, pod: SeenPod) -> Field:
    """Return the state of a pod, or of the one container of it that doesn't run."""
    states = {container_key(pod, one): one for one in pod.members}
    match step.action:
        case Start(members=(first, *_)) if pod.state == "running":
            return Field(f"{step.resource}.{first.part}.state", "running", states[first.name].state)
    return Field(f"{step.resource}.state", "running", pod.state)


def _there(wanted: Pod, pods: Sequence[SeenPod]) -> list[str]:
    """Return which containers of a pod are left."""
    mine = (one for pod in pods if pod_name(pod) == wanted.name for one in pod.members)
    return [one.part for one in mine if one.state != MISSING]


def _by_owner(view: View, source: str) -> Mapping[Owner, list[SeenPod]]:
    pods: dict[Owner, list[SeenPod]] = defaultdict(list)
    for pod in of_source(view.seen, source).pods:
        pods[Owner.parse(pod.labels[Label.OWNER])].append(pod)
    return pods


def _steps_by_owner(steps: Iterable[Step]) -> Mapping[Owner, list[Step]]:
    found: dict[Owner, list[Step]] = defaultdict(list)
    for step in steps:
        if step.owner:
            found[step.owner].append(step)
    return found
