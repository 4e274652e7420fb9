"""Which commits a rollback takes: the newest that still have an effect."""

from collections import deque
from collections.abc import Callable, Iterator, Sequence

from gitops.git.log import Entry


def undoable(history: Callable[[str], Sequence[Entry]], tip: str, scope: str) -> Iterator[Entry]:
    """Yield the commits that a rollback of ``scope`` may undo, the newest first.

    A rollback commit is no candidate, nor is what it undid; a rollback that was itself undone doesn't count.
    After a commit that restored an older state, the history goes on from there.  ``history`` returns
    the commits behind one that touch the scope, along first parents, the newest first.
    """
    undone: set[str] = set()
    waiting = deque(history(tip))
    while waiting:
        entry = waiting.popleft()
        if entry.commit.sha in undone:
            continue
        if not (entry.reverts or entry.restores):
            yield entry
        elif _covers(entry.scope, scope):
            undone.update(entry.reverts)
            waiting = deque(history(entry.restores)) if entry.restores else waiting


def _covers(done: str, scope: str) -> bool:
    return not done or scope == done or scope.startswith(f"{done}/")
