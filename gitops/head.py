"""Which commit a loop without end is about: the newest that can be had and may be carried out."""

import math
from collections.abc import Callable
from dataclasses import field

from gitops.aim import Aim
from gitops.git.git_error import SourceError
from gitops.git.pins import GOOD
from gitops.git.source import Source
from runtime.dataclass import dataclass


class Held(Exception):
    """The newest commit was refused, and none before it ever went well."""


@dataclass
class Head:
    """The aim of a source, asked for (by ``find``) at most every ``interval`` seconds of a steady clock.

    While git is out of reach, it stays where it was, or, after a start, at the last commit that went well;
    so it does when the newest commit was refused.  ``tell`` hears of each trouble once.
    """

    source: Source
    interval: float
    clock: Callable[[], float]
    tell: Callable[[str], None]
    find: Callable[[], Aim]
    asked: float = -math.inf
    _aim: Aim | None = None
    _trouble: str = ""
    _refused: set[str] = field(default_factory=set)

    def aim(self) -> Aim:
        """Return the aim; raises SourceError where none was ever had, Held where none may be used."""
        if not self._aim or self.left() <= 0:
            self._ask()
        if not self._aim:
            raise Held
        return self._aim

    def again(self) -> None:
        """Ask at the next occasion, whatever the interval."""
        self.asked = -math.inf

    def left(self) -> float:
        """Return the seconds until it is asked for again."""
        return self.asked + self.interval - self.clock()

    def refuse(self, sha: str, why: str) -> None:
        """Go back to the last good commit until a newer one comes; what runs keeps running."""
        self._refused.add(sha)
        self._aim = self._last_good()
        stays = f"; staying at {self._aim.sha[:7]}" if self._aim else ""
        self.tell(f"{sha[:7]} is not carried out{stays}: {why}")

    def _ask(self) -> None:
        self.asked = self.clock()
        try:
            found = self.find()
        except SourceError as error:
            self._aim = self._aim or self._last_good()
            if not self._aim:
                raise
            self._complain(f"{error}; staying at {self._aim.sha[:7]}")
            return
        self._complain(found.why if found.refused else "")
        if found.sha in self._refused and self.source.pinned().get(GOOD) == found.sha:
            self._refused.discard(found.sha)  # somebody has said the word, and carried it out
        self._aim = found if found.sha not in self._refused else self._last_good()

    def _last_good(self) -> Aim | None:
        good = self.source.pinned().get(GOOD, "")
        return Aim(good, good) if good and good not in self._refused else None

    def _complain(self, trouble: str) -> None:
        if trouble and trouble != self._trouble:
            self.tell(trouble)
        if self._trouble and not trouble:
            self.tell(f"{self.source.display} can be read again")
        self._trouble = trouble
