"""What a command found, as plain data: the documents of ``-o json``, which scripts depend on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from gitops.planning.verdict import Verdict

if TYPE_CHECKING:
    from gitops.execute import Result
    from gitops.planning.changes import Change
    from gitops.planning.fare import Fare, Running
    from gitops.planning.steps import Step
    from runtime.records import Event, Run
    from runtime.resources import Owner

Document = dict[str, Any]


def status_document(source: str, revision: str, fares: Sequence[Fare], notices: Sequence[str]) -> Document:
    """Return how everything fares."""
    from gitops.planning.fare import overall

    return {
        "source": source,
        "revision": revision,
        "sync": _sync(all(fare.synced for fare in fares)),
        "health": overall(fares),
        "objects": [_object(fare) for fare in fares],
        "notices": list(notices),
    }


def changes_document(
    revision: str,
    changes: Sequence[Change],
    steps: Sequence[Document],
    notices: Sequence[str],
    summary: Document,
) -> Document:
    """Return what changes, or has changed, and the steps to it."""
    counts = Counter(change.verdict for change in changes)
    return {
        "revision": revision,
        "changes": [_change(change) for change in changes],
        "steps": list(steps),
        "notices": list(notices),
        "summary": {
            **{verdict.value: counts[verdict] for verdict in Verdict},
            "steps": len(steps),
            **summary,
        },
    }


def step_document(step: Step) -> Document:
    """Return a step that would be taken."""
    return {
        "number": step.number,
        "verb": step.verb,
        "resource": step.resource,
        "object": str(step.owner) if step.owner else None,
        "reason": step.reason,
        "needs": list(step.needs),
    }


def result_document(result: Result) -> Document:
    """Return a step that was taken, and how it ended."""
    outcome = "done" if result.done else "failed" if result.failed else "held"
    return {**step_document(result.step), "outcome": outcome, "error": result.error, "notice": result.notice}


def history_document(runs: Iterable[Run]) -> list[Document]:
    """Return the runs, newest first."""
    return [
        {
            "revision": run.revision,
            "author": run.author,
            "subject": run.subject,
            "trigger": run.trigger,
            "started": moment(run.started),
            "finished": moment(run.finished),
            "outcome": run.outcome,
            "message": run.message,
        }
        for run in runs
    ]


def events_document(events: Iterable[Event]) -> list[Document]:
    """Return the events as they come."""
    return [
        {
            "time": moment(event.at),
            "type": event.type,
            "reason": event.reason,
            "object": str(event.owner) if event.owner else None,
            "message": event.message,
        }
        for event in events
    ]


def moment(seconds: float | None) -> str | None:
    """Spell a time, in seconds since 1970, as Kubernetes does."""
    return (
        None if seconds is None else datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds")
    )


def owner_document(owner: Owner) -> Document:
    """Return what tells an object from others; a namespace is in none."""
    return {"kind": owner.kind, "namespace": owner.namespace or None, "name": owner.name}


def _sync(synced: bool) -> str:
    return "Synced" if synced else "OutOfSync"


def _object(fare: Fare) -> Document:
    return {
        **owner_document(fare.owner),
        "sync": _sync(fare.synced),
        "health": fare.health,
        "reason": fare.reason,
        "ready": fare.ready,
        "containers": [_container(one) for one in fare.containers],
    }


def _container(one: Running) -> Document:
    return {
        "name": one.name,
        "id": one.id,
        "image": one.image,
        "state": one.state,
        "revision": one.revision,
        "started": moment(one.started or None),
        "exitCode": one.exit_code,
    }


def _change(change: Change) -> Mapping[str, Any]:
    return {
        **owner_document(change.owner),
        "verdict": change.verdict,
        "cause": change.cause,
        "consequence": change.consequence,
        "asked": change.asked,
        "seconds": change.seconds,
        "fields": [{"path": field.path, "old": field.old, "new": field.new} for field in change.fields],
    }
