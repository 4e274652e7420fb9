"""What the commands do: each a function that returns a value before anything prints it."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import cache, partial
from typing import TYPE_CHECKING, Any

from gitops.aim import Aim, aim, aiming, insisting
from gitops.git.source import Source
from gitops.head import Head
from gitops.house import house_of
from gitops.idle import idle
from gitops.settings import Settings, rules
from gitops.sources import engine_of, source_of
from gitops.standing import behind, notices, standing, suspension

if TYPE_CHECKING:
    from gitops.loop import Teller
    from gitops.planning.changes import Change
    from gitops.planning.house import House
    from gitops.planning.view import View
    from gitops.request import Request, Wish
    from runtime.engine import Engine
    from runtime.records import Run

Document = Mapping[str, Any]


def status(settings: Settings) -> Document:
    """Return how everything fares, without touching anything."""
    from runtime.ledger import look_back

    source = source_of(settings)
    engine = engine_of(settings)
    known = _known(settings, source, engine)
    if known is not None:
        return known
    house, looked, aimed = _look(settings, source, engine, None)
    with look_back(settings.state) as past:
        why = suspension(settings, past, source.id)
    return standing(house, looked, behind(settings, source, aimed), why)


def diff(settings: Settings, *, to: str | None = None, adopting: frozenset[str] = frozenset()) -> Document:
    """Return what would change and why, and the steps that would be taken now; nothing is touched."""
    from gitops.telling.report import changes_document, step_document

    source = source_of(settings)
    engine = engine_of(settings)
    known = _known(settings, source, engine) if to is None else None
    if known is not None:
        return _nothing(known, {})
    house, looked, aimed = _look(settings, source, engine, to, adopting)
    steps = [step_document(step) for step in looked.plan.steps]
    return changes_document(
        looked.commit.sha,
        _changes(settings, house, looked, adopting),
        steps,
        [*filter(None, [behind(settings, source, aimed)]), *notices(looked), *_refused(source, looked)],
        {},
    )


def apply(settings: Settings, request: "Request", wish: "Wish", teller: "Teller") -> tuple[Document, str]:
    """Converge once; return what was done, and how it ended: Synced, Failed, Late or RolledBack."""
    source = source_of(settings)
    engine = cache(partial(engine_of, settings))
    own = rules(settings)
    aim, insist = aiming(source, own.on_failure), insisting(source, own.on_failure)
    if wish.or_last_good:
        aim = insist = Head(source, 0.0, time.monotonic, teller.notice, aim).aim
    found = idle(source, engine, settings, time.time(), aim)
    if found.document is not None and not (found.limited or request.only):  # history tells of every push
        why = found.document.get("behind", "")
        end = "RolledBack" if why else "Synced"
        summary = {"outcome": end, "health": found.document["health"], "message": why}
        return {**_nothing(found.document, summary), "output": []}, end
    request = replace(request, suspicious=found.suspicious)
    return _converge(settings, source, engine, request, wish, teller, insist)


def go_on(settings: Settings, request: "Request", wish: "Wish", teller: "Teller") -> tuple[Document, str]:
    """Converge once, whatever the last pass has concluded; return as ``apply`` does."""
    source = source_of(settings)
    insist = insisting(source, rules(settings).on_failure)
    return _converge(settings, source, partial(engine_of, settings), request, wish, teller, insist)


def history(settings: Settings, limit: int) -> "Sequence[Run]":
    """Return the runs of the source, newest first."""
    from runtime.ledger import look_back

    with look_back(settings.state) as past:
        return past.history(source_of(settings).id, limit=limit)


def _converge(
    settings: Settings,
    source: Source,
    engine: "Callable[[], Engine]",
    request: "Request",
    wish: "Wish",
    teller: "Teller",
    aim: Callable[[], Aim],
) -> tuple[Document, str]:
    from runtime.scribe import summoned

    with summoned(settings.state) as scribe:  # it loads one half of what is needed, and we the other
        from gitops.applying import apply_once

        house = house_of(settings, source, engine())
        return apply_once(settings, house, request, wish, teller, aim, scribe)


def _known(settings: Settings, source: Source, engine: "Engine") -> Document | None:
    """Return the status that the last pass has concluded, if it still holds."""
    aim = aiming(source, rules(settings).on_failure)
    return idle(source, lambda: engine, settings, time.time(), aim).document


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
