"""What the commands do: each a function that returns a value before anything prints it."""

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from gitops.aim import Aim, Unsigned, aim, aiming, fixed, insisting
from gitops.git.source import Source
from gitops.head import Head
from gitops.house import house_of, issuer_of
from gitops.idle import idle, record
from gitops.settings import Settings, rules
from gitops.sources import engine_of, source_of
from runtime.dataclass import dataclass

if TYPE_CHECKING:
    from gitops.converge import Converged
    from gitops.loop import Teller
    from gitops.planning.changes import Change
    from gitops.planning.house import House
    from gitops.planning.view import View
    from gitops.request import Request
    from runtime.engine import Engine
    from runtime.past import Past
    from runtime.records import Run

Document = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Wish:
    """How a person wants an apply to go.  ``timeout`` in seconds; None is what the source has.

    ``or_last_good`` keeps the last commit that went well while git is out of reach.
    """

    timeout: float | None = None
    wait: bool = True
    or_last_good: bool = False


def status(settings: Settings) -> Document:
    """Return how everything fares, without touching anything."""
    from runtime.ledger import look_back

    source = source_of(settings)
    engine = engine_of(settings)
    known = idle(source, engine, settings, time.time(), aiming(source, rules(settings).on_failure)).document
    if known is not None:
        return known
    house, looked, aimed = _look(settings, source, engine, None)
    with look_back(settings.state) as past:
        why = suspension(settings, past, source.id)
    return _status(house, looked, behind(settings, source, aimed), why)


def diff(settings: Settings, *, to: str | None = None, adopting: frozenset[str] = frozenset()) -> Document:
    """Return what would change and why, and the steps that would be taken now; nothing is touched."""
    from gitops.telling.report import changes_document, step_document

    source = source_of(settings)
    engine = engine_of(settings)
    known = (
        idle(source, engine, settings, time.time(), aiming(source, rules(settings).on_failure)).document
        if to is None
        else None
    )
    if known is not None:
        return _nothing(known, {})
    house, looked, aimed = _look(settings, source, engine, to, adopting)
    steps = [step_document(step) for step in looked.plan.steps]
    return changes_document(
        looked.commit.sha,
        _changes(settings, house, looked, adopting),
        steps,
        [*filter(None, [behind(settings, source, aimed)]), *_notices(looked), *_refused(source, looked)],
        {},
    )


def apply(settings: Settings, request: "Request", wish: Wish, teller: "Teller") -> tuple[Document, str]:
    """Converge once; return what was done, and how it ended: Synced, Failed, Late or RolledBack."""
    source = source_of(settings)
    engine = engine_of(settings)
    own = rules(settings)
    aim, insist = aiming(source, own.on_failure), insisting(source, own.on_failure)
    if wish.or_last_good:
        aim = insist = Head(source, 0.0, time.time, teller.notice, aim).aim
    found = idle(source, engine, settings, time.time(), aim)
    if found.document is not None and not (found.limited or request.only):  # history tells of every push
        why = found.document.get("behind", "")
        end = "RolledBack" if why else "Synced"
        summary = {"outcome": end, "health": found.document["health"], "message": why}
        return {**_nothing(found.document, summary), "output": []}, end
    request = replace(request, suspicious=found.suspicious)
    return _converge(settings, source, engine, request, wish, teller, insist)


def go_on(settings: Settings, request: "Request", wish: Wish, teller: "Teller") -> tuple[Document, str]:
    """Converge once, whatever the last pass has concluded; return as ``apply`` does."""
    source = source_of(settings)
    insist = insisting(source, rules(settings).on_failure)
    return _converge(settings, source, engine_of(settings), request, wish, teller, insist)


def history(settings: Settings, limit: int) -> "Sequence[Run]":
    """Return the runs of the source, newest first."""
    from runtime.ledger import look_back

    with look_back(settings.state) as past:
        return past.history(source_of(settings).id, limit=limit)


def _converge(
    settings: Settings,
    source: Source,
    engine: "Engine",
    request: "Request",
    wish: Wish,
    teller: "Teller",
    aim: Callable[[], Aim],
) -> tuple[Document, str]:
    from gitops.alone import alone
    from gitops.converge import converge
    from gitops.git.there import commit_there
    from gitops.journal import Journal
    from gitops.loop import Loop
    from gitops.planning.guard import Refusal
    from gitops.probing import Watch
    from gitops.service.courier import courier_of
    from reconcilers.pods import earliest
    from runtime.ledger import open_ledger
    from schemas.problems import ManifestError

    house = house_of(settings, source, engine)
    with (
        alone(settings.state, source.id, teller.notice),
        open_ledger(settings.state, teller.notice) as ledger,
        closing(Watch(engine)) as watch,
    ):
        if why := suspension(settings, ledger.past, source.id):
            return _left_alone(why)
        there = partial(commit_there, ledger.past, source, engine)
        on_failure = "hold" if request.stays else rules(settings).on_failure
        courier = courier_of(settings, teller.notice)
        heard = partial(courier.ended, rules(settings).name or source.display)
        journal = Journal(ledger, source.id, time.time, heard=heard)
        aim = fixed(there) if request.stays else aim
        loop = Loop(house, journal, request, teller, aim, watch, on_failure=on_failure)
        loop.issuer = issuer_of(settings)
        try:
            ended = converge(loop, timeout=wish.timeout or rules(settings).timeout, wait=wish.wait)
        except (ManifestError, Refusal) as refused:
            sha = refused.sha if isinstance(refused, Unsigned) else loop.sha
            journal.refused(house.commit(sha), request.trigger, str(refused))
            raise
        finally:
            courier.finish()
        document = _status(house, ended.last.view, behind(settings, source, loop.aimed))
        if ended.last.done and not ended.last.view.left:  # which ends when a neighbour's git says so
            looked, sha = ended.last.view, ended.last.view.commit.sha
            later = earliest(*(answer.look_again for answer in looked.wanted))
            record(ledger, source, looked.seen, settings, sha, document, look_again=later)
    return _told(settings, house, ended, document), ended.end.value


