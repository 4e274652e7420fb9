"""What the ledger is told of a run, pass by pass: written ahead, and completed as steps end."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import field, replace
from typing import TYPE_CHECKING, Any

from gitops.execute import Result
from gitops.git.source import Commit
from gitops.planning.changes import Change
from gitops.planning.fare import Fare
from gitops.planning.house import Memory, Moment
from gitops.planning.render import object_digest
from gitops.planning.steps import Create, Kill, Remove, Step, Stop, started_by
from gitops.planning.view import View
from reconcilers.marks import State, mark_in
from reconcilers.words import RESTART, SUSPEND
from runtime.dataclass import dataclass
from runtime.observe import container_key, of_source, pod_name
from runtime.records import Outcome, Readiness, Run
from runtime.resources import Label, Owner, Volume
from runtime.seen import SeenPod

if TYPE_CHECKING:
    from runtime.writes import Ledger

LATELY = 20  # runs in which a refusal is looked for before it is noted
# How the messages of runs begin that failed only because nobody saw them to their end.
UNFINISHED = ("interrupted", "stopped by SIG", "sloop was told to stop")


EVENTS = {
    State.BEGUN: "Started",
    State.SUSPENDED: "Suspended",
    State.RESUMED: "Resumed",
    State.COMPLETE: "Completed",
}


@dataclass
class Journal:
    """One run in the ledger; ``heard`` is told how each ended, and which there were until then."""

    ledger: "Ledger"
    source: str
    clock: Callable[[], float]
    run: int = 0
    number: int = 0
    heard: Callable[[Run, Sequence[Run]], None] = field(default=lambda *_: None)
    _over: bool = False
    _newest: int = 0

    @property
    def running(self) -> bool:
        """Say whether a run has been begun and not ended."""
        return self.run > 0

    def begin(self, commit: Commit, trigger: str) -> None:
        """Open a run."""
        self.run = self._newest = self.ledger.begin_run(self.source, commit, trigger, self.clock())

    def outrun(self) -> bool:
        """Say whether somebody else has begun a run since this was last asked."""
        last = self._last()
        known, self._newest = self._newest, last.id if last else 0
        return self._newest > known

    def last_was(self, sha: str) -> bool:
        """Say whether the last run was to this commit, or nothing is remembered at all."""
        last = self._last()
        return last is None or last.revision == sha

    def go_on(self, sha: str) -> bool:
        """Go on with the last run if it was to this commit, so that history tells of commits, not of healing.

        Say whether it was.  One that ended well keeps its end; one that failed may still end well.
        """
        last = self._last()
        if last is None or last.revision != sha:
            return False
        self.run, self._over = last.id, last.outcome == "Synced"
        return True

    def refused(self, commit: Commit, trigger: str, why: str) -> None:
        """Note that a commit is not carried out; the same again is noted once."""
        known = self.ledger.past.history(self.source, limit=LATELY)
        if self.running or any((run.revision, run.message) == (commit.sha, why) for run in known):
            return
        self._warn(None, "Refused", why)
        self.begin(commit, trigger)
        self.end("Failed", why)

    def end(self, outcome: Outcome, message: str = "") -> None:
        """Close the run, if one is open."""
        if self.running and not self._over:
            before, now = self.ledger.past.history(self.source, limit=LATELY), self.clock()
            self.ledger.finish_run(self.run, outcome, message, now)
            for run in (one for one in before if one.id == self.run):
                self.heard(replace(run, finished=now, outcome=outcome, message=message), before)
        self.run, self._over = 0, False

    def memory(self) -> Memory:
        """Return what is known at the beginning of a pass."""
        return Memory.of(self.ledger.past, self.source)

    def outage(self, owner: Owner) -> float | None:
        """Return for how many seconds an object was out of service when it was last recreated."""
        return self.ledger.past.outage(self.source, owner)

    def plan(self, steps: tuple[Step, ...]) -> None:
        """Write a pass's steps ahead; a pass without any leaves no trace.

        Another process may have made passes of this run meanwhile; nobody does while we are alone.
        """
        if not steps:
            return
        self.number = self.ledger.past.passes(self.run) + 1
        self.ledger.plan_steps(self.run, self.number, steps, self.clock())

    def begun(self, step: Step) -> None:
        """Note that a step starts."""
        self.ledger.start_step(self.run, self.number, step.number, self.clock())

    def ended(self, result: Result) -> None:
        """Note how a step ended; one that was not tried stays as it was planned."""
        step, error = result.step, result.error
        if result.done:
            self._marked(step)
        if not result.held:
            this = self.run, self.number, step.number
            self.ledger.finish_step(*this, self.clock(), error, counted=not result.transient)
        if result.failed:
            self._warn(step.owner, "StepFailed", f"{step.verb} {step.resource}: {error}")

    def _marked(self, step: Step) -> None:
        """Note as an event what a mark says that was just written: a Job began, ended, or was missed."""
        match step.action:
            case Create(Volume() as volume) if step.owner and Label.MARK in volume.labels:
                mark = mark_in(volume.labels)
                told = f"{mark.name}: {step.reason}"
                if mark.state is not State.COMPLETE and mark.reason:
                    self._warn(step.owner, mark.reason, told)
                elif mark.state in EVENTS:
                    reason = EVENTS[mark.state]
                    self.ledger.tell(self.source, step.owner, reason, told, self.clock())

    def changed(self, changes: Sequence[Change]) -> None:
        """Note as events what is about to change."""
        for change in changes:
            self.ledger.tell(self.source, change.owner, change.verdict.title(), change.cause, self.clock())

    def restarted(self, view: View, results: Sequence[Result]) -> None:
        """Count the restarts that pods owe to themselves."""
        counting = {name for answer in view.wanted for name in answer.restarting}
        pods = of_source(view.seen, self.source).pods
        ids = {container_key(pod, one): one.id for pod in pods for one in pod.containers}
        started = (name for one in results if one.done for name in started_by(one.step.action))
        for name in started:
            if name in counting and name in ids:
                self.ledger.restarted(self.source, ids[name], name, self.clock())

    def evicted(self, view: View, results: Sequence[Result]) -> None:
        """Note as events which pods had to stop for what they take."""
        said = {f"pod/{name}": told for one in view.wanted for name, told in one.evicted.items()}
        for step in [one.step for one in results if one.done and one.step.resource in said]:
            if isinstance(step.action, Kill | Remove | Stop):
                name = step.resource.partition("/")[2]
                self._warn(step.owner, "Evicted", f"{name}: {said[step.resource]}")

    def seen(self, view: View, fares: Sequence[Fare]) -> None:
        """Note what has become what git wants, what is gone, and how everything looked at first."""
        manifests = view.rendered.by_owner
        settled = [
            (one.owner, view.commit.sha, object_digest(manifests[one.owner], view.key))
            for one in fares
            if one.synced
        ]
        mine = of_source(view.seen, self.source)
        owned = {pod.labels.get(Label.OWNER) for pod in mine.pods}
        gone = [one for one in view.moment.memory.settled if one not in manifests and str(one) not in owned]
        self.ledger.settle(self.source, settled, self.clock())
        self.ledger.forget(self.source, gone)
        for answer in view.wanted:
            for word, note in answer.noted.items():
                self.ledger.note(self.source, word, {answer.owner: note})
        self.ledger.strike(self.source, _spent(view, {one.owner for one in fares if one.synced}))
        self.ledger.remember(
            self.source, {f"pod/{pod_name(pod)}": _look(pod) for pod in mine.pods}, self.clock()
        )
        self.ledger.note_readiness(self.source, {**self._heired(view), **_new(view.moment)})
        memory = view.moment.memory
        self.ledger.forget_pods(
            self.source, (memory.restarts.keys() | memory.readiness.keys()) - _ids(mine.pods)
        )

    def _heired(self, view: View) -> Mapping[str, Readiness]:
        """Return what was known of the pods that go over in this pass; asked only where some do."""
        if not view.claims.inherited:
            return {}
        known = self.ledger.past.readiness_at_others(self.source)
        return {id_: known[id_] for id_ in _ids(of_source(view.seen, self.source).pods) & known.keys()}

    def _last(self) -> Run | None:
        return next(iter(self.ledger.past.history(self.source, limit=1)), None)

    def _warn(self, owner: Owner | None, reason: str, message: str) -> None:
        self.ledger.warn(self.source, owner, reason, message, self.clock())


def _spent(view: View, synced: set[Owner]) -> list[tuple[Owner, str]]:
    """Return the notes that are of no more use: restarts that are over, and all of what left git.

    What is suspended stays so, with its pods, until somebody resumes it.
    """
    return [
        (owner, word)
        for owner, word in view.moment.memory.notes
        if (owner not in view.rendered.by_owner and word != SUSPEND) or (word == RESTART and owner in synced)
    ]


def _new(moment: Moment) -> Mapping[str, Readiness]:
    """Return what has become of pods' readiness since it was recorded; its counts are of no interest."""
    known, found = moment.memory.readiness, moment.probed.readiness
    return {
        id_: Readiness(one.ready, one.since)
        for id_, one in found.items()
        if id_ not in known or (known[id_].ready, known[id_].since) != (one.ready, one.since)
    }


def _ids(pods: Sequence[SeenPod]) -> set[str]:
    return {one.id for pod in pods for one in pod.containers}


def _look(pod: SeenPod) -> Mapping[str, Any]:
    return {"id": pod.id, "image": pod.image_id, "networks": list(pod.networks), "created": pod.created}
