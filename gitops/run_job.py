"""One run of a CronJob's Job now, beside its schedule, because a person asks for it."""

import time
from collections.abc import Mapping
from contextlib import closing
from functools import partial
from typing import TYPE_CHECKING

from gitops.aim import fixed
from gitops.alone import alone
from gitops.git.there import commit_there
from gitops.house import house_of
from gitops.journal import Journal
from gitops.loop import Loop, Pass
from gitops.probing import Watch
from gitops.request import Request
from gitops.settings import Settings, SettingsError
from gitops.sources import engine_of, source_of
from gitops.standing import suspension
from gitops.telling.meant import absent
from reconcilers.cronjob import Cron
from reconcilers.job import summary
from reconcilers.job_run import Run
from reconcilers.marks import State
from runtime.dataclass import dataclass
from runtime.ledger import open_ledger
from runtime.resources import Owner
from schemas.batch import CronJob

if TYPE_CHECKING:
    from gitops.loop import Teller

DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
PAUSE = 0.5  # seconds between looks at a run that goes on


@dataclass(frozen=True, slots=True)
class Started:
    """A Job that was started; ``state`` is None where it could not be, and ``message`` says why."""

    job: Owner
    state: State | None
    message: str

    @property
    def document(self) -> Mapping[str, str | None]:
        """It as plain data."""
        return {
            "job": self.job.name,
            "namespace": self.job.namespace,
            "state": self.state,
            "message": self.message,
        }


def run_job(settings: Settings, whose: Owner, teller: "Teller", *, wait: bool, timeout: float) -> Started:
    """Start one run, of the commit that the machine has; return when it was started, or has ended.

    Raises SettingsError for what is no CronJob, and Missing where there is none of that name.
    """
    if whose.kind != "CronJob":
        raise SettingsError(f"a {whose.kind} has no runs to start: write cronjob/NAME")
    source, engine, now = source_of(settings), engine_of(settings), time.time()
    house, job = house_of(settings, source, engine), f"{whose.name}-m{_short(int(now))}"
    with (
        alone(settings.state, source.id, teller.notice),
        open_ledger(settings.state, teller.notice) as ledger,
        closing(Watch(engine)) as watch,
    ):
        if why := suspension(settings, ledger.past, source.id):
            return Started(Owner("Job", whose.namespace, job), None, why)
        there = partial(commit_there, ledger.past, source, engine)
        manifests = house.rendered(there()).by_owner
        if whose not in manifests:
            raise absent(whose, manifests)
        request = Request("run-job", running={whose: job})
        loop = Loop(house, Journal(ledger, source.id, time.time), request, teller, fixed(there), watch)
        return _run(loop, whose, job, until=now + timeout if wait else 0.0)


def _run(loop: Loop, whose: Owner, job: str, *, until: float) -> Started:
    """Make a pass that starts it, and others while it goes on, at most up to a moment."""
    started = _started(loop, loop.sync_once(), whose, job)
    while started.state and not _over(started) and time.time() < until:
        loop.watch.wait(PAUSE)
        started = _started(loop, loop.sync_once(), whose, job)
    well = started.state not in {None, State.FAILED}
    loop.end("Synced" if well else "Failed", "" if well else started.message)
    return started


def _over(started: Started) -> bool:
    return started.state in {State.COMPLETE, State.FAILED}


def _started(loop: Loop, passed: Pass, whose: Owner, name: str) -> Started:
    """Return how far the run is, by what is there after a pass."""
    job = Owner("Job", whose.namespace, name)
    run = _seen(loop, passed, whose).get(name)
    if run is None:
        failed = [f"{one.step.verb} {one.step.resource}: {one.error}" for one in passed.results if one.error]
        return Started(job, None, "; ".join(failed) or "it was not made")
    held = run.mark.state if run.mark else State.BEGUN
    return Started(job, held, summary(run))


def _seen(loop: Loop, passed: Pass, whose: Owner) -> Mapping[str, Run]:
    from gitops.planning.house import Moment
    from gitops.planning.view import world_of

    seen = loop.house.engine.look()
    rendered = passed.view.rendered
    manifest = rendered.by_owner[whose]
    assert isinstance(manifest.object, CronJob)
    world = world_of(loop.house, rendered, seen, Moment(time.time(), loop.journal.memory()))
    return Cron(manifest.object, manifest.document, world).runs


def _short(number: int) -> str:
    """Write a number in as few characters as a name takes."""
    return ("" if number < len(DIGITS) else _short(number // len(DIGITS))) + DIGITS[number % len(DIGITS)]
