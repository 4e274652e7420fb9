"""What SQLite complains about, told as one line with the way out."""

from pathlib import Path

ELSEWHERE = "run sloop as the user it belongs to, or give it a directory that it may write to (--state DIR)"

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


class LedgerError(Exception):
    """The ledger can't be read or written; ``path`` is its file, ``way_out`` what the message ends with."""

    def __init__(self, path: Path, trouble: str, way_out: str) -> None:
        super().__init__(f"the ledger {path} {trouble}: {way_out}")
        self.path, self.trouble, self.way_out = path, trouble, way_out


def told(path: Path, error: BaseException | None) -> LedgerError:
    """Return what SQLite raised as the error that a user reads."""
    trouble, way_out = WAYS_OUT.get(_code(error), (f"has failed ({error})", "try again"))
    return LedgerError(path, trouble, way_out)


def newer(path: Path, version: int, known: int) -> LedgerError:
    """Return the complaint about a ledger that a later release has written."""
    trouble = f"was written by a newer sloop (its tables have version {version}, this sloop knows {known})"
    return LedgerError(path, trouble, "use that release, or move the file away and lose only its history")


def older(path: Path) -> LedgerError:
    """Return the complaint about a ledger that waits for its tables to be brought up to date."""
    return LedgerError(path, "was written by an older sloop", "`sloop apply` brings it up to date")


def is_damage(error: BaseException | None) -> bool:
    """Return whether the file itself is beyond use, whoever asks."""
    return _code(error) in {"SQLITE_CORRUPT", "SQLITE_NOTADB"}


def _code(error: BaseException | None) -> str:
    """Return SQLite's primary error code, SQLITE_IOERR for SQLITE_IOERR_WRITE."""
    return "_".join(getattr(error, "sqlite_errorname", "").split("_")[:2])
