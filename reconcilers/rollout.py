"""Rollout arithmetic: how many pods may start and stop right now."""

from collections.abc import Sequence

from runtime.dataclass import dataclass
from schemas.int_or_percent import scaled


@dataclass(frozen=True, slots=True)
class Count:
    """How many pods of one sort there are, and how many of them are available."""

    total: int
    ready: int


@dataclass(frozen=True, slots=True)
class Batch:
    """How many new pods may start now, and how many old ones may stop."""

    start: int
    stop: int


def next_batch(replicas: int, new: Count, old: Count, *, surge: int, unavailable: int) -> Batch:
    """Return how many new pods may start, and old ones stop, right now.

    At most ``replicas + surge`` pods exist, and stopping never takes the available ones below
    ``replicas - unavailable``.  Old pods that are not available serve nobody, so they go first and
    for free.  Not both bounds may be 0 (see ``bounds``).
    Source: Kubernetes' pkg/controller/deployment/rolling.go.
    """
    room = replicas + surge - new.total - old.total
    start = min(room, replicas - new.total)
    spare = new.ready + old.ready - (replicas - unavailable)
    broken = old.total - old.ready
    stop = min(old.total, broken + max(spare, 0))
    return Batch(start=max(start, 0), stop=stop)


def bounds(replicas: int, surge: int | str, unavailable: int | str) -> tuple[int, int]:
    """Return surge and unavailable as pods: percentages of ``replicas``, surge rounded up, unavailable down.

    Where both come to 0, one pod may be unavailable, or nothing would ever move.
    Source: Kubernetes' pkg/controller/deployment/util/deployment_util.go, ResolveFenceposts.
    """
    more = scaled(surge, replicas, round_up=True)
    fewer = scaled(unavailable, replicas, round_up=False)
    return (more, fewer) if more or fewer else (0, 1)


def proportional(sizes: Sequence[int], target: int, before: int) -> list[int]:
    """Return how many pods each revision should have, so that all together they are ``target``.

    ``sizes`` go from the newest revision to the oldest, ``before`` is how many there could be when they were
    scaled last.  What rounding leaves goes to the largest: of equals to the newest where pods come, to
    the oldest where they go.  Source: Kubernetes' pkg/controller/deployment/sync.go, scale.
    """
    change = target - sum(sizes)
    if not change:
        return list(sizes)
    grows, numbers = change > 0, range(len(sizes))
    order = sorted(numbers, key=lambda n: (-sizes[n], n if grows else -n))
    shares: dict[int, int] = {}
    for number in order:
        left = change - sum(shares.values())
        share = _share(sizes[number], target, before)
        shares[number] = min(share, left) if grows else max(share, left)
    rest = change - sum(shares.values())
    return [max(sizes[n] + shares[n] + (rest if n == order[0] else 0), 0) for n in numbers]


def _share(size: int, target: int, before: int) -> int:
    """Return by how many pods a revision grows, rounded half up; shrinking is negative."""
    return (2 * size * target + before) // (2 * before) - size
