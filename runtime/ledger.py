"""The ledger: what sloop remembers of a machine.  Losing it loses history, and nothing else.

What each way costs is imported when it is gone: nothing more for ``recall`` (an unchanged pass), the
records for ``look_back``, and SQLAlchemy, a third of all that a command loads, for ``open_ledger`` only;
with a scribe that was summoned before, another process has loaded it meanwhile.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from runtime.ledger_trouble import LedgerError
from runtime.recall import Answer, recall

if TYPE_CHECKING:
    from collections.abc import Callable

    from runtime.past import Past
    from runtime.scribe import Scribe
    from runtime.writes import Ledger

__all__ = ["Answer", "LedgerError", "look_back", "open_ledger", "recall"]


def open_ledger(state: Path, notice: Callable[[str], None], scribe: Scribe | None = None) -> Ledger:
    """Open the ledger of a state directory for writing; make it where there is none.

    A damaged one is moved aside, and ``notice`` is told so.  Raises LedgerError.  One that is as it should
    be, or isn't there yet, can be read at once: a scribe is waited for where the first thing is written.
    """
    from runtime.past import Past, is_whole
    from runtime.writes import Ledger

    if scribe is not None:
        if not is_whole(state):
            scribe.opened(notice)
        return Ledger(scribe, Past(state))
    from runtime.database import open_database

    return Ledger(open_database(state, notice), Past(state))


def look_back(state: Path) -> Past:
    """Open the ledger of a state directory for reading; an absent one remembers nothing."""
    from runtime.past import Past

    return Past(state)
