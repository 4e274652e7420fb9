"""Which commit a machine has, whoever brought it there."""

import json
from typing import TYPE_CHECKING

from runtime.observe import of_source
from runtime.resources import Label

if TYPE_CHECKING:
    from gitops.git.source import Source
    from runtime.engine import Engine
    from runtime.past import Past
    from runtime.seen import Seen, SeenVolume


def commit_there(past: "Past", source: "Source", engine: "Engine") -> str:
    """Return the commit that was carried out last, or is being so; the newest where nothing ever was.

    Without a ledger the youngest pod tells.
    """
    known = next(iter(past.carried_out(source.id, limit=1)), None)
    if known:
        return known.revision
    return youngest(engine.look(), source.id) or source.resolve()


def youngest(seen: "Seen", source: str) -> str:
    """Return the commit that a source's youngest pod, or mark of a Job, was made from, "" without any."""
    mine = of_source(seen, source)
    marks = ((json.loads(one.labels[Label.MARK])["at"], one) for one in mine.volumes if _is_mark(one))
    told = [(pod.created, pod.labels) for pod in mine.pods] + [(at, one.labels) for at, one in marks]
    return max(told, key=lambda one: one[0])[1].get(Label.COMMIT, "") if told else ""


def _is_mark(volume: "SeenVolume") -> bool:
    return Label.MARK in volume.labels
