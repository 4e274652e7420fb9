"""One apply, from the first look to the last: what it loads is nothing that a pass without changes needs."""

import time
from collections.abc import Callable, Mapping
from contextlib import closing, suppress
from functools import partial
from typing import Any

from gitops.aim import Aim, Unsigned, fixed
from gitops.alone import alone
from gitops.converge import Converged, End, converge
from gitops.git.source import Source, SourceError
from gitops.git.there import commit_there
from gitops.house import issuer_of
from gitops.idle import record
from gitops.journal import Journal
from gitops.loop import Loop, Teller
from gitops.planning.guard import Refusal
from gitops.planning.house import House
from gitops.probing import Watch
from gitops.request import Request, Wish
from gitops.service.courier import courier_of
from gitops.settings import Settings, rules
from gitops.standing import behind, notices, standing, suspension
from gitops.telling.aftermath import said_last
from gitops.telling.report import changes_document, result_document
from reconcilers.pods import earliest
from runtime.ledger import open_ledger
from runtime.scribe import Scribe
from runtime.writes import Ledger
from schemas.problems import ManifestError

Document = Mapping[str, Any]


def apply_once(
    settings: Settings,
    house: House,
    request: Request,
    wish: Wish,
    teller: Teller,
    aim: Callable[[], Aim],
    scribe: Scribe | None,
) -> tuple[Document, str]:
    """Converge once; return what was done, and how it ended.  Raises what a pass raises.

    ``scribe`` writes the ledger, where one was summoned.
    """
    source = house.source
    if scribe and not request.stays:
        _read_ahead(house, aim)
    with (
        alone(settings.state, source.id, teller.notice),
        open_ledger(settings.state, teller.notice, scribe) as ledger,
        closing(Watch(house.engine)) as watch,
    ):
        if why := suspension(settings, ledger.past, source.id):
            return _left_alone(why)
        courier = courier_of(settings, teller.notice)
        heard = partial(courier.ended, rules(settings).name or source.display)
        journal = Journal(ledger, source.id, time.time, heard=heard)
        aim = fixed(partial(commit_there, ledger.past, source, house.engine)) if request.stays else aim
        on_failure = "hold" if request.stays else rules(settings).on_failure
        loop = Loop(house, journal, request, teller, aim, watch, on_failure=on_failure)
        loop.issuer = issuer_of(settings)
        try:
            ended = _converged(loop, wish.timeout or rules(settings).timeout, wait=wish.wait)
        finally:
            courier.finish()
        document = standing(house, ended.last.view, behind(settings, source, loop.aimed))
        _record(ledger, source, settings, ended, document)
    return _told(settings, house, ended, document), ended.end.value


def _read_ahead(house: House, aim: Callable[[], Aim]) -> None:
    """Read the newest commit while the scribe loads; whatever is wrong with it, the first pass tells.

    A repository that isn't on this machine may keep us waiting, and so waits for its pass.
    """
    if house.source.here:
        with suppress(SourceError, ManifestError, Refusal):
            sha = aim().sha
            house.rendered(sha)
            house.commit(sha)


def _converged(loop: Loop, timeout: float, *, wait: bool) -> Converged:
    """Converge; a commit that may not be carried out is noted as refused."""
    try:
        return converge(loop, timeout=timeout, wait=wait)
    except (ManifestError, Refusal) as refused:
        sha = refused.sha if isinstance(refused, Unsigned) else loop.sha
        loop.journal.refused(loop.house.commit(sha), loop.request.trigger, str(refused))
        raise


def _record(ledger: Ledger, source: Source, settings: Settings, ended: Converged, document: Document) -> None:
    """Keep the answer for passes that find nothing changed; not while a neighbour's git decides over ours."""
    looked = ended.last.view
    if ended.last.done and not looked.left:
        later = earliest(*(answer.look_again for answer in looked.wanted))
        record(ledger, source, looked.seen, settings, looked.commit.sha, document, look_again=later)


def _told(settings: Settings, house: House, ended: Converged, document: Document) -> Document:
    """Return what became of it; where it isn't well, with what those who aren't said last."""
    summary = {"outcome": ended.end.value, "health": document["health"], "message": ended.message}
    steps = [result_document(result) for result in ended.results]
    noticed = [*notices(ended.last.view), *(result.notice for result in ended.results if result.notice)]
    output, untold = ([], []) if ended.end is End.WELL else said_last(house, settings.state, ended.last.fares)
    told = changes_document(ended.last.view.commit.sha, ended.changes, steps, [*noticed, *untold], summary)
    return {**told, "output": output}


def _left_alone(why: str) -> tuple[Document, str]:
    summary = {"outcome": "Suspended", "health": "Suspended", "message": why}
    return {**changes_document("", (), (), (), summary), "output": []}, "Suspended"
