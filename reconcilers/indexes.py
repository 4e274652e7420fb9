"""The arithmetic of indexed Jobs: which indexes are done, which are next, and how their pods are called."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import islice

from runtime.dataclass import dataclass

LABEL = "batch.kubernetes.io/job-completion-index"
LONGEST_NAME, SUFFIX = 63, 5


@dataclass(frozen=True, slots=True)
class Worker:
    """A pod with an index (None where it has none): whether it has succeeded, runs, and since when."""

    index: int | None
    succeeded: bool = False
    running: bool = False
    started: float = 0


def number(text: str | None, completions: int) -> int | None:
    """Return the index that a label says, None where a Job of so many completions has no such index."""
    if text is None or not text.isdecimal() or int(text) >= completions:
        return None
    return int(text)


def done(workers: Iterable[Worker], before: frozenset[int] = frozenset()) -> frozenset[int]:
    """Return the indexes that are done, among them those that were done ``before``."""
    return before | {one.index for one in workers if one.succeeded and one.index is not None}


def pending(count: int, completions: int, taken: Collection[int]) -> list[int]:
    """Return the first indexes, at most ``count``, that aren't taken: neither done nor at work."""
    return list(islice((one for one in range(completions) if one not in taken), max(count, 0)))


def superfluous(workers: Mapping[str, Worker]) -> frozenset[str]:
    """Return the active pods, by name, that have no index, or share one with a pod that is further.

    Source: Kubernetes' pkg/controller/job/indexed_job_utils.go, appendDuplicatedIndexPodsForRemoval.
    """
    best: dict[int, str] = {}
    for name in _from_the_furthest(workers):
        index = workers[name].index
        if index is not None:
            best.setdefault(index, name)
    return frozenset(workers.keys() - set(best.values()))


def _from_the_furthest(workers: Mapping[str, Worker]) -> Sequence[str]:
    return sorted(workers, key=lambda name: (not workers[name].running, workers[name].started, name))


def beginning(job: str, index: int | None) -> str:
    """Return how the name of a Job's pod begins, short enough for what is to follow.

    Source: Kubernetes' pkg/controller/job/indexed_job_utils.go, podGenerateNameWithIndex.
    """
    ending = "-" if index is None else f"-{index}-"
    return job[: LONGEST_NAME - SUFFIX - len(ending)] + ending
