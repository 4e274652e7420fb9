"""The ledger's file: opened, set right and written to, one transaction at a time."""

import fcntl
import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from itertools import count
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

from sqlalchemy import Connection, create_engine, event
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import StaticPool

from runtime.ledger_trouble import ELSEWHERE, LedgerError, is_damage, newer, told
from runtime.recall import FILE, PATIENCE, VERSION
from runtime.statements import STATEMENTS
from runtime.stop import shielded
from runtime.tables import bring_up

if TYPE_CHECKING:
    from runtime.writes import Written

WAL_LIMIT = 4 * 1024 * 1024  # bytes that stay on disk when a large write-ahead log has been carried over


class Database:
    """The one connection of this process that writes to the ledger; threads take turns at it."""

    def __init__(self, path: Path, connection: Connection) -> None:
        self.path = path
        self._connection = connection
        self._turn = Lock()

    def write(self, *written: "Written") -> int:
        """Carry out all of it or nothing; return the id of the row that the last one has made, or 0."""
        with self.writing() as connection:
            for name, rows in written:
                made = connection.execute(STATEMENTS[name], rows)
        return made.lastrowid or 0

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """Carry out all that is executed inside, or nothing of it."""
        with shielded(), self._turn, _telling(self.path), self._connection.begin():
            yield self._connection

    def close(self) -> None:
        """Let go of the file."""
        with self._turn:
            self._connection.close()
            self._connection.engine.dispose()


def open_database(state: Path, notice: Callable[[str], None]) -> Database:
    """Open the ledger of a state directory; make it where there is none.

    A damaged one is moved aside, and ``notice`` is told so: only history is lost with it.
    """
    path = state / FILE
    with _telling(path), _alone_in(state):
        connection, aside = _opened(path)
    if aside is not None:
        notice(f"the ledger {path} was damaged; it is kept as {aside} and a new one begins")
    return Database(path, connection)


@contextmanager
def _telling(path: Path) -> Iterator[None]:
    """Turn what SQLAlchemy and the file system raise into a LedgerError."""
    try:
        yield
    except DBAPIError as error:
        raise told(path, error.orig) from error
    except OSError as error:
        raise LedgerError(path, f"can't be written ({error.strerror})", ELSEWHERE) from error


@contextmanager
def _alone_in(state: Path) -> Iterator[None]:
    """Keep others from opening, and so from moving aside what another has just made."""
    state.mkdir(mode=0o700, parents=True, exist_ok=True)
    directory = os.open(state, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(directory, fcntl.LOCK_EX)
        yield
    finally:
        os.close(directory)


def _opened(path: Path) -> tuple[Connection, Path | None]:
    """Return the connection, and where a damaged ledger is kept that was in its place."""
    try:
        return _ready(path), None
    except DBAPIError as error:
        if not is_damage(error.orig):
            raise
    aside = _move_aside(path)
    return _ready(path), aside


def _ready(path: Path) -> Connection:
    _make_private(path)
    connection = _connect(path)
    try:
        _check(connection, path)
    except BaseException:
        connection.close()
        connection.engine.dispose()
        raise
    return connection


def _make_private(path: Path) -> None:
    """Make the file before SQLite would, for our eyes only; its journals take over the mode.

    An existing one isn't opened: closing it again would drop the locks that SQLite holds on it.
    """
    with suppress(FileExistsError):
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o600))


def _connect(path: Path) -> Connection:
    # Python's sqlite3 begins no transaction before DDL; so it is told to begin none, and we do.
    engine = create_engine(
        f"sqlite:///{path.absolute()}",
        poolclass=StaticPool,
        connect_args={"check_same_thread": False, "isolation_level": None, "timeout": PATIENCE},
    )
    event.listen(engine, "connect", _set_up)
    event.listen(engine, "begin", _begin)
    return engine.connect()


def _set_up(connection: sqlite3.Connection, _: object) -> None:
    for pragma in ("journal_mode = WAL", "synchronous = NORMAL", "foreign_keys = ON"):
        connection.execute(f"PRAGMA {pragma}")
    connection.execute(f"PRAGMA journal_size_limit = {WAL_LIMIT}")


def _begin(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE")  # to read first and write later would fail beside others


def _check(connection: Connection, path: Path) -> None:
    """Refuse a newer ledger, find damage before it is built upon, and bring an older one up to date."""
    with connection.begin():
        version = int(connection.exec_driver_sql("PRAGMA user_version").scalar_one())
        if version > VERSION:
            raise newer(path, version, VERSION)
        found = connection.exec_driver_sql("PRAGMA quick_check(1)").scalar_one()
        if found != "ok":
            raise _damage(found)
        if version < VERSION:
            bring_up(connection, version)


def _damage(found: str) -> DBAPIError:
    error = sqlite3.DatabaseError(found)
    error.sqlite_errorname = "SQLITE_CORRUPT"
    return DBAPIError("PRAGMA quick_check(1)", None, error)


def _move_aside(path: Path) -> Path:
    aside = next(new for n in count(1) if not (new := path.with_name(f"{path.name}.corrupt-{n}")).exists())
    for journal in ("-wal", "-shm"):  # first: after a crash they must not be taken for the new ledger's
        with suppress(FileNotFoundError):
            path.with_name(path.name + journal).rename(aside.with_name(aside.name + journal))
    path.rename(aside)
    return aside
