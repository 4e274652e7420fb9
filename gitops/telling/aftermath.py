"""What the pods of objects that aren't well said last: most of the time it is the reason."""

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from gitops.look import sight
from gitops.planning.fare import Fare
from gitops.planning.view import House
from gitops.telling.last_words import last_words
from gitops.telling.meant import pods_of
from gitops.telling.pods import pods_here
from runtime.engine import EngineError
from runtime.resources import Label

MOST = 5  # pods that are quoted: the replicas of a workload fail in the same words


def said_last(house: House, state: Path, fares: Sequence[Fare]) -> tuple[list[dict[str, Any]], list[str]]:
    """Return the last output of pods that failed or don't get ready, and notices of what can't be told."""
    unwell = [fare.owner for fare in fares if not fare.done]
    try:
        looked = sight(house, state, time.time())
        pods = [pod for owner in unwell for pod in pods_here(looked, pods_of(looked.seen, owner))]
        ill = [pod for pod in pods if pod.failed or pod.restarts or not (pod.ready or pod.completed)]
        sha = looked.view.commit.sha if looked.view else ""
        new = [pod for pod in pods if pod.seen.labels.get(Label.COMMIT) == sha]
        return last_words(looked, (ill or new)[:MOST])  # a new one that crashes may just look well
    except EngineError:  # it went away meanwhile: the outcome is told without
        return [], []
