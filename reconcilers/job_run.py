"""One run of a Job on Podman: its pods, its mark, and what it wants of both at this moment."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any

from reconcilers.completion import Attempt, Outlook, Phase, Tally, outlook
from reconcilers.contents import template_digest
from reconcilers.failure_policy import Ended
from reconcilers.indexes import LABEL, beginning, number
from reconcilers.marks import Mark, State, mark_volume
from reconcilers.pods import GOING, NEVER, Rests, rests
from reconcilers.restarts import wait
from reconcilers.template import Template, network, resources, template
from reconcilers.world import World
from runtime.dataclass import dataclass
from runtime.grouping import ENDED
from runtime.observe import pod_name
from runtime.resources import Owner, Pod, Resource, Role, Volume, digest
from runtime.seen import UNKNOWN, SeenContainer, SeenPod
from schemas.batch import JobSpec
from schemas.env import EnvVar
from schemas.hooks import Hook
from schemas.indexes import written

JOB_NAMES = ("batch.kubernetes.io/job-name", "job-name")
INDEX_VARIABLE = "JOB_COMPLETION_INDEX"


@dataclass(frozen=True)
class Run:
    """One run of a Job.

    ``made`` is what its pods are made of, ``pods`` those that there are, ``mark`` what was written down.
    The pods in ``after`` must be gone before one of it starts.  ``due`` is for when a CronJob started it.
    """

    world: World
    owner: Owner
    name: str
    spec: JobSpec
    made: Template
    pods: Sequence[SeenPod]
    mark: Mark | None = None
    after: tuple[str, ...] = ()
    due: float = 0
    why: str = ""  # what is to be said of its beginning
    hook: Hook | None = None

    @cached_property
    def attempts(self) -> list[Attempt]:
        """The pods, as the arithmetic knows them."""
        return [_attempt(self, pod) for pod in self.pods]

    @cached_property
    def tally(self) -> Tally:
        """What they add up to."""
        return Tally(self.spec, self.attempts)

    @cached_property
    def began(self) -> float:
        """When its clock started; without a mark its oldest pod tells."""
        oldest = min((pod.created for pod in self.pods), default=self.world.now)
        return self.mark.began if self.mark else oldest

    @cached_property
    def outlook(self) -> Outlook:
        """What becomes of it now; a run that is over wants nothing any more."""
        if self.mark and self.mark.over:
            return Outlook(stop=frozenset(one.name for one in self.tally.of(Phase.ACTIVE)))
        began = self.world.now if self._resumes else self.began
        return outlook(self.spec, self.attempts, began=began, now=self.world.now)

    @cached_property
    def holds(self) -> Mark:
        """The mark that should be there: the one that is, or a new one."""
        now, mark = self.world.now, self.mark
        if mark and mark.over:
            return mark
        if end := self.outlook.end:
            ended = max((one.ended for one in self.attempts), default=0.0)
            at = max(ended, self.began) if end.state is State.COMPLETE else now
            return self._counted(self._new(end.state, at, end.reason, end.message))
        if mark is None:
            return self._new(State.SUSPENDED if self.spec.suspend else State.BEGUN, now, self.why)
        if self.spec.suspend != (mark.state is State.SUSPENDED):
            turned = State.SUSPENDED if self.spec.suspend else State.RESUMED
            return replace(self._new(turned, now), began=now if self._resumes else mark.began)
        return mark

    @property
    def ends_at(self) -> float | None:
        """When its time to live ends."""
        ttl = self.spec.ttl_seconds_after_finished
        return None if ttl is None or not (self.mark and self.mark.over) else self.mark.at + ttl

    @property
    def forgotten(self) -> bool:
        """Whether its pods go: they have outlived it for long enough, or it is a hook that says so."""
        return self.outlived or bool(self.hook and self.mark and _goes(self.hook, self.mark))

    @property
    def outlived(self) -> bool:
        """Whether its time to live is over."""
        return self.ends_at is not None and self.ends_at <= self.world.now

    @property
    def _resumes(self) -> bool:
        return self.mark is not None and self.mark.state is State.SUSPENDED and not self.spec.suspend

    def _new(self, state: State, at: float, reason: str = "", message: str = "") -> Mark:
        return Mark(
            self.name,
            state,
            at,
            self.made.digest,
            began=self.began,
            due=self.due,
            reason=reason,
            message=message,
            commit=self.mark.commit if self.mark else self.world.commit,
        )

    def _counted(self, mark: Mark) -> Mark:
        failed = self.tally.failures
        return replace(mark, succeeded=self.tally.succeeded, failed=failed)


def _goes(hook: Hook, mark: Mark) -> bool:
    """Say whether a hook's pods go as soon as it is over."""
    return (hook.goes_well and mark.state is State.COMPLETE) or (
        hook.goes_failed and mark.state is State.FAILED
    )


