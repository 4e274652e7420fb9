"""The ledger's tables, and the steps that bring an older file's tables up to these."""

from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy import (
    Boolean,
    Column,
    Connection,
    Delete,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    Select,
    Table,
    Text,
    bindparam,
    delete,
    or_,
)
from sqlalchemy.dialects.sqlite import Insert, insert

from runtime.recall import VERSION

schema = MetaData()


def _text(name: str, *, key: bool = False) -> Column[str]:
    return Column(name, Text, primary_key=key, nullable=False)


def _number(name: str, *, key: bool = False) -> Column[int]:
    return Column(name, Integer, primary_key=key, nullable=False)


def _time(name: str, *, open_end: bool = False) -> Column[float]:
    return Column(name, Float, nullable=open_end)


runs = Table(
    "runs",
    schema,
    Column("id", Integer, primary_key=True),
    _text("source"),
    _text("revision"),
    _text("author"),
    _text("subject"),
    _text("trigger"),
    _time("started"),
    _time("finished", open_end=True),
    Column("outcome", Text),
    _text("message"),
    Index("runs_of_source", "source", "id"),
)

steps = Table(
    "steps",
    schema,
    Column("run", Integer, ForeignKey("runs.id", ondelete="CASCADE"), primary_key=True),
    _number("pass", key=True),
    _number("number", key=True),
    _text("verb"),
    _text("resource"),
    _text("owner"),
    _text("reason"),
    _time("planned"),
    _time("started", open_end=True),
    _time("finished", open_end=True),
    _text("error"),
    sqlite_with_rowid=False,
)

objects = Table(
    "objects",
    schema,
    _text("source", key=True),
    _text("kind", key=True),
    _text("namespace", key=True),
    _text("name", key=True),
    _text("revision"),
    _text("digest"),
    _time("settled"),
    sqlite_with_rowid=False,
)

resources = Table(
    "resources",
    schema,
    _text("source", key=True),
    _text("name", key=True),
    _text("seen"),
    _time("at"),
)

failures = Table(
    "failures",
    schema,
    _text("source", key=True),
    _text("resource", key=True),
    _number("count"),
    _time("at"),
    _text("message"),
)

restarts = Table(
    "restarts",
    schema,
    _text("source", key=True),
    _text("pod", key=True),
    _text("name"),
    _number("count"),
    _time("last"),
)

readiness = Table(
    "readiness",
    schema,
    _text("source", key=True),
    _text("pod", key=True),
    Column("ready", Boolean, nullable=False),
    _time("since"),
    _number("successes"),
    _number("failures"),
)

suspended = Table("suspended", schema, _text("source", key=True), _time("since"))

events = Table(
    "events",
    schema,
    Column("id", Integer, primary_key=True),
    _time("at"),
    _text("source"),
    _text("kind"),
    _text("namespace"),
    _text("name"),
    _text("type"),
    _text("reason"),
    _text("message"),
)

answers = Table(
    "answers",
    schema,
    _text("source", key=True),
    _text("fingerprint"),
    _text("revision"),
    _time("look_again", open_end=True),
    _text("document"),
)

notes = Table(
    "notes",
    schema,
    _text("source", key=True),
    _text("kind", key=True),
    _text("namespace", key=True),
    _text("name", key=True),
    _text("word", key=True),
    _time("at"),
    _text("text"),
    sqlite_with_rowid=False,
)


def _add_notes(connection: Connection) -> None:
    notes.create(connection)


# What brings the tables of version N to N + 1.  Beside each new one goes tests/runtime/ledgers/version-N.sql.
MIGRATIONS: Mapping[int, Callable[[Connection], None]] = {1: _add_notes}


def bring_up(connection: Connection, version: int) -> None:
    """Make the tables, or bring those of an older version up to the newest."""
    if version == 0:
        schema.create_all(connection)
    else:
        for older in range(version, VERSION):
            MIGRATIONS[older](connection)
    connection.exec_driver_sql(f"PRAGMA user_version = {VERSION}")


def put(table: Table, *telling: str) -> Insert:
    """Insert a row or replace the one with its key, unless the telling columns (or all) are the same."""
    row = insert(table)
    content = [column for column in table.columns if not column.primary_key]
    differs = [column.is_distinct_from(row.excluded[column.name]) for column in content]
    decisive = [one for column, one in zip(content, differs, strict=True) if column.name in telling]
    return row.on_conflict_do_update(
        index_elements=list(table.primary_key),
        set_={column.name: row.excluded[column.name] for column in content},
        where=or_(*(decisive or differs)),
    )


def add(table: Table) -> Insert:
    """Insert a row unless there is one with its key."""
    return insert(table).on_conflict_do_nothing()


def count(table: Table, rows: Select[Any] | None = None) -> Insert:
    """Insert a row (or what a query finds), or replace the one with its key and add up the two counts."""
    names = [column.name for column in table.columns]
    row = insert(table) if rows is None else insert(table).from_select(names, rows)
    last = {name: row.excluded[name] for name in names if not table.c[name].primary_key}
    total = table.c["count"] + row.excluded["count"]
    return row.on_conflict_do_update(index_elements=list(table.primary_key), set_={**last, "count": total})


def drop(table: Table) -> Delete:
    """Delete the row with a key; its columns are given as ``_source`` and so on."""
    return delete(table).where(*(column == bindparam(f"_{column.name}") for column in table.primary_key))
