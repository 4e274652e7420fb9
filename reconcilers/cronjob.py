"""CronJobs: Jobs that are started on a schedule, each once, and kept as long as their history wants them."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import cached_property
from typing import Any

from reconcilers.due import Due, due, looked_after
from reconcilers.job import reasons, summary
from reconcilers.job_pods import job_name, job_template, kept_mark, new_pods, wanted_resources
from reconcilers.job_run import Run, kept, killed, look_again, restarting, resting, unwell
from reconcilers.marks import Mark, State, marks_of, newest
from reconcilers.pods import GOING, failure
from reconcilers.pulling import sought
from reconcilers.template import network
from reconcilers.wanted import Health, Status, Wanted
from reconcilers.world import World
from runtime.dataclass import dataclass
from runtime.observe import pod_name
from runtime.resources import Owner, Resource
from runtime.seen import SeenPod
from schemas.batch import CronJob, JobSpec
from schemas.schedule import Schedule, zone_named

MINUTE = 60
TICK = 0.1  # seconds after its time that a run is looked for; Kubernetes' nextScheduleDelta


@dataclass(frozen=True)
class Cron:
    """A CronJob at one moment, with all that its runs have left."""

    one: CronJob
    document: Mapping[str, Any]
    world: World

    @cached_property
    def owner(self) -> Owner:
        """What tells it from other objects."""
        return Owner("CronJob", self.one.metadata.namespace, self.one.metadata.name)

    @cached_property
    def schedule(self) -> Schedule:
        """When it is due, on the clocks that it names or else the machine's own."""
        return self.one.spec.due.within(self.one.spec.time_zone or self.world.machine.zone)

    @cached_property
    def marks(self) -> Sequence[Mark]:
        """All that was written down of it."""
        return marks_of(self.world.seen.volumes, self.owner)

    @cached_property
    def since(self) -> float | None:
        """The moment up to which its schedule has been looked after; None where nothing is known."""
        times = [one.at if one.state is State.SCHEDULED else one.due for one in self.marks]
        times += [run.due for run in self.runs.values()]
        return max((one for one in times if one and looked_after(one, self.world.now)), default=None)

    @cached_property
    def runs(self) -> Mapping[str, Run]:
        """The runs of which something is left, by their Jobs' names."""
        pods: dict[str, list[SeenPod]] = {}
        for pod in self.world.pods_of(self.owner):
            pods.setdefault(job_name(pod), []).append(pod)
        marks = {one.name: one for one in self.marks if one.state is not State.SCHEDULED}
        names = sorted(filter(None, pods.keys() | marks.keys()))
        return {name: self._run(name, pods.get(name, ())) for name in names}

    @cached_property
    def staying(self) -> Sequence[Run]:
        """The runs that stay: those under way, and of those that are over as many as the history keeps."""
        over = [run for run in self.runs.values() if run.mark and run.mark.over]
        going = [run for run in self.runs.values() if run not in over]
        spec = self.one.spec
        good = _last(over, State.COMPLETE, spec.successful_jobs_history_limit)
        bad = _last(over, State.FAILED, spec.failed_jobs_history_limit)
        late = [run for run in over if not self._is_noted(run)]  # its mark is still needed to know of it
        return list({run.name: run for run in [*self._unreplaced(going), *good, *bad, *late]}.values())

    @cached_property
    def due(self) -> Due:
        """What the schedule asks for now."""
        if self.since is None or self.one.spec.suspend:
            return Due()
        return due(self.schedule, self.since, self.world.now, self.one.spec.starting_deadline_seconds)

    @cached_property
    def starting(self) -> Sequence[Run]:
        """The runs that start now: the one that is due, and one that a person asks for."""
        return [*self._scheduled(), *self._asked()]

    def active(self) -> list[Run]:
        """Return the runs that are under way."""
        return [run for run in self.staying if not (run.mark and run.mark.over)]

    def _scheduled(self) -> Iterator[Run]:
        name = f"{self.owner.name}-{int((self.due.at or 0) // MINUTE)}"
        if self.due.at is None or name in self.runs:
            return
        ongoing = [run for run in self.active() if run.due]
        match self.one.spec.concurrency_policy:
            case "Forbid" if ongoing:
                return
            case "Replace":
                gone = tuple(pod_name(pod) for run in ongoing for pod in run.pods)
            case _:
                gone = ()
        why = "TooManyMissedTimes" if self.due.many else ""
        yield replace(self._run(name, ()), due=self.due.at, after=gone, why=why)

    def _asked(self) -> Iterator[Run]:
        name = self.world.asked.get(self.owner)
        if name and name not in self.runs:
            yield self._run(name, ())

    def _unreplaced(self, going: Sequence[Run]) -> Sequence[Run]:
        """Return the runs that go on: under Replace, of those of the schedule only the last."""
        if self.one.spec.concurrency_policy != "Replace":
            return going
        last = max((run.due for run in going), default=0.0)
        return [run for run in going if run.due in {0.0, last}]

    def _is_noted(self, run: Run) -> bool:
        """Say whether the CronJob's own mark knows of a run, so that it may be forgotten."""
        own = [one.at for one in self.marks if one.state is State.SCHEDULED]
        return not run.due or max(own, default=0.0) >= run.due

    def _run(self, name: str, pods: Sequence[SeenPod]) -> Run:
        """Return a run, made as the commit has it from which it was begun."""
        mark = newest(one for one in self.marks if one.name == name and one.state is not State.SCHEDULED)
        world, spec, document = self._written(mark.commit if mark else "")
        made = job_template(world, self.owner, name, spec, document, kind="CronJob")
        if mark:
            made = replace(made, digest=mark.digest)
        due_at = mark.due if mark else _due_of(name, self.owner.name)
        return Run(world, self.owner, name, spec, made, pods, mark, due=due_at)

    def _written(self, commit: str) -> tuple[World, JobSpec, Mapping[str, Any]]:
        """Return what a commit says of its Jobs; where git can't tell any more, what is said now."""
        earlier = self.world.earlier(commit, self.owner) if commit not in {"", self.world.commit} else None
        if earlier and isinstance(earlier.manifest.object, CronJob):
            world = replace(self.world, commit=commit, catalog=earlier.catalog)
            document = earlier.manifest.document["spec"]["jobTemplate"]["spec"]
            return world, earlier.manifest.object.spec.job_template.spec, document
        now = self.document["spec"]["jobTemplate"]["spec"]
        return self.world, self.one.spec.job_template.spec, now


