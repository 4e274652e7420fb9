"""Changes, for people: per object what is to become of it, why, and what that does to what serves."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from gitops.mending import AWAY
from gitops.render import object_digest
from gitops.scene import uses
from gitops.steps import Configure, Connect, Create, Disconnect, Rename, Restart, Start, Step, Unpause, Write
from gitops.supplying import NEW, OTHERWISE
from gitops.verdict import Verdict
from gitops.view import View
from reconcilers.wanted import Consequence, Wanted
from runtime.observe import of_source, pod_name
from runtime.resources import Label, Owner, Pod, Secret
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
    """Return all that is to change, whatever the pacing.  Causes in git are told by ``gitops.causes``."""
    pods = _by_owner(view, source)
    steps = _steps_by_owner(view.plan.steps)
    there = {answer.owner: answer for answer in view.wanted}
    compared = [
        _compare(view, answer, before.get(owner), pods.get(owner, []), steps.get(owner, []))
        for owner, answer in there.items()
    ]
    gone = sorted(owner for owner in {*before, *pods} if owner not in there)
    deleted = [
        Change(owner, Verdict.DELETE, base=_base(before.get(owner), pods.get(owner, []))) for owner in gone
    ]
    found = [change for change in compared if change]
    return [_adopted(change, there, adopting) for change in found] + deleted


def _compare(
    view: View, answer: Wanted, known: Before | None, pods: Sequence[SeenPod], steps: Sequence[Step]
) -> Change | None:
    manifest = view.rendered.by_owner[answer.owner]
    base = _base(known, pods)
    if known is None and (steps or not pods):
        return Change(answer.owner, Verdict.CREATE, base=base)
    if (known and known.digest != object_digest(manifest, view.key)) or _stale(answer, pods):
        return Change(answer.owner, Verdict.UPDATE, consequence=answer.consequence, base=base)
    if answer.asked and not answer.settled:
        return Change(answer.owner, Verdict.UPDATE, answer.asked, answer.consequence, asked=True)
    steps = [step for step in steps if not _only_leads_elsewhere(step)]
    if drifted := [step for step in steps if _was_there(step, pods)]:
        fields = tuple(_drifted(step, pods) for step in drifted)
        cause = "; ".join(f"{step.resource}: {_found(step)}" for step in drifted)
        return Change(answer.owner, Verdict.DRIFT, cause, Consequence.IN_PLACE, fields)
    return Change(answer.owner, Verdict.UPDATE, base=base) if steps else None


def _only_leads_elsewhere(step: Step) -> bool:
    """Say whether a proxy follows pods and namespaces, which is no change of what wants it."""
    match step.action:
        case Configure():
            return step.reason not in {NEW, OTHERWISE}
        case Connect():
            return step.reason != AWAY
        case _:
            return isinstance(step.action, Disconnect)


def _found(step: Step) -> str:
    return "it is gone" if isinstance(step.action, Create) else step.reason


def _was_there(step: Step, pods: Sequence[SeenPod]) -> bool:
    """Say whether a step mends what sloop had made; configuration that no pod uses yet is only new."""
    match step.action:
        case Write() | Create(Secret()):
            return any(step.resource in uses(pod) for pod in pods)
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
        case Rename(current, name):
            return Field(f"{step.resource}.name", name, current)
        case Connect(_, network):
            return Field(f"{step.resource}.network", network, None)
        case Restart():
            return Field(f"{step.resource}.probe", "passes", "fails")
        case Start(name) | Unpause(name):
            state = {pod_name(pod): pod.state for pod in pods}[name]
            return Field(f"{step.resource}.state", "running", state)
        case _:
            changed = isinstance(step.action, Write | Configure)
            return Field(step.resource, "there", "changed" if changed else "gone")


def _by_owner(view: View, source: str) -> Mapping[Owner, list[SeenPod]]:
    pods: dict[Owner, list[SeenPod]] = defaultdict(list)
    for pod in of_source(view.seen, source).pods:
        pods[Owner.parse(pod.labels[Label.OWNER])].append(pod)
    return pods


def _steps_by_owner(steps: Sequence[Step]) -> Mapping[Owner, list[Step]]:
    found: dict[Owner, list[Step]] = defaultdict(list)
    for step in steps:
        if step.owner:
            found[step.owner].append(step)
    return found
