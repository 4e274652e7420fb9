"""A source that is left alone: by its configuration, or by a hand, until somebody resumes it."""

import time
from typing import TYPE_CHECKING

from gitops.program import Document, go_on
from gitops.request import Request, Wish
from gitops.settings import Settings, rules
from gitops.sources import source_of
from gitops.telling.which import Unaskable
from runtime.ledger import open_ledger

if TYPE_CHECKING:
    from gitops.loop import Teller

BY_FILE = "sloop.yaml says `suspended: true`"


def suspend(settings: Settings, teller: "Teller") -> Document:
    """Leave the source alone: no commit is carried out, and nothing is mended."""
    source = source_of(settings)
    with open_ledger(settings.state, teller.notice) as ledger:
        if ledger.past.suspended(source.id) is not None:
            raise Unaskable(f"{source.display} is suspended already")
        ledger.suspend(source.id, time.time())
        ledger.tell(source.id, None, "Suspend", "asked for by a hand", time.time())
    return {"source": source.display, "suspended": True}


def resume(settings: Settings, wish: Wish, teller: "Teller") -> tuple[Document, str]:
    """Look after the source again; return what ``apply`` does."""
    source = source_of(settings)
    with open_ledger(settings.state, teller.notice) as ledger:
        if ledger.past.suspended(source.id) is None:
            by_file = f": {BY_FILE}" if rules(settings).suspended else ""
            raise Unaskable(f"{source.display} was not suspended by a hand{by_file}")
        ledger.resume(source.id)
        ledger.tell(source.id, None, "Resume", "asked for by a hand", time.time())
    return go_on(settings, Request("resume"), wish, teller)
