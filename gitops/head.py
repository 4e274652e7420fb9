"""Which commit a loop without end is about: the newest that can be had and may be carried out."""

from collections.abc import Callable
from dataclasses import dataclass, field

from gitops.git_error import SourceError
from gitops.source import Source

GOOD = "good"  # the pin of the last commit that went well


class Held(Exception):
    """The newest commit was refused, and none before it ever went well."""


@dataclass
class Head:
    """The commit of a source, asked for at most every ``interval`` seconds.

    While git is out of reach, it stays where it was, or, after a start, at the last commit that went well;
    so it does when the newest commit was refused.  ``tell`` hears of each trouble once.
    """

    source: Source
    interval: float
    clock: Callable[[], float]
    tell: Callable[[str], None]
    sha: str = ""
    asked: float = 0
    _trouble: str = ""
    _refused: set[str] = field(default_factory=set)

    def resolve(self) -> str:
        """Return the commit; raises SourceError where none was ever had, Held where none may be used."""
        if not self.sha or self.clock() >= self.asked + self.interval:
            self._ask()
        if not self.sha:
            raise Held
        return self.sha

    def refuse(self, sha: str, why: str) -> None:
        """Go back to the last good commit until a newer one comes; what runs keeps running."""
        self._refused.add(sha)
        self.sha = self._last_good()
        stays = f"; staying at {self.sha[:7]}" if self.sha else ""
        self.tell(f"{sha[:7]} is not carried out{stays}: {why}")

    def _ask(self) -> None:
        self.asked = self.clock()
        try:
            newest = self.source.resolve()
        except SourceError as error:
            self.sha = self.sha or self._last_good()
            if not self.sha:
                raise
            self._complain(f"{error}; staying at {self.sha[:7]}")
            return
        self._complain("")
        if newest not in self._refused:
            self.sha = newest

    def _last_good(self) -> str:
        return self.source.pinned().get(GOOD, "")

    def _complain(self, trouble: str) -> None:
        if trouble and trouble != self._trouble:
            self.tell(trouble)
        if self._trouble and not trouble:
            self.tell(f"{self.source.display} can be read again")
        self._trouble = trouble
