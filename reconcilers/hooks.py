"""Hooks: Jobs and Pods that run once for each commit that changes anything, as a part of its deployment."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from reconcilers.job import answered, run_of
from reconcilers.marks import mark_in
from reconcilers.waiting import is_lost, is_well, written_down
from reconcilers.wanted import Health, Status, Wanted
from reconcilers.world import World
from runtime.observe import container_key, pod_name
from runtime.resources import Label, Owner, Volume
from runtime.seen import SeenPod
from schemas.batch import JobSpec
from schemas.core import Pod
from schemas.hooks import Phase, hook_of
from schemas.manifest import Manifest
from schemas.meta import TemplateMeta
from schemas.pod import PodTemplate

MAY_END = frozenset({"CronJob", "Job", "Pod"})
NO_FAILURE = "it runs only where the commit fails"


def pod_hook(one: Pod, document: Mapping[str, Any], world: World) -> Wanted:
    """Return what a Pod that is a hook wants: it runs as a Job does that may not fail."""
    meta = one.metadata
    around = TemplateMeta(labels=meta.labels, annotations=meta.annotations)
    spec = JobSpec.model_construct(
        template=PodTemplate.model_construct(metadata=around, spec=one.spec), completions=1, backoff_limit=0
    )
    written = {key: document["metadata"].get(key) for key in ("labels", "annotations")}
    template = {"metadata": written, "spec": document["spec"]}
    return answered(*run_of(one, spec, {"template": template}, world))


def staged(manifests: Sequence[Manifest], answers: Sequence[Wanted], world: World) -> list[Wanted]:
    """Return the answers, of hooks what the whole deployment makes of them.

    Those for a failure run only where something of this commit has failed for good.  As long as not all is
    well, nothing goes that would be missing if the commit before came back.
    """
    hooks = _hooks(manifests)
    if not hooks:
        return list(answers)
    told = [_for_a_failure(one, hooks, answers, world) for one in answers]
    if all(map(is_well, told)):
        return told
    kept = [_remembering(one, _ends(one.owner, world)) if one.owner in hooks else one for one in told]
    first = next((one.owner for one in told if _comes_first(one, hooks)), None)
    return [_keeping_what_left(one, told, world) if one.owner == first else one for one in kept]


def is_beginning(manifests: Sequence[Manifest], answers: Sequence[Wanted]) -> bool:
    """Say whether a hook runs, or has failed, that comes before all else."""
    hooks = _hooks(manifests)
    return any(_comes_first(one, hooks) for one in answers)


def _hooks(manifests: Sequence[Manifest]) -> Mapping[Owner, Phase]:
    found = ((one.object, hook_of(one.object)) for one in manifests)
    return {
        Owner(one.kind, one.metadata.namespace, one.metadata.name): hook.phase for one, hook in found if hook
    }


def _comes_first(answer: Wanted, hooks: Mapping[Owner, Phase]) -> bool:
    return hooks.get(answer.owner) is Phase.PRE_SYNC and not is_well(answer)


def _for_a_failure(
    answer: Wanted, hooks: Mapping[Owner, Phase], answers: Sequence[Wanted], world: World
) -> Wanted:
    if hooks.get(answer.owner) is not Phase.SYNC_FAIL or any(_fails(one, hooks, world) for one in answers):
        return answer
    return Wanted(answer.owner, (), Status(Health.HEALTHY, NO_FAILURE), living=True)


def _fails(answer: Wanted, hooks: Mapping[Owner, Phase], world: World) -> bool:
    """Say whether something of this commit has failed: not who went well with it, and is ill now."""
    phase = hooks.get(answer.owner)
    ours = phase is not None or answer.owner in world.changed
    return ours and phase is not Phase.SYNC_FAIL and is_lost(answer)


def _ends(owner: Owner, world: World) -> list[Volume]:
    """Return what is written down of how runs of a hook ended."""
    return [one for one in written_down(owner, world) if mark_in(one.labels).over]


def _remembering(answer: Wanted, marks: Iterable[Volume]) -> Wanted:
    """Return an answer that keeps what is written down in some marks."""
    there = {one.key for one in answer.resources}
    return replace(answer, resources=(*answer.resources, *(one for one in marks if one.key not in there)))


def _keeping_what_left(answer: Wanted, answers: Sequence[Wanted], world: World) -> Wanted:
    """Return an answer that keeps what objects have that left git."""
    owners = {str(one.owner) for one in answers}
    pods = [pod for pod in world.seen.pods if pod.labels.get(Label.OWNER) not in owners]
    marks = (one.labels.get(Label.OWNER, "") for one in world.seen.volumes if Label.MARK in one.labels)
    left = [one for owner in sorted({*marks} - owners) for one in written_down(Owner.parse(owner), world)]
    still = [key for pod in pods for key in _staying_down(pod)]
    return replace(
        _remembering(answer, [*_ends(answer.owner, world), *left]),
        keep=answer.keep | frozenset(map(pod_name, pods)),
        resting=answer.resting | frozenset(still),
    )


def _staying_down(pod: SeenPod) -> Iterator[str]:
    """Yield the containers that aren't started again: what may have done its work, or waits for another."""
    if pod.members or Owner.parse(pod.labels[Label.OWNER]).kind in MAY_END:
        yield from (container_key(pod, one) for one in pod.containers if one.state != "running")
