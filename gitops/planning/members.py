"""A pod of several containers that is there: what it lacks, and which of them start or stop now."""

from collections.abc import Iterator, Mapping
from dataclasses import replace

from gitops.planning.scene import Draft, supplies
from gitops.planning.steps import Complete, Kill, Member, Restart, Start, Stop, Unpause
from reconcilers.order import stages
from reconcilers.wanted import Wanted
from runtime.grouping import ENDED, MISSING, STRANDED, finished
from runtime.observe import container_key, pod_name
from runtime.resources import Label, Owner, Pod, Role, container_name
from runtime.seen import SeenContainer, SeenPod

STARTABLE = ENDED | {"created", "configured", "initialized"}


def complete(pod: Pod, seen: SeenPod, owner: Owner) -> Iterator[Draft]:
    """Yield what makes the containers that a pod lacks."""
    missing = [one.part for one in seen.members if one.state == MISSING]
    if missing and not finished(seen):
        yield Draft(Complete(pod), owner, f"it lacks {_named(missing)}", supplies(pod))


def rouse(seen: SeenPod, answer: Wanted, grace: int, patience: int) -> Iterator[Draft]:
    """Yield what brings the containers of a pod to run, in their order, as far as they are due.

    ``grace`` is what the pod may take to stop, ``patience`` what a container may that a probe has restarted.
    """
    name = pod_name(seen)
    needs = frozenset(f"{verb} pod/{name}" for verb in ("rename", "connect", "complete"))
    hooks = seen.labels.get(Label.HOOKS, "")
    paused = tuple(container_key(seen, one) for one in seen.members if one.state == "paused")
    stranded = tuple(_as_given(seen, one) for one in seen.members if one.state == STRANDED)
    if paused or seen.state == "paused":
        yield Draft(Unpause(name, (*paused, infra(name))), answer.owner, "a hand paused it", needs)
    elif stranded:
        told = "its infra container ended, and its network with that"
        yield Draft(Stop(name, (stranded,), hooks, grace), answer.owner, told, needs)
    elif name in answer.evicted:
        stop = Stop(name, _all_stages(seen), "", 0)
        yield Draft(stop, answer.owner, f"Evicted: {answer.evicted[name]}", needs)
    elif finished(seen) or name in answer.over:
        yield from _finish(answer, Stop(name, _all_stages(seen), hooks, grace))
    else:
        yield from _halt(seen, answer, Kill(name, patience, hooks), answer.killed, needs)
        yield from _halt(seen, answer, Restart(name, patience, hooks), answer.unwell, needs)
        yield from _start(seen, answer, Start(name, hooks, grace), needs)


def infra(pod: str) -> str:
    """Return the name of a pod's infra container."""
    return container_name(pod, "")


def stopping(seen: SeenPod) -> tuple[tuple[Member, ...], ...]:
    """Return the containers that run in the order of their stops; none for a pod that is one container."""
    return tuple(tuple(Member(one.name, one.part) for one in stage) for stage in stages(seen) if stage)


def _all_stages(seen: SeenPod) -> tuple[tuple[Member, ...], ...]:
    own = Member(infra(pod_name(seen)), "")
    given = (tuple(_as_given(seen, one) for one in stage) for stage in stages(seen) if stage)
    return (*given, *([(own,)] if seen.pid else []))


def _finish(answer: Wanted, stop: Stop) -> Iterator[Draft]:
    if stop.stages:
        yield Draft(stop, answer.owner, "it has come to its end: nothing of it starts again")


def _halt(
    seen: SeenPod, answer: Wanted, action: Kill | Restart, why: Mapping[str, str], needs: frozenset[str]
) -> Iterator[Draft]:
    """Yield the end or the restart of one container; if there are more, their turn is the next pass."""
    for one in seen.members:
        if words := why.get(container_key(seen, one)):
            part = replace(action, member=_as_given(seen, one))
            yield Draft(part, answer.owner, f"{one.part}: {words}", needs)
            return


def _start(seen: SeenPod, answer: Wanted, action: Start, needs: frozenset[str]) -> Iterator[Draft]:
    due = [one for one in seen.members if one.state in STARTABLE | {MISSING}]
    due = [one for one in due if container_key(seen, one) not in answer.resting]
    if due:
        whole = Start(action.pod, action.hooks, action.grace, tuple(_as_given(seen, one) for one in due))
        told = f"{_named([one.part for one in due])}: {_why(seen, due)}"
        yield Draft(whole, answer.owner, told, needs)


def _why(seen: SeenPod, due: list[SeenContainer]) -> str:
    ended = next((one for one in due if one.ended), None)
    if ended:
        return f"it ended with exit code {ended.exit_code}"
    before = seen.members[: seen.members.index(due[0])]
    if not before or all(one.role is Role.MAIN for one in before):
        return "its pod doesn't run" if not seen.pid else "it was made but never started"
    last = [one for one in before if one.role is not Role.MAIN][-1]
    if last.role is Role.SIDECAR:
        return f"sidecar {last.part} has started"
    return f"init container {last.part} has completed"


def _named(parts: list[str]) -> str:
    return f"container{'s' if len(parts) > 1 else ''} {', '.join(parts)}"


def _as_given(seen: SeenPod, one: SeenContainer) -> Member:
    return Member(container_key(seen, one), one.part)
