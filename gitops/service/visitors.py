"""Those who pushed and wait for what a daemon makes of it: they hear it, until their commit is settled."""

import threading
from collections.abc import Callable, Iterable
from dataclasses import field
from typing import TextIO

from gitops.request import Overtaken
from gitops.telling.teller import Plain
from runtime.dataclass import dataclass

Say = Callable[[str], None]


@dataclass(eq=False)
class Visitor:
    """Somebody who waits for one commit, no longer than until ``end`` (of a steady clock).

    ``code`` is the exit code, once it is over.
    """

    sha: str
    say: Say
    end: float
    over: threading.Event = field(default_factory=threading.Event)
    code: int = 0

    def tell(self, lines: Iterable[str]) -> None:
        """Say something; who has hung up needn't hear more."""
        try:
            for line in lines:
                self.say(line)
        except OSError:
            self.over.set()

    def leave(self, code: int, lines: Iterable[str]) -> None:
        """Hear how it ended, and go."""
        self.tell(lines)
        self.code = code
        self.over.set()


@dataclass
class Visitors:
    """The visitors of one source; they come from any thread, and its keeper attends to them."""

    _coming: list[Visitor] = field(default_factory=list)
    _here: list[Visitor] = field(default_factory=list)
    _door: threading.Lock = field(default_factory=threading.Lock)

    def __len__(self) -> int:
        return len(self._here)

    def enter(self, visitor: Visitor) -> None:
        """Come in; from the next pass on the visitor is told what happens."""
        with self._door:
            self._coming.append(visitor)

    def admit(self) -> bool:
        """Let in who has come since; say whether anybody has."""
        with self._door:
            came, self._coming = self._coming, []
        self._here = [visitor for visitor in (*self._here, *came) if not visitor.over.is_set()]
        return bool(came)

    def tell(self, line: str) -> None:
        """Say something to all who are in."""
        for visitor in self._here:
            visitor.tell([line])

    def settle(self, sha: str, code: int, lines: Iterable[str]) -> None:
        """Say how a commit ended, to those who wait for it."""
        told = list(lines)
        self._dismiss(lambda one: one.sha == sha, code, lambda _: told)

    def overtake(self, newest: str) -> None:
        """Say to those who wait for another commit than the newest that it won't come."""
        self._dismiss(lambda one: one.sha != newest, 0, lambda one: [str(Overtaken(one.sha, newest))])

    def tire(self, now: float, lines: Iterable[str]) -> None:
        """Say to those whose time is over how it stands."""
        told = list(lines)
        self._dismiss(lambda one: one.end <= now, 3, lambda _: told)

    def close(self, why: str) -> None:
        """Say to all why nobody attends to them."""
        self.admit()
        self._dismiss(lambda _: True, 1, lambda _: [why])

    def _dismiss(
        self, whom: Callable[[Visitor], bool], code: int, lines: Callable[[Visitor], Iterable[str]]
    ) -> None:
        for visitor in filter(whom, self._here):
            visitor.leave(code, lines(visitor))
        self._here = [visitor for visitor in self._here if not visitor.over.is_set()]


class Heard(Plain):
    """Tells the log, and the visitors."""

    def __init__(self, name: str, visitors: Visitors) -> None:
        super().__init__(name)
        self._visitors = visitors

    def _say(self, text: str, stream: TextIO | None = None) -> None:
        super()._say(text, stream)
        self._visitors.tell(text)
