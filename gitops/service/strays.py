"""What is on the machine of sources that the configuration no longer names: it is told, and never touched."""

from collections import defaultdict
from collections.abc import Collection, Iterator
from typing import TYPE_CHECKING

from gitops.settings import Settings, each
from runtime.ledger import LedgerError, look_back
from runtime.observe import pod_name
from runtime.resources import Label

if TYPE_CHECKING:
    from pathlib import Path

    from runtime.engine import Engine
    from runtime.seen import Seen

SHOWN = 5  # pods that are named


def strays(settings: Settings, engine: "Engine") -> list[str]:
    """Say of each source that has pods here, and isn't in the configuration, which those are.

    Where somebody has chosen one source, or named a repository, nobody is missed.
    """
    if not settings.sources or settings.source or settings.repo:
        return []
    from gitops.sources import source_of

    known = {source_of(one).id for one in each(settings)}
    return list(told(engine.look(), known, settings.state))


def told(seen: "Seen", known: Collection[str], state: "Path") -> Iterator[str]:
    """Yield a line for each source that is not known, by what is there."""
    pods = defaultdict[str, list[str]](list)
    for pod in seen.pods:
        if (source := pod.labels.get(Label.SOURCE, "")) and source not in known:
            pods[source].append(pod_name(pod))
    for source, names in sorted(pods.items()):
        more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
        yield (
            f"{', '.join(sorted(names)[:SHOWN])}{more} {'stay' if len(names) > 1 else 'stays'} of a source "
            f"that the configuration doesn't name{_last(source, state)}: name it again, or say "
            f"`podman rm -f $(podman ps -aq --filter label={Label.SOURCE}={source})`"
        )


def _last(source: str, state: "Path") -> str:
    try:
        with look_back(state) as past:
            run = next(iter(past.history(source, limit=1)), None)
    except LedgerError:
        return ""
    return f" (last at {run.revision[:7]} {run.author}: {run.subject})" if run else ""
