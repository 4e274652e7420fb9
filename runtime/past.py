"""Reading the ledger by the standard library alone, so that who only looks needn't load SQLAlchemy."""

import json
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from threading import Lock
from types import TracebackType
from typing import Any, Self

from runtime.ledger_trouble import ELSEWHERE, LedgerError, newer, older, told
from runtime.recall import FILE, PATIENCE, VERSION, connect, tables_version
from runtime.records import Event, Failure, Note, Readiness, Restarts, Run, Settled, Taken
from runtime.resources import Owner

RUNS = (
    'SELECT id, source, revision, author, subject, "trigger", started, finished, outcome, message FROM runs'
)
STEPS = (
    "SELECT run, pass, number, verb, resource, owner, reason, planned, steps.started, steps.finished, error"
    " FROM steps"
)
EVENTS = "SELECT id, at, source, kind, namespace, name, type, reason, message FROM events"

# The pass that counts is the last one that both removed and created pods of the owner.
OUTAGE = """
SELECT max(CASE WHEN verb = 'create' THEN steps.finished END)
     - min(CASE WHEN verb = 'remove' THEN steps.started END) AS seconds
FROM steps JOIN runs ON runs.id = steps.run
WHERE source = ? AND owner = ? AND resource LIKE 'pod/%' AND error = '' AND steps.finished IS NOT NULL
GROUP BY run, pass HAVING seconds IS NOT NULL
ORDER BY run DESC, pass DESC LIMIT 1
"""


CARRIED_OUT = f"""{RUNS} WHERE source = ? AND
    (outcome IN ('Synced', 'RolledBack') OR EXISTS (SELECT 1 FROM steps WHERE run = runs.id))
ORDER BY id DESC LIMIT ?
"""


