"""What SQLite complains about, told as one line with the way out."""

import sqlite3
from pathlib import Path

from runtime.records import LedgerError

ELSEWHERE = "give sloop a directory it may write to (--state DIR)"

WAYS_OUT = {
    "SQLITE_FULL": ("can't be written, the disk is full", "free some space and try again"),
    "SQLITE_READONLY": ("can't be written", ELSEWHERE),
    "SQLITE_CANTOPEN": ("can't be opened", ELSEWHERE),
    "SQLITE_PERM": ("can't be opened", ELSEWHERE),
    "SQLITE_BUSY": ("is kept busy by another program", "wait until that has ended and try again"),
    "SQLITE_LOCKED": ("is kept busy by another program", "wait until that has ended and try again"),
    "SQLITE_CORRUPT": ("is damaged", "the next `sloop apply` moves it aside and begins a new one"),
    "SQLITE_NOTADB": ("is no SQLite file", "the next `sloop apply` moves it aside and begins a new one"),
    "SQLITE_IOERR": ("can't be read or written", "see whether its disk is full or failing"),
}


def told(path: Path, error: sqlite3.Error) -> LedgerError:
    """Return what SQLite raised as the error that a user reads."""
    trouble, way_out = WAYS_OUT.get(_code(error), (f"has failed ({error})", "try again"))
    return LedgerError(path, trouble, way_out)


def is_damage(error: sqlite3.Error) -> bool:
    """Return whether the file itself is beyond use, whoever asks."""
    return _code(error) in {"SQLITE_CORRUPT", "SQLITE_NOTADB"}


def _code(error: sqlite3.Error) -> str:
    """Return SQLite's primary error code, SQLITE_IOERR for SQLITE_IOERR_WRITE."""
    return "_".join(getattr(error, "sqlite_errorname", "").split("_")[:2])
