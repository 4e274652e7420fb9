"""Jobs: pods that run until so many have succeeded; what was done once is not done again."""

from collections.abc import Mapping
from typing import Any

from reconcilers.job_pods import job_template, kept_mark, new_pods, wanted_resources
from reconcilers.job_run import Run, kept, killed, look_again, restarting, resting, told, unwell
from reconcilers.marks import Mark, State, marks_of, newest
from reconcilers.pods import GOING, failure, is_of
from reconcilers.pulling import sought
from reconcilers.wanted import Consequence, Health, Status, Wanted
from reconcilers.world import World
from runtime.observe import pod_name
from runtime.resources import Owner
from schemas.batch import Job, JobSpec
from schemas.core import Pod
from schemas.hooks import Phase, hook_of

WORDS = {
    State.BEGUN: "it begins",
    State.SUSPENDED: "it is suspended",
    State.RESUMED: "it goes on",
    State.COMPLETE: "it is complete",
}
TURNS = {  # of hooks
    Phase.PRE_SYNC: "before all else",
    Phase.SYNC: "with this commit",
    Phase.POST_SYNC: "once all is well",
    Phase.SYNC_FAIL: "as the commit fails",
}
HEALTHS = {
    State.BEGUN: Health.PROGRESSING,
    State.RESUMED: Health.PROGRESSING,
    State.SUSPENDED: Health.SUSPENDED,
    State.COMPLETE: Health.HEALTHY,
    State.FAILED: Health.DEGRADED,
}


def reconcile(one: Job, document: Mapping[str, Any], world: World) -> Wanted:
    """Return the pods that a Job wants at this moment; one that is over wants no more."""
    return answered(*run_of(one, one.spec, document["spec"], world))


def answered(run: Run, earlier: bool) -> Wanted:
    """Return what a run wants at this moment; ``earlier`` says that there was another one before it."""
    again = earlier and run.mark is None
    left = [pod for pod in run.world.pods_of(run.owner) if pod not in run.pods]
    return Wanted(
        owner=run.owner,
        resources=tuple(wanted_resources(run)),
        status=_status(run),
        keep=kept(run),
        resting=resting(run),
        restarting=restarting(run),
        unwell=unwell(run),
        killed=killed(run),
        settled=not left,
        consequence=Consequence.RECREATE if again and not run.hook else Consequence.NONE,
        look_again=min(look_again(run), default=None),
        reasons=reasons(run),
        living=True,
        final=run.holds.over,
        note=_note(run) if again else "",
    )


def _note(run: Run) -> str:
    """Return what it means that a Job runs again, for people."""
    return f"it runs {TURNS[run.hook.phase]}" if run.hook else "it runs again, from the start"


def run_of(one: Job | Pod, spec: JobSpec, document: Mapping[str, Any], world: World) -> tuple[Run, bool]:
    """Return the run that git describes now, and whether there was another one before it.

    A hook is another run with each commit that changes anything.
    """
    meta, hook = one.metadata, hook_of(one)
    owner = Owner(one.kind, meta.namespace, meta.name)
    sync = {"kind": one.kind, "sync": world.sync} if hook else {}
    made = job_template(world, owner, meta.name, spec, document, **sync)
    there, marks = world.pods_of(owner), marks_of(world.seen.volumes, owner)
    mine = [pod for pod in there if is_of(pod, made.digest)]
    mark = newest(mark for mark in marks if mark.digest == made.digest)
    before = tuple(pod_name(pod) for pod in there if pod not in mine)
    earlier = bool(before) or any(mark.digest != made.digest for mark in marks)
    return Run(world, owner, meta.name, spec, made, mine, mark, after=before, hook=hook), earlier


def reasons(run: Run) -> Mapping[str, str]:
    """Return why each mark and pod of a run comes or goes, for people."""
    mark = kept_mark(run.world, run.owner, run.holds)
    found = {mark.key: said(run.holds)}
    found |= {f"pod/{run.owner.namespace}.{name}": _why(run) for name in new_pods(run)}
    gone = [pod_name(pod) for pod in run.pods if pod_name(pod) not in kept(run)]
    return found | {f"pod/{name}": _why_gone(run) for name in gone}


def said(mark: Mark) -> str:
    """Return what a mark says, for people."""
    if mark.state is State.FAILED:
        return f"it has failed: {mark.reason}" + (f" ({mark.message})" if mark.message else "")
    many = "; more than a hundred runs were missed before it" if mark.reason == "TooManyMissedTimes" else ""
    return WORDS[mark.state] + many


def _why(run: Run) -> str:
    failed = run.tally.failures
    return f"{told(run)}" if failed or run.tally.succeeded else "new"


def _why_gone(run: Run) -> str:
    if run.hook and run.forgotten and not run.outlived:
        return "its hook-delete-policy says so"
    if run.forgotten:
        return f"it ended more than {run.spec.ttl_seconds_after_finished}s ago (ttlSecondsAfterFinished)"
    if run.holds.over:
        return f"its Job is over: {run.holds.reason}"
    return "its Job is suspended" if run.spec.suspend else "more than its Job wants at once"


def _status(run: Run) -> Status:
    names = (f"{run.owner.namespace}.{name}" for name in new_pods(run))
    images = sought(run.world, run.spec.template.spec.every_container)
    trouble = failure(run.world, names, images) if new_pods(run) else ""
    health = Health.DEGRADED if trouble else HEALTHS[run.holds.state]
    pods = tuple(pod for pod in run.pods if pod.state not in GOING)
    done = run.holds.succeeded if run.holds.over else run.tally.succeeded
    return Status(health, trouble or summary(run), done, run.spec.goal or max(done, 1), pods=pods)


def summary(run: Run) -> str:
    """Return how a run fares, in one line."""
    match run.holds.state:
        case State.COMPLETE:
            return "Complete"
        case State.FAILED:
            return ": ".join(filter(None, [run.holds.reason, run.holds.message]))
        case State.SUSPENDED:
            return f"suspended, {told(run)}"
        case _:
            return told(run)
