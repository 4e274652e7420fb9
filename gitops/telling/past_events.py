"""What has happened, from the ledger alone: the last events, the newest of them last, as people read."""

from collections.abc import Iterable
from itertools import islice
from typing import Any

from gitops.look import EVERY
from gitops.settings import Settings
from gitops.sources import source_of
from gitops.telling.report import events_document
from runtime.ledger import look_back
from runtime.records import Event
from runtime.resources import Owner


def events(
    settings: Settings, whose: Owner | None, namespace: str | None, limit: int
) -> list[dict[str, Any]]:
    """Return the last events of an object, or of a namespace, or of the whole source."""
    with look_back(settings.state) as past:
        found = past.events(source_of(settings).id, whose, limit=EVERY if namespace else limit)
    return events_document(reversed(list(islice(_of_namespace(found, namespace), limit))))


def _of_namespace(found: Iterable[Event], namespace: str | None) -> Iterable[Event]:
    if namespace is None:
        return found
    return (event for event in found if event.owner and event.owner.namespace == namespace)