class Past:
    """What the ledger remembers, read-only.  One that isn't there remembers nothing, as long as it isn't.

    Every method raises LedgerError where the file can't be read.  Threads may share it.
    """

    def __init__(self, state: Path) -> None:
        self.path = state / FILE
        self._turn = Lock()
        self._connection = _opened(self.path)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the file."""
        if self._connection is not None:
            self._connection.close()

    def history(self, source: str | None = None, *, limit: int = 100) -> tuple[Run, ...]:
        """Return the runs of one source or of all, newest first."""
        query = f"{RUNS} WHERE ? IS NULL OR source = ? ORDER BY id DESC LIMIT ?"
        return tuple(Run(*row) for row in self._rows(query, source, source, limit))

    def carried_out(self, source: str, *, limit: int) -> tuple[Run, ...]:
        """Return the runs that brought something to the machine, or are about to, newest first."""
        return tuple(Run(*row) for row in self._rows(CARRIED_OUT, source, limit))

    def settled(self, source: str) -> Mapping[Owner, Settled]:
        """Return what each object was when it was last fully carried out."""
        query = "SELECT kind, namespace, name, revision, digest, settled FROM objects WHERE source = ?"
        return {Owner(*row[:3]): Settled(*row[3:]) for row in self._rows(query, source)}

    def settled_by_others(self, source: str) -> Mapping[Owner, str]:
        """Return the objects that other sources have carried out, each with its source."""
        query = "SELECT kind, namespace, name, source FROM objects WHERE source <> ? ORDER BY settled DESC"
        return {Owner(*row[:3]): row[3] for row in self._rows(query, source)}

    def first_seen(self, source: str) -> Mapping[str, Any]:
        """Return each resource as it was seen right after it was made."""
        rows = self._rows("SELECT name, seen FROM resources WHERE source = ?", source)
        return {name: json.loads(seen) for name, seen in rows}

    def interrupted(self, source: str) -> tuple[Taken, ...]:
        """Return the steps that were begun and not ended, of the last run that had any steps.

        While that run goes on, they are those under way.
        """
        last = "SELECT max(run) FROM steps JOIN runs ON runs.id = run WHERE source = ?"
        query = f"{STEPS} WHERE run = ({last}) AND started IS NOT NULL AND finished IS NULL"
        return tuple(_taken(row) for row in self._rows(query, source))

    def steps(self, run: int) -> tuple[Taken, ...]:
        """Return the steps of a run in their order."""
        return tuple(_taken(row) for row in self._rows(f"{STEPS} WHERE run = ? ORDER BY pass, number", run))

    def passes(self, run: int) -> int:
        """Return the number of the last pass of a run that had any steps, 0 for none."""
        return int(self._rows("SELECT coalesce(max(pass), 0) FROM steps WHERE run = ?", run)[0][0])

    def outage(self, source: str, owner: Owner) -> float | None:
        """Return for how many seconds an object was away when its pods were last replaced."""
        rows = self._rows(OUTAGE, source, str(owner))
        return max(rows[0][0], 0.0) if rows else None

    def failures(self, source: str) -> Mapping[str, Failure]:
        """Return by resource how its steps have failed since the last one that succeeded."""
        query = "SELECT resource, count, at, message FROM failures WHERE source = ?"
        return {row[0]: Failure(*row[1:]) for row in self._rows(query, source)}

    def restarts(self, source: str) -> Mapping[str, Restarts]:
        """Return by pod id how often sloop has started it again."""
        query = "SELECT pod, count, last FROM restarts WHERE source = ?"
        return {row[0]: Restarts(*row[1:]) for row in self._rows(query, source)}

    def readiness(self, source: str) -> Mapping[str, Readiness]:
        """Return by pod id whether it was last found ready."""
        return self._readiness("source = ?", source)

    def readiness_at_others(self, source: str) -> Mapping[str, Readiness]:
        """Return the same of the pods that other sources have, or had."""
        return self._readiness("source <> ?", source)

    def _readiness(self, whose: str, source: str) -> Mapping[str, Readiness]:
        query = f"SELECT pod, ready, since, successes, failures FROM readiness WHERE {whose}"
        return {pod: Readiness(bool(ready), *rest) for pod, ready, *rest in self._rows(query, source)}

    def suspended(self, source: str) -> float | None:
        """Return since when a source is suspended, None if it isn't."""
        rows = self._rows("SELECT since FROM suspended WHERE source = ?", source)
        return rows[0][0] if rows else None

    def notes(self, source: str) -> Mapping[tuple[Owner, str], Note]:
        """Return what was noted of objects, by object and word."""
        query = "SELECT kind, namespace, name, word, at, text FROM notes WHERE source = ?"
        return {(Owner(*row[:3]), row[3]): Note(*row[4:]) for row in self._rows(query, source)}

    def events(
        self, source: str | None = None, owner: Owner | None = None, *, limit: int = 100, since: float = 0
    ) -> tuple[Event, ...]:
        """Return what has happened since then, newest first."""
        query = f"""{EVENTS} WHERE at >= ? AND (? IS NULL OR source = ?)
            AND (? IS NULL OR kind || '/' || namespace || '/' || name = ?) ORDER BY id DESC LIMIT ?"""
        whose = str(owner) if owner else None
        return tuple(_event(row) for row in self._rows(query, since, source, source, whose, whose, limit))

    def _rows(self, query: str, *values: Any) -> list[Any]:
        try:
            with self._turn:
                self._connection = self._connection or _opened(self.path)
                return self._connection.execute(query, values).fetchall() if self._connection else []
        except sqlite3.Error as error:
            raise told(self.path, error) from error


def is_whole(state: Path) -> bool:
    """Say whether the ledger of a state directory can be read as it is: it is absent, or nothing ails it."""
    path = state / FILE
    try:
        if not path.exists():
            return True
        with closing(connect(path, patience=0)) as connection:
            (found,) = connection.execute("PRAGMA quick_check(1)").fetchone()
            return found == "ok" and tables_version(connection) == VERSION
    except (OSError, sqlite3.Error):
        return False


def _opened(path: Path) -> sqlite3.Connection | None:
    try:
        path.stat()
        return _known(path, connect(path, PATIENCE))
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise LedgerError(path, f"can't be read ({error.strerror})", ELSEWHERE) from error
    except sqlite3.Error as error:
        raise told(path, error) from error


def _known(path: Path, connection: sqlite3.Connection) -> sqlite3.Connection | None:
    """Return the connection if its tables are those that are read here, None if it has none yet."""
    try:
        version = tables_version(connection)
        if version == VERSION:
            return connection
    except sqlite3.Error:
        connection.close()
        raise
    connection.close()
    if version == 0:
        return None
    raise newer(path, version, VERSION) if version > VERSION else older(path)


def _taken(row: tuple[Any, ...]) -> Taken:
    owner = Owner.parse(row[5]) if row[5] else None
    return Taken(*(*row[:5], owner, *row[6:]))


def _event(row: tuple[Any, ...]) -> Event:
    owner = Owner(*row[3:6]) if row[3] else None
    return Event(*(*row[:3], owner, *row[6:]))
