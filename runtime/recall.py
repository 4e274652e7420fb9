"""Recalling what the last pass concluded: all of the ledger that an idle pass reads, and all it loads."""

import json
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

from runtime.dataclass import dataclass

FILE = "ledger.sqlite3"
PATIENCE = 5.0  # seconds for which another process may keep the file locked
VERSION = 2  # of the tables that are read here; runtime.tables brings older ones up to it


@dataclass(frozen=True, slots=True)
class Answer:
    """What the last pass concluded: it holds while nothing else is seen and nobody has to look again.

    ``fingerprint`` stands for all that the pass looked at.  ``document`` is plain data (JSON).
    """

    fingerprint: str
    revision: str
    look_again: float | None
    document: Mapping[str, Any]


def recall(state: Path, source: str) -> Answer | None:
    """Return what the last pass concluded, or None where that can't be known, for whatever reason."""
    try:
        with closing(connect(state / FILE, patience=0)) as connection:
            if tables_version(connection) != VERSION:
                return None
            return _answer(connection, source)
    except (sqlite3.Error, ValueError):
        return None


def connect(path: Path, patience: float) -> sqlite3.Connection:
    """Open a ledger for reading; ``patience`` is for how many seconds others may keep it locked."""
    address = f"{path.absolute().as_uri()}?mode=ro"
    return sqlite3.connect(address, uri=True, timeout=patience, check_same_thread=False)


def tables_version(connection: sqlite3.Connection) -> int:
    """Return the version of a ledger's tables, 0 where it has none yet."""
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def _answer(connection: sqlite3.Connection, source: str) -> Answer | None:
    query = "SELECT fingerprint, revision, look_again, document FROM answers WHERE source = ?"
    row = connection.execute(query, (source,)).fetchone()
    if row is None:
        return None
    fingerprint, revision, look_again, document = row
    return Answer(fingerprint, revision, look_again, json.loads(document))