def _told(settings: Settings, house: "House", ended: "Converged", document: Document) -> Document:
    """Return what became of it; where it isn't well, with what those who aren't said last."""
    from gitops.converge import End
    from gitops.telling.aftermath import said_last
    from gitops.telling.report import changes_document, result_document

    summary = {"outcome": ended.end.value, "health": document["health"], "message": ended.message}
    steps = [result_document(result) for result in ended.results]
    notices = [*_notices(ended.last.view), *(result.notice for result in ended.results if result.notice)]
    output, untold = ([], []) if ended.end is End.WELL else said_last(house, settings.state, ended.last.fares)
    told = changes_document(ended.last.view.commit.sha, ended.changes, steps, [*notices, *untold], summary)
    return {**told, "output": output}


def _look(
    settings: Settings,
    source: Source,
    engine: "Engine",
    to: str | None,
    adopting: frozenset[str] = frozenset(),
) -> "tuple[House, View, Aim]":
    from gitops.planning.house import Memory, Moment
    from gitops.planning.view import view
    from gitops.probing import ask_once
    from gitops.serving import serving
    from runtime.ledger import look_back
    from runtime.observe import of_source

    house = house_of(settings, source, engine)
    with look_back(settings.state) as past:
        memory = Memory.of(past, source.id)
    aimed = Aim(sha := source.resolve(to), sha) if to else aim(source, rules(settings).on_failure)
    seen, now = engine.look(), time.time()
    mine = of_source(seen, source.id)
    moment = Moment(
        now,
        memory,
        adopting=adopting,
        probed=ask_once(engine, mine.pods, memory.readiness, now),
        serving=serving(engine, mine, now),
    )
    return house, view(house, aimed.sha, seen, moment), aimed


def _changes(
    settings: Settings, house: "House", looked: "View", adopting: frozenset[str]
) -> "Sequence[Change]":
    from gitops.planning.causes import before, explained
    from gitops.planning.changes import changes
    from runtime.ledger import look_back

    found = changes(looked, before(house, looked), house.source.id, adopting)
    with look_back(settings.state) as past:
        return explained(house, looked, found, partial(past.outage, house.source.id))


def behind(settings: Settings, source: Source, aimed: Aim) -> str:
    """Say why the newest commit is not carried out, and how it failed, as far as the ledger knows."""
    if not aimed.failed:
        return aimed.why
    from runtime.ledger import look_back

    with look_back(settings.state) as past:
        runs = [run for run in past.history(source.id) if run.revision == aimed.newest]
    return ": ".join([aimed.why, *[run.message for run in runs if run.outcome == "Failed"][:1]])


def suspension(settings: Settings, past: "Past", source: str) -> str:
    """Say why a source is left alone, and how that ends; "" where it isn't."""
    if rules(settings).suspended:
        return "suspended by sloop.yaml; without `suspended: true` there it goes on"
    since = past.suspended(source)
    if since is None:
        return ""
    from reconcilers.words import clock

    return f"suspended by a hand at {clock(since)}; `sloop resume` goes on"


def _left_alone(why: str) -> tuple[Document, str]:
    from gitops.telling.report import changes_document

    summary = {"outcome": "Suspended", "health": "Suspended", "message": why}
    return {**changes_document("", (), (), (), summary), "output": []}, "Suspended"


def _status(house: "House", looked: "View", why: str, suspended: str = "") -> Document:
    from gitops.planning.fare import fares, overall
    from gitops.telling.origins import with_origins
    from gitops.telling.report import status_document
    from reconcilers.wanted import Health

    found = with_origins(house.source, looked, fares(looked))
    health = overall(found)
    if suspended and health in {Health.HEALTHY, Health.PROGRESSING}:  # nothing gets ahead
        health = Health.SUSPENDED
    told = status_document(house.source.display, looked.commit.sha, found, _notices(looked))
    sync = "OutOfSync" if why else told["sync"]
    said = {"behind": why, "suspended": suspended, "abandoned": _abandoned(looked)}
    return {**told, "sync": sync, "health": health, **said}


def _abandoned(looked: "View") -> list[str]:
    return [f"{owner} left git, and stays: sloop.yaml says prune: false" for owner in looked.abandoned]


def _notices(looked: "View") -> list[str]:
    conflicts = [f"{one.owner}: {one.message}" for one in looked.plan.conflicts]
    moved = [
        f"{owner} left git, and is left to {name}, which has it now" for owner, name in looked.left.items()
    ]
    told = (str(notice) for notice in looked.rendered.notices)
    return [*_abandoned(looked), *moved, *conflicts, *told]


def _refused(source: Source, looked: "View") -> list[str]:
    from gitops.planning.guard import Refusal, guard

    try:
        guard(looked, source, allow_empty=False)
    except Refusal as refusal:
        return [str(refusal)]
    return []


def _nothing(known: Document, summary: Document) -> Document:
    from gitops.telling.report import changes_document

    return changes_document(known["revision"], (), (), known["notices"], dict(summary))
