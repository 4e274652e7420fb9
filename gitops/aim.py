"""Which commit is to be carried out: the newest, unless it has failed here or may not be used."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Literal

from gitops.git.pins import BAD, GOOD
from gitops.planning.guard import Refusal
from runtime.dataclass import dataclass

if TYPE_CHECKING:
    from gitops.git.source import Source

OnFailure = Literal["hold", "rollback", "revert"]


@dataclass(frozen=True, slots=True)
class Aim:
    """The commit to carry out (``sha``), and the newest; ``why`` they differ, "" where they don't.

    ``failed`` says that the newest has been carried out, and taken back; otherwise a ``why`` refuses it.
    """

    sha: str
    newest: str
    why: str = ""
    failed: bool = False

    @property
    def refused(self) -> bool:
        """Say whether the newest may not be carried out."""
        return bool(self.why) and not self.failed


class Unsigned(Refusal):
    """A commit's signature doesn't count, so it is not carried out."""

    def __init__(self, sha: str, why: str) -> None:
        super().__init__(why)
        self.sha = sha


def aiming(source: "Source", on_failure: str = "hold") -> Callable[[], Aim]:
    """Return what asks a source for its aim; it raises SourceError where nobody answers."""
    return lambda: aim(source, on_failure)


def insisting(source: "Source", on_failure: str = "hold") -> Callable[[], Aim]:
    """Return the same, where a refused commit is an error."""

    def asked() -> Aim:
        found = aim(source, on_failure)
        if found.refused:
            raise Unsigned(found.newest, found.why)
        return found

    return asked


def fixed(resolve: Callable[[], str]) -> Callable[[], Aim]:
    """Return what aims at one commit, whatever is newer."""
    return lambda: Aim(sha := resolve(), sha)


def aim(source: "Source", on_failure: str = "hold") -> Aim:
    """Return what a source asks for now; raises SourceError.

    Where the newest commit's signature doesn't count, the last good one is aimed at; without one, that is
    an error.
    """
    newest = source.resolve()
    if on_failure == "hold" and source.signers is None:
        return Aim(newest, newest)
    if complaint := source.unsigned(newest):
        return _unsigned(source, newest, complaint)
    pins = source.pinned()
    good = pins.get(GOOD, newest)
    if on_failure == "hold" or good == newest or BAD + newest not in pins:
        return Aim(newest, newest)
    why = f"{_named(source, newest)} failed and was taken back; {good[:7]} stays until a newer commit comes"
    return Aim(good, newest, why, failed=True)


def _unsigned(source: "Source", newest: str, complaint: str) -> Aim:
    why = f"{_named(source, newest)} is not carried out: {complaint}"
    good = source.pinned().get(GOOD)
    if good is None:
        raise Unsigned(newest, why)
    return Aim(good, newest, f"{why}; {good[:7]} stays" if good != newest else why)


def _named(source: "Source", sha: str) -> str:
    commit = source.commit(sha)
    return f"{commit.short} {commit.author}: {commit.subject}"