def job_template(
    world: World, owner: Owner, name: str, spec: JobSpec, document: Mapping[str, Any], **more: str
) -> Template:
    """Return what a Job's pods are made of.

    Another digest is another run; so it has in it what runs and how often it has to succeed, and neither
    configuration nor names, which may change without anybody wanting it to run again.  ``more`` is
    in it, too.
    """
    kept = {key: document.get(key) for key in ("template", "completions", "completionMode")}
    told = {"kind": "Job", **more, **kept}
    labels = {**spec.template.metadata.labels, **dict.fromkeys(JOB_NAMES, name)}
    pod, annotations = spec.template.spec, spec.template.metadata.annotations
    made = template(world, owner, pod, told, labels=labels, annotations=annotations, follow=False)
    bare = template_digest(world, told, pod, owner.namespace, names=(), follow=False)
    return replace(made, digest=bare)


def job_name(pod: SeenPod) -> str:
    """Return the name of the Job that a pod belongs to, "" for none."""
    return pod.labels.get(JOB_NAMES[0], "")


def wanted_resources(run: Run) -> Iterator[Resource]:
    """Yield what a run wants to be there beside the pods that are: its network, its mark, new pods."""
    if run.made.network:
        yield network(run.world, run.owner.namespace)
    mark = kept_mark(run.world, run.owner, run.holds)
    yield mark
    for name, index in new_pods(run).items():
        for one in resources(run.world, _indexed(run, index), name, after=run.after):
            yield _marked(one, mark) if isinstance(one, Pod) else one


def _marked(pod: Pod, mark: Volume) -> Pod:
    """Return a pod that waits for its Job's mark; Podman restarts nothing of it, as all restarts count."""
    return replace(pod, restart="Never", uses=(*pod.uses, mark.key))


def kept_mark(world: World, owner: Owner, mark: Mark) -> Volume:
    """Return a mark's volume: the one that it was read from, or a new one."""
    return Volume(mark.volume, {}) if mark.volume else mark_volume(world, owner, mark)


def new_pods(run: Run) -> Mapping[str, int | None]:
    """Return the names of the pods that are made now, each with its index.

    A pod's name follows from how many there were before it, so that a pass that is done again makes the same.
    """
    taken = {pod_name(pod).partition(".")[2] for pod in run.pods}
    found: dict[str, int | None] = {}
    for index in run.outlook.start:
        names = (_pod_name(run, index, count) for count in range(len(taken), 10**9))
        name = next(one for one in names if one not in taken)
        taken.add(name)
        found[name] = index
    return found


def kept(run: Run) -> frozenset[str]:
    """Return the names of the pods that stay as they are."""
    if run.forgotten:
        return frozenset()
    return frozenset(one.name for one in run.attempts if one.name not in run.outlook.stop)


def resting(run: Run) -> frozenset[str]:
    """Return the names of the containers that don't start now."""
    alone = (pod_name(pod) for pod in run.pods if _is_over(pod))
    return (frozenset(alone) - _due(run)) | _rests(run).names


def restarting(run: Run) -> frozenset[str]:
    """Return the names of the containers whose start is a restart."""
    return _due(run) | _rests(run).counting


def unwell(run: Run) -> Mapping[str, str]:
    """Return the containers that run and have to be restarted, and why."""
    return _rests(run).unwell


def killed(run: Run) -> Mapping[str, str]:
    """Return the containers that run and have to stop for good, and why."""
    return _rests(run).killed


def look_again(run: Run) -> Iterator[float]:
    """Yield when something may change by itself, in seconds since 1970."""
    times = [run.outlook.look_again, *_restarts(run).values(), run.ends_at, _rests(run).look_again]
    return (one for one in times if one is not None and one > run.world.now)


def _is_over(pod: SeenPod) -> bool:
    """Say whether a pod of one container has ended; how one of several goes on, its own order says."""
    return not pod.members and _phase(pod) in {Phase.SUCCEEDED, Phase.FAILED}


def _due(run: Run) -> frozenset[str]:
    return frozenset(name for name, at in _restarts(run).items() if at <= run.world.now)


def _rests(run: Run) -> Rests:
    """Return what a pod's own restarts and its order say of all but pods of one container that have ended."""
    others = [pod for pod in run.pods if not _is_over(pod)]
    return rests(run.world, others, run.spec.template.spec.restart_policy)


