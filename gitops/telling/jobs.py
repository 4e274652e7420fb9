"""The runs of Jobs, of those in git and of those that CronJobs have started, as people are told of them."""

from collections.abc import Iterator, Mapping
from typing import Any

from gitops.look import Sight
from gitops.telling.report import moment
from reconcilers.cronjob import Cron
from reconcilers.job import run_of, summary
from reconcilers.job_run import Run
from reconcilers.marks import State
from runtime.resources import Owner
from schemas.batch import CronJob, Job

Row = Mapping[str, Any]

STATUSES = {
    State.BEGUN: "Running",
    State.RESUMED: "Running",
    State.SUSPENDED: "Suspended",
    State.COMPLETE: "Complete",
    State.FAILED: "Failed",
}


def runs_here(sight: Sight) -> Mapping[Owner, Run]:
    """Return every run by what kubectl would call its Job."""
    return {Owner("Job", run.owner.namespace, run.name): run for run in _runs(sight)}


def crons_here(sight: Sight) -> Iterator[Cron]:
    """Yield every CronJob with what its runs have left."""
    for one in sight.manifests.values():
        if isinstance(one.object, CronJob):
            yield Cron(one.object, one.document, sight.world)


def job_row(run: Run, now: float) -> Row:
    """Return a run's columns; its duration is in seconds."""
    done = run.holds.succeeded if run.holds.over else run.tally.succeeded
    until = run.holds.at if run.holds.over else now
    return {
        "status": STATUSES[run.holds.state],
        "completions": f"{done}/{_goal(run)}",
        "duration": max(round(until - run.began), 0),
    }


def cron_row(cron: Cron) -> Row:
    """Return a CronJob's columns; when it was started last is told by what is kept of that run."""
    last = max((run.due for run in cron.runs.values()), default=0.0)
    return {
        "schedule": cron.one.spec.schedule,
        "timeZone": cron.one.spec.time_zone,
        "suspend": cron.one.spec.suspend,
        "active": len(cron.active()),
        "lastSchedule": moment(last or None),
    }


def cron_jobs(cron: Cron) -> list[Row]:
    """Return a CronJob's runs, the newest first."""
    found = sorted(cron.runs.values(), key=lambda run: run.began, reverse=True)
    return [
        {"name": run.name, **job_row(run, cron.world.now), "started": moment(run.began), "told": summary(run)}
        for run in found
    ]


def _runs(sight: Sight) -> Iterator[Run]:
    for one in sight.manifests.values():
        if isinstance(one.object, Job):
            yield run_of(one.object, one.object.spec, one.document["spec"], sight.world)[0]
    for cron in crons_here(sight):
        yield from cron.runs.values()


def _goal(run: Run) -> str:
    return f"1 of {run.spec.parallelism}" if run.spec.goal is None else str(run.spec.goal)
