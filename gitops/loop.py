"""The program: one pass after another, from a source's newest commit to containers that run."""

import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, closing
from dataclasses import field, replace
from typing import Protocol

from gitops.aim import Aim, OnFailure
from gitops.execute import Result, execute
from gitops.git.git_error import SourceError
from gitops.git.pins import prove, quarantine
from gitops.issuing import Issuer
from gitops.journal import Journal
from gitops.leaps import Leaps
from gitops.measuring import measure
from gitops.planning.causes import before, explained
from gitops.planning.changes import Change, changes
from gitops.planning.fare import Fare, fares
from gitops.planning.guard import guard
from gitops.planning.house import House, Moment
from gitops.planning.mask import masker
from gitops.planning.steps import Configure, Step, repeated
from gitops.planning.view import View, view
from gitops.probing import Watch
from gitops.request import Overtaken, Request
from gitops.serving import serving
from gitops.weighing import AT_ONCE, AT_WORK, Scales
from reconcilers.moments import after
from runtime.dataclass import dataclass
from runtime.lock import Holder, hold, lock_directory
from runtime.observe import of_source
from runtime.records import Failure, Outcome
from runtime.seen import Seen, Weighed

RETRY, LONGEST = 10.0, 300.0  # seconds before a failed step is tried again: doubling, up to
NOWHERE = Aim("", "")
PATIENCE = 10.0  # seconds after which a step that fails in each pass for what is transient has failed
OFTEN = 3  # times that a step may succeed before it is no longer believed


@dataclass(frozen=True, slots=True)
class Pass:
    """What one pass saw and did."""

    view: View
    fares: Sequence[Fare]
    results: Sequence[Result]

    @property
    def quiet(self) -> bool:
        """Say whether there was nothing to do, and nothing that had to be left undone."""
        return not (self.view.plan.steps or self.view.plan.held or self.view.plan.conflicts)

    @property
    def done(self) -> bool:
        """Say whether everything is as git wants it, and well."""
        return self.quiet and all(fare.done for fare in self.fares)

    @property
    def settling(self) -> bool:
        """Say whether something is on its way of which neither an event nor a time to look again tells."""
        living = {answer.owner for answer in self.view.wanted if answer.living}
        return any(not (fare.done or fare.hopeless or fare.owner in living) for fare in self.fares)

    @property
    def hopeless(self) -> bool:
        """Say whether nothing that is unfinished can mend by itself."""
        moved = any(result.done for result in self.results)
        return not moved and not self.done and all(fare.done or fare.hopeless for fare in self.fares)


class Teller(Protocol):
    """Who is told what happens, while it happens."""

    def changes(self, view: View, changes: Sequence[Change]) -> None:
        """Say what is about to change, and why."""

    def planned(self, steps: Sequence[Step]) -> None:
        """Say which steps a pass is about to take."""

    def ended(self, result: Result) -> None:
        """Say how a step ended."""

    def waiting(self, holder: Holder) -> None:
        """Say that another process is at work on this engine."""

    def unwell(self, fares: Sequence[Fare]) -> None:
        """Say what a pass that had nothing to do still waits for."""

    def superseded(self, old: str, new: str) -> None:
        """Say that the source has moved to a newer commit meanwhile."""

    def notice(self, text: str) -> None:
        """Say something that is worth knowing."""


