"""The neighbours of a source: the others of its configuration, each asked no more often than it says."""

import time
from collections.abc import Iterator
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING

from gitops.aim import aiming
from gitops.git.git_error import SourceError
from gitops.head import Head, Held
from gitops.planning.guard import Refusal
from gitops.planning.neighbours import Neighbour
from gitops.settings import Settings, SettingsError, beside, rules
from reconcilers.words import suspended
from runtime.ledger import LedgerError, look_back
from runtime.resources import Owner
from schemas.problems import ManifestError

if TYPE_CHECKING:
    from gitops.planning.house import House
    from gitops.planning.render import Rendered


def neighbours_of(settings: Settings, made: "House") -> Iterator[Neighbour]:
    """Yield the neighbours of a source that is on the same engine; one that can't be a source is none."""
    from gitops.planning.house import House
    from gitops.sources import source_of

    for one in beside(settings):
        with suppress(SourceError, SettingsError):
            own, source = rules(one), source_of(one)
            head = Head(source, own.interval, time.monotonic, _silent, aiming(source, own.on_failure))
            there = House(source, made.engine, made.options)
            yield Neighbour(
                source.id, own.name, partial(_objects, there, head), partial(_held, one, source.id)
            )


def _objects(there: "House", head: Head) -> "Rendered | None":
    try:
        return there.rendered(head.aim().sha)
    except (SourceError, ManifestError, Refusal, Held):
        return None


def _held(settings: Settings, source: str, owner: Owner) -> str:
    """Say why a source, or one object of it, is left alone; what can't be read lets go of nothing."""
    if rules(settings).suspended:
        return "suspended by sloop.yaml"
    try:
        with look_back(settings.state) as past:
            if past.suspended(source) is not None:
                return "suspended by a hand"
            return suspended(past.notes(source)).get(owner, "")
    except LedgerError as error:
        return str(error)


def _silent(_: str) -> None:
    """Its own keeper tells what is wrong with it."""
