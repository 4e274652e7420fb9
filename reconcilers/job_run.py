"""One run of a Job on Podman: its pods, its mark, and which of them stay, stop and start at this moment."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cached_property

from reconcilers.completion import Attempt, Outlook, Phase, Tally, outlook
from reconcilers.job_attempt import attempt, phase
from reconcilers.marks import Mark, State
from reconcilers.moments import after
from reconcilers.pods import NEVER, Rests, rests
from reconcilers.restarts import wait
from reconcilers.template import Template
from reconcilers.world import World
from runtime.dataclass import dataclass
from runtime.observe import pod_name
from runtime.resources import Owner
from runtime.seen import SeenPod
from schemas.batch import JobSpec
from schemas.hooks import Hook
from schemas.indexes import written


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
        spec, past = self.spec, self.world.past
        return [attempt(spec, self.owner.namespace, past, pod) for pod in self.pods]

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
        began = self.world.now if self._resumes else self.world.corrected(self.began)
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
    return not pod.members and phase(pod) in {Phase.SUCCEEDED, Phase.FAILED}


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
    return None if seconds is None else run.world.corrected(run.began) + seconds


def _restarts(run: Run) -> Mapping[str, float]:
    """Return when each failed container is started again in place."""
    if not run.tally.in_place or run.holds.over or run.spec.suspend:
        return {}
    pods = {pod_name(pod): pod for pod in run.pods}
    failed = (pods[one.name] for one in run.tally.of(Phase.FAILED))
    return {pod_name(pod): _restart_at(run.world, pod) for pod in failed if not pod.members}


def _restart_at(world: World, pod: SeenPod) -> float:
    before = world.past.restarts.get(pod.id, NEVER)
    return after(before.last, wait(before.count), world.now) if before.count else world.now