def told(run: Run) -> str:
    """Return how far a run is, for people."""
    goal, tally = run.spec.goal, run.tally
    parts = [f"{tally.succeeded} of {goal} complete" if goal is not None else f"{tally.succeeded} complete"]
    if tally.active:
        parts.append(f"{len(tally.active)} active")
    if tally.failures:
        failed = tally.of(Phase.FAILED)
        last = f" (the last one: {max(failed, key=lambda one: one.ended).said})" if failed else ""
        parts.append(f"{tally.failures} failed{last}")
    if tally.lost:
        parts.append(f"failed indexes {written(tally.lost)}")
    soon = min((one for one in look_again(run) if one != _deadline(run)), default=None)
    if soon is not None and not run.holds.over:
        parts.append(f"goes on in {soon - run.world.now:.0f}s")
    return ", ".join(parts)


def _deadline(run: Run) -> float | None:
    seconds = run.spec.active_deadline_seconds
    return None if seconds is None else run.began + seconds


def _restarts(run: Run) -> Mapping[str, float]:
    """Return when each failed container is started again in place."""
    if not run.tally.in_place or run.holds.over or run.spec.suspend:
        return {}
    pods = {pod_name(pod): pod for pod in run.pods}
    failed = (pods[one.name] for one in run.tally.of(Phase.FAILED))
    return {pod_name(pod): _restart_at(run.world, pod) for pod in failed if not pod.members}


def _restart_at(world: World, pod: SeenPod) -> float:
    before = world.past.restarts.get(pod.id, NEVER)
    return max(before.last + wait(before.count), pod.ended) if before.count else pod.ended


def _attempt(run: Run, pod: SeenPod) -> Attempt:
    past = run.world.past
    exits = [past.exits.get(one.id, UNKNOWN) for one in pod.containers]
    name = f"{run.owner.namespace}/{pod_name(pod).partition('.')[2]}"
    main = run.spec.template.spec.containers[0].name
    code = next((one.exit_code for one in _failed(pod)), pod.exit_code)
    return Attempt(
        name=pod_name(pod),
        phase=_phase(pod),
        index=number(pod.labels.get(LABEL), run.spec.completions or 0),
        running=pod.state == "running",
        started=pod.started or pod.created,
        ended=pod.ended,
        restarts=sum(past.restarts.get(one.id, NEVER).count for one in pod.containers) + _down(run, pod),
        how=Ended(name, {one.part or main: one.exit_code for one in _telling(pod)}, {}),
        said="OOMKilled" if any(one.out_of_memory for one in exits) else f"exit {code}",
    )


def _down(run: Run, pod: SeenPod) -> int:
    """Return how many containers have failed and start again in a pod that isn't counted itself for it."""
    if run.spec.template.spec.restart_policy != "OnFailure":
        return 0
    return max(len(_failed(pod)) - (_phase(pod) is Phase.FAILED), 0)


def _failed(pod: SeenPod) -> list[SeenContainer]:
    return [one for one in _telling(pod) if one.state in ENDED and one.exit_code]


def _telling(pod: SeenPod) -> list[SeenContainer]:
    """Return the containers whose exit codes tell how a pod failed: not the sidecars, which are stopped."""
    return [one for one in pod.containers if one.role is not Role.SIDECAR]


def _phase(pod: SeenPod) -> Phase:
    if pod.state in GOING:
        return Phase.GOING
    if pod.state not in ENDED:
        return Phase.ACTIVE
    return Phase.FAILED if pod.exit_code else Phase.SUCCEEDED


def _pod_name(run: Run, index: int | None, count: int) -> str:
    return beginning(run.name, index) + digest([run.made.digest, index, count]).partition(":")[2][:5]


def _indexed(run: Run, index: int | None) -> Template:
    """Return what the pod of an index is made of: it knows its number, and has a name after it."""
    if index is None:
        return run.made
    own = {LABEL: str(index)}
    spec = run.made.spec.model_copy(
        update={
            "hostname": f"{run.name}-{index}",
            "containers": tuple(_numbered(one, index) for one in run.made.spec.containers),
            "init_containers": tuple(_numbered(one, index) for one in run.made.spec.init_containers),
        }
    )
    labels, annotations = {**run.made.labels, **own}, {**run.made.annotations, **own}
    return replace(run.made, spec=spec, labels=labels, annotations=annotations)


def _numbered(container: Any, index: int) -> Any:
    if any(one.name == INDEX_VARIABLE for one in container.env):
        return container
    variable = EnvVar(name=INDEX_VARIABLE, value=str(index))
    return container.model_copy(update={"env": (*container.env, variable)})