def reconcile(one: CronJob, document: Mapping[str, Any], world: World) -> Wanted:
    """Return what a CronJob's runs want at this moment; a missed one is started if it is the last.

    What is known of earlier runs is written on Podman.  With no record at all it starts from now.
    """
    cron = Cron(one, document, world)
    runs = [*_going_on(cron), *cron.starting]
    own = _own_mark(cron)
    return Wanted(
        owner=cron.owner,
        resources=(*_resources(cron, runs), kept_mark(world, cron.owner, own)),
        status=_status(cron, runs),
        keep=frozenset(name for run in runs for name in kept(run)),
        resting=frozenset(name for run in runs for name in resting(run)),
        restarting=frozenset(name for run in runs for name in restarting(run)),
        unwell={name: why for run in runs for name, why in unwell(run).items()},
        killed={name: why for run in runs for name, why in killed(run).items()},
        look_again=_look_again(cron, runs),
        reasons=_reasons(cron, runs, own),
        living=True,
    )


def _going_on(cron: Cron) -> list[Run]:
    """Return the runs that stay, but for those in whose place another one starts now."""
    replaced = {name for run in cron.starting for name in run.after}
    return [run for run in cron.staying if not (replaced & {pod_name(pod) for pod in run.pods})]


def _resources(cron: Cron, runs: Sequence[Run]) -> Iterator[Resource]:
    if not cron.one.spec.job_template.spec.template.spec.host_network:
        yield network(cron.world, cron.owner.namespace)
    for run in runs:
        yield from wanted_resources(run)


