"""Commits that a mirror keeps, whatever becomes of their branch: the last good one, and those that failed."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gitops.git.source import Source

GOOD = "good"  # the pin of the last commit that went well
BAD = "bad/"  # what the pins of those begin with that failed, and were taken back


def prove(source: "Source", sha: str) -> None:
    """Keep a commit as the last good one; those that failed before it may come again."""
    pins = source.pinned()
    if pins.get(GOOD) != sha:
        source.pin(GOOD, sha)
    for name in filter(lambda name: name.startswith(BAD), pins):
        source.unpin(name)


def quarantine(source: "Source", sha: str, on_failure: str) -> str:
    """Keep a commit that failed from being carried out again; return the good one to go back to.

    Where there is none, or none is wanted, "" is returned, and the commit goes on to be tried.
    """
    good = source.pinned().get(GOOD, "") if on_failure != "hold" else ""
    if not good or good == sha:
        return ""
    source.pin(BAD + sha, sha)
    return good
