"""Writing the ledger: every method is one transaction, and says nothing twice."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from types import TracebackType
from typing import Any, Self

from sqlalchemy import (
    CursorResult,
    Executable,
    Float,
    bindparam,
    delete,
    insert,
    literal,
    select,
    tuple_,
    update,
)

from runtime.database import Database
from runtime.past import Past
from runtime.recall import Answer
from runtime.records import Commit, EventType, Note, Outcome, Planned, Readiness
from runtime.resources import Owner
from runtime.tables import (
    add,
    answers,
    count,
    drop,
    events,
    failures,
    notes,
    objects,
    put,
    readiness,
    resources,
    restarts,
    runs,
    steps,
    suspended,
)

RUNS_KEPT = 1000  # of each source
PASSES_KEPT = 100  # of each run, with their steps
EVENTS_KEPT = 10_000
FAILURES_KEPT = 24 * 3600  # seconds; nobody waits that long before trying again

# Statements are built once: building one takes longer than SQLite takes to carry it out.
OF_SOURCE = runs.c.source == bindparam("_source")
NEWEST = select(runs.c.id).where(OF_SOURCE).order_by(runs.c.id.desc())
END_CRASHED = (
    update(runs).where(OF_SOURCE, runs.c.finished.is_(None)).values(outcome="Failed", message="interrupted")
)
END_RUN = update(runs).where(runs.c.id == bindparam("_run"))
FORGET_RUNS = delete(runs).where(runs.c.id.in_(NEWEST.limit(-1).offset(RUNS_KEPT)))
FORGET_FAILURES = delete(failures).where(
    failures.c.source == bindparam("_source"), failures.c.at < bindparam("before")
)
FORGET_PASSES = delete(steps).where(steps.c.run == bindparam("_run"), steps.c["pass"] <= bindparam("before"))
FORGET_EVENTS = delete(events).where(events.c.id <= bindparam("before"))

THIS = (
    steps.c.run == bindparam("_run"),
    steps.c["pass"] == bindparam("_pass"),
    steps.c.number == bindparam("_number"),
)
ITS_RESOURCE = select(runs.c.source, steps.c.resource).join_from(steps, runs).where(*THIS)
START = update(steps).where(*THIS).values(started=bindparam("started"))
FINISH = update(steps).where(*THIS).values(finished=bindparam("finished"), error=bindparam("error"))
COUNT_FAILURE = count(
    failures, ITS_RESOURCE.add_columns(literal(1), bindparam("_at", type_=Float), bindparam("_message"))
)
CLEAR_FAILURES = delete(failures).where(tuple_(failures.c.source, failures.c.resource).in_(ITS_RESOURCE))
SETTLE = put(objects, "revision", "digest")
REMEMBER = add(resources)
RESTARTED = count(restarts)
NOTE_READINESS = put(readiness)
ANSWER = put(answers)
FORGET_ANSWER = drop(answers)
NOTE = put(notes)
STRIKE = drop(notes)


class Ledger:
    """What sloop remembers of this machine; ``past`` reads it.

    Every method raises LedgerError where the file can't be written.  Threads may share it.
    No secret's value may be given to it: it masks nothing.
    """

    def __init__(self, database: Database, past: Past) -> None:
        self.past = past
        self._database = database

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the file; the last one to do so folds its journal into it."""
        self.past.close()
        self._database.close()

    def begin_run(self, source: str, commit: Commit, trigger: str, now: float) -> int:
        """Begin a run and return its id; one that a crash left open has failed, the oldest are forgotten."""
        words = {"revision": commit.sha, "author": commit.author, "subject": commit.subject}
        began = {"source": source, **words, "trigger": trigger, "started": now, "message": ""}
        with self._database.writing() as write:
            write(END_CRASHED, {"_source": source, "finished": now})
            made = write(insert(runs), began)
            write(FORGET_RUNS, {"_source": source})
            write(FORGET_FAILURES, {"_source": source, "before": now - FAILURES_KEPT})
        return _id(made)

    def finish_run(self, run: int, outcome: Outcome, message: str, now: float) -> None:
        """Say how a run ended."""
        with self._database.writing() as write:
            write(END_RUN, {"_run": run, "finished": now, "outcome": outcome, "message": message})

    def plan_steps(self, run: int, pass_number: int, planned: Iterable[Planned], now: float) -> None:
        """Write down what a pass is about to do, before any of it is done."""
        rows = [_planned(run, pass_number, step, now) for step in planned]
        if not rows:
            return
        with self._database.writing() as write:
            write(insert(steps), rows)
            write(FORGET_PASSES, {"_run": run, "before": pass_number - PASSES_KEPT})

    def start_step(self, run: int, pass_number: int, number: int, now: float) -> None:
        """Say that a step is about to be taken."""
        this = {"_run": run, "_pass": pass_number, "_number": number}
        with self._database.writing() as write:
            write(START, {**this, "started": now})

    def finish_step(self, run: int, pass_number: int, number: int, now: float, error: str = "") -> None:
        """Say how a step ended.  A failure is counted for its resource, a success clears the count."""
        this = {"_run": run, "_pass": pass_number, "_number": number}
        with self._database.writing() as write:
            write(FINISH, {**this, "finished": now, "error": error})
            if error:
                write(COUNT_FAILURE, {**this, "_at": now, "_message": error})
            else:
                write(CLEAR_FAILURES, this)

    def settle(self, source: str, carried_out: Iterable[tuple[Owner, str, str]], now: float) -> None:
        """Note objects (owner, revision, digest) as fully carried out; unless they were so already."""
        rows = [
            {"source": source, **_named(owner), "revision": revision, "digest": digest, "settled": now}
            for owner, revision, digest in carried_out
        ]
        self._write(SETTLE, rows)

    def forget(self, source: str, owners: Iterable[Owner]) -> None:
        """Forget objects that are gone."""
        self._write(drop(objects), [{"_source": source, **_named(owner, "_")} for owner in owners])

    def remember(self, source: str, seen: Mapping[str, Any], now: float) -> None:
        """Keep what resources looked like right after they were made; what is kept already stays."""
        rows = [
            {"source": source, "name": name, "seen": _json(look), "at": now} for name, look in seen.items()
        ]
        self._write(REMEMBER, rows)

    def forget_resources(self, source: str, names: Iterable[str]) -> None:
        """Forget resources that are gone, and how the steps on them have failed."""
        names = tuple(names)
        self._write(drop(resources), [{"_source": source, "_name": name} for name in names])
        self._write(drop(failures), [{"_source": source, "_resource": name} for name in names])

    def restarted(self, source: str, pod_id: str, name: str, now: float) -> None:
        """Count that sloop has started a pod again."""
        row = {"source": source, "pod": pod_id, "name": name, "count": 1, "last": now}
        self._write(RESTARTED, [row])

    def note_readiness(self, source: str, found: Mapping[str, Readiness]) -> None:
        """Note by pod id what probes have found; what is noted already costs nothing."""
        rows = [{"source": source, "pod": pod, **asdict(one)} for pod, one in found.items()]
        self._write(NOTE_READINESS, rows)

    def forget_pods(self, source: str, pod_ids: Iterable[str]) -> None:
        """Forget the restarts and the readiness of pods that are gone."""
        rows = [{"_source": source, "_pod": pod} for pod in pod_ids]
        self._write(drop(restarts), rows)
        self._write(drop(readiness), rows)

    def suspend(self, source: str, now: float) -> None:
        """Note that a source is to be left alone; no idle pass follows."""
        self._write_anew(source, add(suspended), [{"source": source, "since": now}])

    def resume(self, source: str) -> None:
        """Note that a source is looked after again; no idle pass follows."""
        self._write_anew(source, drop(suspended), [{"_source": source}])

    def note(self, source: str, word: str, noted: Mapping[Owner, Note]) -> None:
        """Note something of objects under a word, in place of what stood there; no idle pass follows."""
        rows = [
            {"source": source, **_named(owner), "word": word, **asdict(one)} for owner, one in noted.items()
        ]
        self._write_anew(source, NOTE, rows)

    def strike(self, source: str, noted: Iterable[tuple[Owner, str]]) -> None:
        """Take notes (object, word) back; no idle pass follows."""
        rows = [{"_source": source, **_named(owner, "_"), "_word": word} for owner, word in noted]
        self._write_anew(source, STRIKE, rows)

    def tell(self, source: str, owner: Owner | None, reason: str, message: str, now: float) -> None:
        """Keep an event: something went as it should."""
        self._event("Normal", source, owner, {"reason": reason, "message": message, "at": now})

    def warn(self, source: str, owner: Owner | None, reason: str, message: str, now: float) -> None:
        """Keep an event: something is wrong."""
        self._event("Warning", source, owner, {"reason": reason, "message": message, "at": now})

    def answer(self, source: str, answer: Answer) -> None:
        """Keep what a pass concluded; the same again writes nothing."""
        row = {"source": source, **asdict(answer), "document": _json(answer.document)}
        self._write(ANSWER, [row])

    def _event(self, kind: EventType, source: str, owner: Owner | None, words: dict[str, Any]) -> None:
        with self._database.writing() as write:
            made = write(insert(events), {"type": kind, "source": source, **_named(owner), **words})
            write(FORGET_EVENTS, {"before": _id(made) - EVENTS_KEPT})

    def _write_anew(self, source: str, statement: Executable, rows: list[dict[str, Any]]) -> None:
        """Write, and forget what the last pass concluded."""
        if rows:
            with self._database.writing() as write:
                write(statement, rows)
                write(FORGET_ANSWER, {"_source": source})

    def _write(self, statement: Executable, rows: list[dict[str, Any]]) -> None:
        if rows:
            with self._database.writing() as write:
                write(statement, rows)


def _id(made: CursorResult[Any]) -> int:
    return int(made.lastrowid)


def _planned(run: int, pass_number: int, step: Planned, now: float) -> dict[str, Any]:
    return {
        "run": run,
        "pass": pass_number,
        "number": step.number,
        "verb": step.verb,
        "resource": step.resource,
        "owner": str(step.owner or ""),
        "reason": step.reason,
        "planned": now,
        "error": "",
    }


def _named(owner: Owner | None, mark: str = "") -> dict[str, str]:
    kind, namespace, name = (owner.kind, owner.namespace, owner.name) if owner else ("", "", "")
    return {f"{mark}kind": kind, f"{mark}namespace": namespace, f"{mark}name": name}


def _json(value: Any) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
