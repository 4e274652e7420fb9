"""What is written to the ledger, as statements by name; the rows they are carried out for come with them."""

from collections.abc import Mapping

from sqlalchemy import Executable, Float, bindparam, delete, func, insert, literal, select, tuple_, update

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
EVENTS_KEPT = 10_000

OF_SOURCE = runs.c.source == bindparam("_source")
NEWEST = select(runs.c.id).where(OF_SOURCE).order_by(runs.c.id.desc())
THIS = (
    steps.c.run == bindparam("_run"),
    steps.c["pass"] == bindparam("_pass"),
    steps.c.number == bindparam("_number"),
)
ITS_RESOURCE = select(runs.c.source, steps.c.resource).join_from(steps, runs).where(*THIS)
FAILED = ITS_RESOURCE.add_columns(literal(1), bindparam("_at", type_=Float), bindparam("_message"))
LAST_EVENT = select(func.max(events.c.id)).scalar_subquery()

# Built once: building one takes longer than SQLite takes to carry it out.
STATEMENTS: Mapping[str, Executable] = {
    "end crashed runs": update(runs)
    .where(OF_SOURCE, runs.c.finished.is_(None))
    .values(outcome="Failed", message="interrupted"),
    "forget runs": delete(runs).where(runs.c.id.in_(NEWEST.limit(-1).offset(RUNS_KEPT - 1))),
    "begin run": insert(runs),
    "end run": update(runs).where(runs.c.id == bindparam("_run")),
    "plan steps": insert(steps),
    "start step": update(steps).where(*THIS).values(started=bindparam("started")),
    "finish step": update(steps)
    .where(*THIS)
    .values(finished=bindparam("finished"), error=bindparam("error")),
    "forget passes": delete(steps).where(
        steps.c.run == bindparam("_run"), steps.c["pass"] <= bindparam("before")
    ),
    "count failure": count(failures, FAILED),
    "clear failures": delete(failures).where(
        tuple_(failures.c.source, failures.c.resource).in_(ITS_RESOURCE)
    ),
    "forget failures": delete(failures).where(
        failures.c.source == bindparam("_source"), failures.c.at < bindparam("before")
    ),
    "forget failure": drop(failures),
    "settle": put(objects, "revision", "digest"),
    "forget object": drop(objects),
    "remember": add(resources),
    "forget resource": drop(resources),
    "restarted": count(restarts),
    "forget restarts": drop(restarts),
    "note readiness": put(readiness),
    "forget readiness": drop(readiness),
    "suspend": add(suspended),
    "resume": drop(suspended),
    "note": put(notes),
    "strike": drop(notes),
    "tell": insert(events),
    "forget events": delete(events).where(events.c.id <= LAST_EVENT - EVENTS_KEPT),
    "answer": put(answers),
    "forget answer": drop(answers),
}
