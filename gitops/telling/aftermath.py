"""What the pods of objects that aren't well said last: most of the time it is the reason."""

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from gitops.look import sight
from gitops.planning.fare import Fare
from gitops.planning.house import House
from gitops.telling.last_words import last_words
from gitops.telling.meant import pods_of
from gitops.telling.pods import PodHere, pods_here
from runtime.engine import EngineError
from runtime.resources import Label

YOUNG = 10.0  # seconds in which one that crashes may just look well
MOST = 5  # pods that are quoted: the replicas of a workload fail in the same words


def said_last(house: House, state: Path, fares: Sequence[Fare]) -> tuple[list[dict[str, Any]], list[str]]:
    """Return the last output of pods that failed or don't get ready, and notices of what can't be told."""
    unwell = [fare.owner for fare in fares if not fare.done]
    try:
        looked = sight(house, state, time.time())
        pods = [pod for owner in unwell for pod in pods_here(looked, pods_of(looked.seen, owner))]
        sha = looked.view.commit.sha if looked.view else ""
        return last_words(looked, [pod for pod in pods if _is_ill(pod, sha, looked.now)][:MOST])
    except EngineError:  # it went away meanwhile: the outcome is told without
        return [], []


def _is_ill(pod: PodHere, sha: str, now: float) -> bool:
    """Say whether a pod does badly; or may, as it is of this commit and was started a moment ago."""
    if pod.failed or not (pod.ready or pod.completed):
        return True
    begun = max(one.seen.started for one in pod.containers)
    return pod.seen.labels.get(Label.COMMIT) == sha and not pod.completed and now - begun < YOUNG