@dataclass
class Loop:
    """One source on its way to its newest commit, and what is remembered from one pass to the next.

    ``aim`` says which commit that is, ``watch`` how its pods' probes go, ``issuer`` obtains certificates,
    ``scales`` tell what scratch space takes, ``leaps`` how the clock was put forward.
    ``changes`` and ``results`` are those of the run so far; a run begins when there is something to do.
    ``on_failure`` is what becomes of a commit that fails.  ``began`` is when the loop turned to the one of
    now, in seconds since 1970, and ``turned`` the same by ``steady``, a clock that nobody sets.
    """

    house: House
    journal: Journal
    request: Request
    teller: Teller
    aim: Callable[[], Aim]
    watch: Watch
    clock: Callable[[], float] = time.time
    on_failure: OnFailure = "hold"
    aimed: Aim = NOWHERE
    issuer: Issuer = field(default_factory=Issuer)
    scales: Scales = field(default_factory=Scales)
    leaps: Leaps = field(default_factory=Leaps)
    changes: list[Change] = field(default_factory=list)
    results: list[Result] = field(default_factory=list)
    steady: Callable[[], float] = time.monotonic
    began: float = 0
    turned: float = 0
    proven: str = ""
    reverted: str = ""
    _untakeable: str = ""
    _succeeded: Counter[tuple[str, str]] = field(default_factory=Counter)
    _transient: dict[str, float] = field(default_factory=dict)

    def sync_once(self) -> Pass:
        """Bring the machine one pass nearer to the source's newest commit; what fails is in the results.

        Everything is looked at first, then decided, then written ahead, then done: so any pass can be
        the first one after a crash.
        """
        if not self.request.stays:
            self._head_for(self.aim())
        with self._alone():
            if self.request.stays or self.request.patient:
                self._head_for(self.aim())
            seen = self.house.engine.look()
            looked = view(self.house, self.sha, seen, self._moment(seen))
            guard(looked, self.house.source, allow_empty=self.request.allow_empty or self.aimed.failed)
            self._announce(looked)
            results = self._carry_out(looked)
            self.journal.restarted(looked, results)
            self.journal.evicted(looked, results)
            fared = fares(looked)
            self.journal.seen(looked, fared)
        orders = [hosts for answer in looked.wanted for hosts in answer.orders]
        self.issuer.pursue(self.house.engine, orders, looked.moment.now, self.clock)
        return Pass(looked, fared, results)

    @property
    def sha(self) -> str:
        """The commit that is being carried out."""
        return self.aimed.sha

    def end_well(self, *, proven: bool = True) -> None:
        """Close the run, if one was begun, and keep a commit that has proven itself as the last good one."""
        self.end("RolledBack" if self.goes_back else self.request.well, self.aimed.why)
        if proven and not self.aimed.failed and self.sha != self.proven:
            prove(self.house.source, self.sha)
            self.proven = self.sha

    @property
    def goes_back(self) -> bool:
        """Say whether it is about a commit before one that failed, or one that takes that back."""
        return self.aimed.failed or self.sha == self.reverted

    def take_back(self) -> bool:
        """Take a commit that failed back in git too, if that is wanted; say whether it was.  Tried once."""
        failed = self.aimed.newest
        if not self.aimed.failed or self.on_failure != "revert" or failed == self._untakeable:
            return False
        from gitops.take_back import take_back

        self._untakeable = failed
        try:
            self.reverted = take_back(self.house.source, self.aimed)
        except SourceError as error:
            self.teller.notice(f"{failed[:7]} stays in git, though not here: {error}")
            return False
        self.teller.notice(f"{failed[:7]} is taken back in git by {self.reverted[:7]}")
        return True

    def give_up(self, why: str) -> str:
        """Close the run, if one was begun, as failed; return the good commit to go back to, "" for none.

        What failed is put aside first: whoever comes after a crash goes back as well.
        """
        failed = self.sha
        good = "" if self.aimed.failed else quarantine(self.house.source, failed, self.on_failure)
        self.end("Failed", why)
        if good:
            self.teller.notice(f"{failed[:7]} failed ({why}): going back to {good[:7]}")
        return good

    def end(self, outcome: Outcome, message: str = "") -> None:
        """Close the run, if one was begun."""
        self.journal.end(outcome, message)
        self.changes, self.results = [], []
        self._succeeded.clear()

    def _head_for(self, aim: Aim) -> None:
        """Turn to a newer commit; what was under way to the older one is superseded."""
        overtaken = self.request.only not in ("", aim.newest)
        if self.journal.running and aim.sha != self.sha:
            if not overtaken:
                self.teller.superseded(self.sha, aim.sha)
            self.end("Superseded", f"{aim.sha[:7]} came meanwhile")
        if overtaken:
            raise Overtaken(self.request.only, aim.newest)
        if aim.sha != self.sha:
            self.began, self.turned = self.clock(), self.steady()
        self.aimed = aim

    def _alone(self) -> AbstractContextManager[None]:
        said = f"sloop {self.request.trigger}"
        return hold(lock_directory(), self.house.identity, said=said, waiting=self.teller.waiting)

    def _moment(self, seen: Seen) -> Moment:
        memory = self.journal.memory()
        probed = self.watch.look(of_source(seen, self.house.source.id).pods, memory.readiness)
        waiting = {key: why for key, one in memory.failures.items() if (why := self._why_not_yet(one))}
        waiting |= {
            key: f"{key} came back {count} times after it succeeded"
            for (key, _), count in self._succeeded.items()
            if count >= OFTEN
        }
        rendered = self.house.rendered(self.sha)
        leaps = self.leaps.look(now := self.clock(), self.steady())
        served = serving(self.house.engine, of_source(seen, self.house.source.id), now)
        measured = measure(self.house.engine, rendered, memory.notes, now)
        return Moment(
            now,
            memory,
            waiting,
            adopting=self.request.adopting,
            running=self.request.running,
            probed=probed,
            serving=served,
            measured=measured,
            weighed=self._weighed(seen, now),
            leaps=leaps,
        )

    def _weighed(self, seen: Seen, now: float) -> Weighed:
        """Return what scratch space takes; where that can't be told, say so once."""
        mine, patience = of_source(seen, self.house.source.id), AT_WORK if self.request.patient else AT_ONCE
        found = self.scales.weigh(self.house.engine, mine, now, patience)
        if trouble := self.scales.untold():
            self.teller.notice(f"{trouble}; no pod is evicted")
        return found

    def retry_at(self) -> float | None:
        """Return when the first failed step is tried again, in seconds since 1970.

        One whose time has come was tried by the last pass, or nobody wants it any more.
        """
        failures = self.journal.memory().failures.values() if self.request.patient else ()
        now = self.clock()
        moments = (_retry(failure, now) for failure in failures)
        return min((moment for moment in moments if moment > now), default=None)

    def _why_not_yet(self, failure: Failure) -> str:
        """Return why a step that failed is not tried again now, "" where it is."""
        if not self.request.patient:
            return failure.message if failure.at >= self.began else ""
        wait = _retry(failure, now := self.clock()) - now
        return f"{failure.message} (failed {failure.count} times, next in {wait:.0f}s)" if wait > 0 else ""

    def _announce(self, looked: View) -> None:
        """Begin a run where there is something to do, and say what changes before it does."""
        if self.journal.running:
            return
        found = changes(looked, before(self.house, looked), self.house.source.id, self.request.adopting)
        if not (found or looked.plan.steps) and self.journal.last_was(self.sha):
            return
        self.changes = explained(self.house, looked, found, self.journal.outage)
        healing = self.request.patient or all(change.local for change in found)
        if not (healing and self.journal.go_on(self.sha)):
            self.journal.begin(looked.commit, "rollback" if self.goes_back else self.request.trigger)
        self.journal.changed(self.changes)
        self.teller.changes(looked, self.changes)

    def _carry_out(self, looked: View) -> list[Result]:
        self.journal.plan(looked.plan.steps)
        self.teller.planned(looked.plan.steps)
        with closing(execute(looked.plan.steps, self.house.engine, self.journal.begun)) as ended:
            results = [self._ended(self._judged(one, looked)) for one in ended]
        self._transient = {one.step.resource: self._since(one) for one in results if one.transient}
        return results

    def _judged(self, result: Result, looked: View) -> Result:
        """Return a result, as a failure where it has been transient for too long."""
        known = result.step.resource in looked.moment.memory.failures
        late = self.steady() - self._since(result) >= PATIENCE
        return replace(result, transient=result.transient and not (known or late))

    def _since(self, result: Result) -> float:
        """Return since when a step has ended so in each pass, by the steady clock."""
        return self._transient.get(result.step.resource, self.steady())

    def _ended(self, result: Result) -> Result:
        mask = masker(self.house.rendered(self.sha).manifests)
        shown = replace(result, error=mask(result.error), notice=mask(result.notice))
        self.journal.ended(shown)
        self.teller.ended(shown)
        self.results.append(shown)
        if shown.done and (what := repeated(shown.step.action)) is not None:
            self._count(shown.step, what)
        return shown

    def _count(self, step: Step, what: str) -> None:
        """Count a step that succeeded; a proxy that was told otherwise meanwhile only follows its pods."""
        if isinstance(step.action, Configure):
            for key in [key for key in self._succeeded if key[0] == step.resource and key[1] != what]:
                del self._succeeded[key]
        self._succeeded[step.resource, what] += 1


def _retry(failure: Failure, now: float) -> float:
    """Return when a failed step is tried again, in seconds since 1970."""
    return after(failure.at, min(RETRY * 2.0 ** min(failure.count - 1, 10), LONGEST), now)
