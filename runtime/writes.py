"""Writing the ledger: every method is one transaction, and says nothing twice."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from types import TracebackType
from typing import Any, Protocol, Self

from runtime.past import Past
from runtime.recall import Answer
from runtime.records import Commit, EventType, Note, Outcome, Planned, Readiness
from runtime.resources import Owner

PASSES_KEPT = 100  # of each run, with their steps
FAILURES_KEPT = 24 * 3600  # seconds; nobody waits that long before trying again

Row = Mapping[str, Any]  # plain values by name
Written = tuple[str, Row | Sequence[Row]]  # the name of a statement, and each row that it is carried out for


class Writer(Protocol):
    """Who has the file.  Both methods raise LedgerError where it can't be written; threads take turns."""

    def write(self, *written: Written) -> int:
        """Carry out all of it or nothing; return the id of the row that the last one has made, or 0."""

    def close(self) -> None:
        """Let go of the file."""


class Ledger:
    """What sloop remembers of this machine; ``past`` reads it.

    Every method raises LedgerError where the file can't be written.  Threads may share it.
    No secret's value may be given to it: it masks nothing.
    """

    def __init__(self, writer: Writer, past: Past) -> None:
        self.past = past
        self._writer = writer

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the file; the last one to do so folds its journal into it."""
        self.past.close()
        self._writer.close()

    def begin_run(self, source: str, commit: Commit, trigger: str, now: float) -> int:
        """Begin a run and return its id; one that a crash left open has failed, the oldest are forgotten."""
        words = {"revision": commit.sha, "author": commit.author, "subject": commit.subject}
        began = {"source": source, **words, "trigger": trigger, "started": now, "message": ""}
        return self._writer.write(
            ("end crashed runs", {"_source": source, "finished": now}),
            ("forget runs", {"_source": source}),
            ("forget failures", {"_source": source, "before": now - FAILURES_KEPT}),
            ("begin run", began),
        )

    def finish_run(self, run: int, outcome: Outcome, message: str, now: float) -> None:
        """Say how a run ended."""
        ended = {"_run": run, "finished": now, "outcome": outcome, "message": message}
        self._writer.write(("end run", ended))

    def plan_steps(self, run: int, pass_number: int, planned: Iterable[Planned], now: float) -> None:
        """Write down what a pass is about to do, before any of it is done."""
        rows = [_planned(run, pass_number, step, now) for step in planned]
        if rows:
            before = {"_run": run, "before": pass_number - PASSES_KEPT}
            self._writer.write(("plan steps", rows), ("forget passes", before))

    def start_step(self, run: int, pass_number: int, number: int, now: float) -> None:
        """Say that a step is about to be taken."""
        this = {"_run": run, "_pass": pass_number, "_number": number}
        self._writer.write(("start step", {**this, "started": now}))

    def finish_step(
        self, run: int, pass_number: int, number: int, now: float, error: str = "", *, counted: bool = True
    ) -> None:
        """Say how a step ended.  A failure is counted for its resource, a success clears the count."""
        this = {"_run": run, "_pass": pass_number, "_number": number}
        finished = ("finish step", {**this, "finished": now, "error": error})
        failed = ("count failure", {**this, "_at": now, "_message": error})
        cleared = ("clear failures", this)
        self._writer.write(finished, *([failed if error else cleared] if counted else []))

    def settle(self, source: str, carried_out: Iterable[tuple[Owner, str, str]], now: float) -> None:
        """Note objects (owner, revision, digest) as fully carried out; unless they were so already."""
        rows = [
            {"source": source, **_named(owner), "revision": revision, "digest": digest, "settled": now}
            for owner, revision, digest in carried_out
        ]
        self._write("settle", rows)

    def forget(self, source: str, owners: Iterable[Owner]) -> None:
        """Forget objects that are gone."""
        self._write("forget object", [{"_source": source, **_named(owner, "_")} for owner in owners])

    def remember(self, source: str, seen: Mapping[str, Any], now: float) -> None:
        """Keep what resources looked like right after they were made; what is kept already stays."""
        rows = [
            {"source": source, "name": name, "seen": _json(look), "at": now} for name, look in seen.items()
        ]
        self._write("remember", rows)

    def forget_resources(self, source: str, names: Iterable[str]) -> None:
        """Forget resources that are gone, and how the steps on them have failed."""
        names = tuple(names)
        self._write("forget resource", [{"_source": source, "_name": name} for name in names])
        self._write("forget failure", [{"_source": source, "_resource": name} for name in names])

    def restarted(self, source: str, pod_id: str, name: str, now: float) -> None:
        """Count that sloop has started a pod again."""
        row = {"source": source, "pod": pod_id, "name": name, "count": 1, "last": now}
        self._write("restarted", [row])

    def note_readiness(self, source: str, found: Mapping[str, Readiness]) -> None:
        """Note by pod id what probes have found; what is noted already costs nothing."""
        rows = [{"source": source, "pod": pod, **asdict(one)} for pod, one in found.items()]
        self._write("note readiness", rows)

    def forget_pods(self, source: str, pod_ids: Iterable[str]) -> None:
        """Forget the restarts and the readiness of pods that are gone."""
        rows = [{"_source": source, "_pod": pod} for pod in pod_ids]
        self._write("forget restarts", rows)
        self._write("forget readiness", rows)

    def suspend(self, source: str, now: float) -> None:
        """Note that a source is to be left alone; no idle pass follows."""
        self._write_anew(source, "suspend", [{"source": source, "since": now}])

    def resume(self, source: str) -> None:
        """Note that a source is looked after again; no idle pass follows."""
        self._write_anew(source, "resume", [{"_source": source}])

    def note(self, source: str, word: str, noted: Mapping[Owner, Note]) -> None:
        """Note something of objects under a word, in place of what stood there; no idle pass follows."""
        rows = [
            {"source": source, **_named(owner), "word": word, **asdict(one)} for owner, one in noted.items()
        ]
        self._write_anew(source, "note", rows)

    def strike(self, source: str, noted: Iterable[tuple[Owner, str]]) -> None:
        """Take notes (object, word) back; no idle pass follows."""
        rows = [{"_source": source, **_named(owner, "_"), "_word": word} for owner, word in noted]
        self._write_anew(source, "strike", rows)

    def tell(self, source: str, owner: Owner | None, reason: str, message: str, now: float) -> None:
        """Keep an event: something went as it should."""
        self._event("Normal", source, owner, {"reason": reason, "message": message, "at": now})

    def warn(self, source: str, owner: Owner | None, reason: str, message: str, now: float) -> None:
        """Keep an event: something is wrong."""
        self._event("Warning", source, owner, {"reason": reason, "message": message, "at": now})

    def answer(self, source: str, answer: Answer) -> None:
        """Keep what a pass concluded; the same again writes nothing."""
        row = {"source": source, **asdict(answer), "document": _json(answer.document)}
        self._write("answer", [row])

    def _event(self, kind: EventType, source: str, owner: Owner | None, words: dict[str, Any]) -> None:
        event = {"type": kind, "source": source, **_named(owner), **words}
        self._writer.write(("tell", event), ("forget events", {}))

    def _write_anew(self, source: str, statement: str, rows: Sequence[Row]) -> None:
        """Write, and forget what the last pass concluded."""
        if rows:
            self._writer.write((statement, rows), ("forget answer", {"_source": source}))

    def _write(self, statement: str, rows: Sequence[Row]) -> None:
        if rows:
            self._writer.write((statement, rows))


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