def _own_mark(cron: Cron) -> Mark:
    """Return up to when its schedule has been looked after, by what is there already.

    A run that starts now is not in it: were this mark written and power lost, it would be missing unnoticed.
    """
    at = cron.world.now if cron.since is None else max(cron.since, cron.due.lapsed or 0.0)
    known = (one for one in cron.marks if one.state is State.SCHEDULED and one.at == at)
    why = "MissSchedule" if at == cron.due.lapsed else ""
    return next(known, Mark(cron.owner.name, State.SCHEDULED, at, reason=why, commit=cron.world.commit))


def _look_again(cron: Cron, runs: Sequence[Run]) -> float | None:
    times = [moment for run in runs for moment in look_again(run)]
    following = _next(cron)
    return min([*times, *([following + TICK] if following else [])], default=None)


def _next(cron: Cron) -> float | None:
    if cron.one.spec.suspend:
        return None
    return cron.due.next if cron.since is not None else cron.schedule.after(cron.world.now)


def _reasons(cron: Cron, runs: Iterable[Run], own: Mark) -> Mapping[str, str]:
    found: dict[str, str] = {}
    for run in runs:
        found |= reasons(run)
    staying = {run.name for run in runs}
    for run in cron.runs.values():
        if run.name not in staying:
            found |= dict.fromkeys((f"pod/{pod_name(pod)}" for pod in run.pods), _why_gone(run))
    lapsed = cron.due.lapsed
    why = "its schedule is looked after from now on" if cron.since is None else "up to here it has been run"
    if lapsed is not None:
        deadline = cron.one.spec.starting_deadline_seconds
        why = (
            f"the run of {_at(cron, lapsed)} was missed: more than {deadline}s ago (startingDeadlineSeconds)"
        )
    return {**found, kept_mark(cron.world, cron.owner, own).key: why}


def _why_gone(run: Run) -> str:
    over = run.mark is not None and run.mark.over
    return "more than its history keeps" if over else "the next run takes its place"


def _status(cron: Cron, runs: Sequence[Run]) -> Status:
    """Return how a CronJob fares: well, whatever becomes of a run, which its reason tells."""
    going = [run for run in runs if not run.holds.over]
    pods = tuple(pod for run in going for pod in run.pods if pod.state not in GOING)
    running = sum(pod.state == "running" for pod in pods)
    if trouble := _trouble(cron, going):
        return Status(Health.DEGRADED, trouble, running, len(pods), pods=pods)
    health = Health.SUSPENDED if cron.one.spec.suspend else Health.HEALTHY
    return Status(health, "; ".join(_words(cron, runs)), running, len(pods), pods=pods)


def _trouble(cron: Cron, going: Sequence[Run]) -> str:
    names = [f"{cron.owner.namespace}.{name}" for run in going for name in new_pods(run)]
    images = sought(cron.world, cron.one.spec.job_template.spec.template.spec.every_container)
    return failure(cron.world, names, images if names else ())


def _words(cron: Cron, runs: Sequence[Run]) -> Iterator[str]:
    following = _next(cron)
    yield (
        "suspended"
        if cron.one.spec.suspend
        else (f"next run {_at(cron, following)}" if following else "no run will ever come")
    )
    going = [run for run in runs if not run.holds.over]
    yield from (f"{run.name}: {summary(run)}" for run in going)
    over = max((run for run in runs if run.holds.over), key=lambda run: run.began, default=None)
    if over and over.holds.state is State.FAILED:
        yield f"{over.name} failed: {summary(over)}"
    if cron.due.at is not None and not cron.starting and going:
        yield f"the run of {_at(cron, cron.due.at)} waits for it (concurrencyPolicy Forbid)"


def _at(cron: Cron, moment: float) -> str:
    return f"{datetime.fromtimestamp(moment, zone_named(cron.schedule.zone)):%Y-%m-%d %H:%M %Z}"


def _last(runs: Iterable[Run], state: State, count: int) -> list[Run]:
    """Return the last runs that ended so."""
    ended = [run for run in runs if run.mark and run.mark.state is state]
    return sorted(ended, key=lambda run: (run.began, run.name), reverse=True)[:count]


def _due_of(job: str, cron: str) -> float:
    """Return for when a Job was started by its name, 0 for one that a person asked for."""
    minutes = job.removeprefix(f"{cron}-")
    return int(minutes) * float(MINUTE) if minutes.isdecimal() else 0.0
