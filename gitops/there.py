"""Which commit a machine has, whoever brought it there."""

from typing import TYPE_CHECKING

from runtime.observe import of_source
from runtime.resources import Label

if TYPE_CHECKING:
    from gitops.source import Source
    from runtime.engine import Engine
    from runtime.past import Past
    from runtime.seen import Seen


def commit_there(past: "Past", source: "Source", engine: "Engine") -> str:
    """Return the commit that was carried out last, or is being so; the newest where nothing ever was.

    Without a ledger the youngest pod tells.
    """
    known = next(iter(past.carried_out(source.id, limit=1)), None)
    if known:
        return known.revision
    return youngest(engine.look(), source.id) or source.resolve()


def youngest(seen: "Seen", source: str) -> str:
    """Return the commit that the youngest of a source's pods was made from, "" where there is none."""
    pods = sorted(of_source(seen, source).pods, key=lambda pod: pod.created)
    return pods[-1].labels.get(Label.COMMIT, "") if pods else ""
