"""One source that is kept without end: a pass, and how long there is nothing to do after it."""

import math
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import field, replace

from gitops.aim import Unsigned
from gitops.converge import is_looping, what_is_wrong
from gitops.git.git_error import SourceError
from gitops.head import Head, Held
from gitops.loop import Loop, Pass
from gitops.planning.guard import Refusal
from gitops.service.board import Board
from gitops.service.notify import Pulse
from gitops.service.receive import afterwards
from gitops.service.visitors import Visitors
from gitops.telling.aftermath import said_last
from gitops.telling.show import last_output
from gitops.trouble import Exit
from reconcilers.pods import earliest
from runtime.dataclass import dataclass
from runtime.engine import EngineError
from runtime.resources import Owner
from schemas.problems import ManifestError

CALM = 0.02  # seconds that are waited for more of Podman's events once one has come
AGAIN, LONGEST = 1.0, 30.0  # seconds before Podman is asked again when it is out of reach: doubling, up to
SETTLING = 0.5  # seconds between looks while something is on its way


@dataclass
class Bell:
    """What wakes the loop, from any thread."""

    rung: threading.Event = field(default_factory=threading.Event)
    over: bool = False

    def ring(self) -> None:
        """Wake the loop."""
        self.rung.set()

    def end(self) -> None:
        """Wake the loop for the last time."""
        self.over = True
        self.rung.set()

    def wait(self, seconds: float) -> None:
        """Sleep until somebody rings, or so many seconds."""
        if self.rung.wait(max(seconds, 0.0)) and not self.over:
            time.sleep(CALM)
        self.rung.clear()


@dataclass
class Keeper:
    """Keeps one source until its bell says that it is over.

    ``timeout`` is in seconds, for each commit; ``suspension`` says why the source is left alone, "" where it
    isn't.
    """

    loop: Loop
    head: Head
    timeout: float
    pulse: Pulse = field(default_factory=Pulse)
    bell: Bell = field(default_factory=Bell)
    suspension: Callable[[], str] = str
    visitors: Visitors = field(default_factory=Visitors)
    board: Board = field(default_factory=Board)
    name: str = ""
    _floor: threading.Lock = field(default_factory=threading.Lock)
    _suspension: str = ""
    _trouble: str = ""
    _wait: float = 0.0
    _late: str = ""
    _refused: frozenset[Owner] = frozenset()

    def keep(self) -> None:
        """Make one pass after another; a trouble of git's or Podman's is told once, and waited out."""
        while not self.bell.over:
            self.bell.wait(self.turn())
        self.loop.end("Failed", "sloop was told to stop before all was well")
        self.visitors.close("sloop was told to stop: it goes on when it is started again")

    @contextmanager
    def aside(self) -> Iterator[None]:
        """Make no pass as long as this lasts; one that is under way ends first.  From any thread."""
        with self._floor:
            yield

    def look(self) -> None:
        """Ask git at once, whatever the interval; from any thread."""
        self.head.again()
        self.bell.ring()

    def turn(self) -> float:
        """Make one pass, unless the source is left alone; return for how many seconds to wait then."""
        why = self.suspension()
        if why != self._suspension:
            self.loop.teller.notice(why or "looked after again")
        self._suspension = why
        if why:
            self.visitors.close(f"it is kept, and not deployed now: {why}")
        return self.head.interval if why else self._turn()

    def _turn(self) -> float:
        """Make one pass; return for how many seconds there is nothing to do.

        What is looked at may go away at that very moment, so that Podman refuses to tell of it.
        """
        if not self._floor.acquire(timeout=AGAIN):
            return 0.0  # a command has the source: its probes and its healing are the command's too
        try:
            return self._pass()
        finally:
            self._floor.release()

    def _pass(self) -> float:
        self._admit()
        began = time.monotonic()
        try:
            with self.pulse.at_work():
                passed = self.loop.sync_once()
        except (EngineError, SourceError, Held) as error:
            self.board.troubled(self.name, str(error), time.monotonic() - began)
            return self._wait_out(str(error))
        except Unsigned as error:
            self._note_refusal(error.sha, str(error))
            self.visitors.settle(error.sha, Exit.FAILED, [str(error)])
            return self._wait_out(str(error))
        except (ManifestError, Refusal) as error:
            self._refuse(str(error))
            return 0.0
        if self._trouble:
            self.loop.teller.notice("at work again")
        self._trouble, self._wait = "", 0.0
        self.board.passed(self.name, passed, time.monotonic() - began, len(self.visitors))
        if self.loop.aimed.refused:
            self._note_refusal(self.loop.aimed.newest, self.loop.aimed.why)
        self._attend()
        return self._after(passed)

    def _note_refusal(self, sha: str, why: str) -> None:
        self.loop.journal.refused(self.loop.house.commit(sha), self.loop.request.trigger, why)

    def _admit(self) -> None:
        """Let in who pushed, and ask git at once then; what is begun meanwhile is told as a push."""
        if self.visitors.admit():
            self.head.again()
        trigger = "push" if self.visitors else "run"
        self.loop.request = replace(self.loop.request, trigger=trigger)

    def _attend(self) -> None:
        """Tell those whose commit isn't the one that is carried out."""
        aimed = self.loop.aimed
        if aimed.why:
            self.visitors.settle(aimed.newest, Exit.FAILED, [aimed.why])
        self.visitors.overtake(aimed.newest)

    def _wait_out(self, trouble: str) -> float:
        if trouble != self._trouble:
            self.loop.teller.notice(f"{trouble}; trying again")
        self._trouble, self._wait = trouble, min(self._wait * 2, LONGEST) or AGAIN
        return self._wait

    def _refuse(self, why: str) -> None:
        """Record that a commit was not carried out."""
        commit = self.loop.house.commit(self.loop.sha)
        self.loop.journal.begin(commit, self.loop.request.trigger)
        self.loop.end("Failed", why)
        self.head.refuse(commit.sha, why)
        self.visitors.settle(commit.sha, Exit.MISUSED, [why])

    def _after(self, passed: Pass) -> float:
        """Close the run where it is over; return for how many seconds there is nothing to do."""
        if any(result.done for result in passed.results):
            return 0.0
        if passed.done:
            self.loop.end_well()
            self.visitors.settle(self.loop.sha, Exit.DONE, [f"{self.loop.sha[:7]} is deployed, and well"])
            if self.loop.take_back():
                self.head.again()
                return 0.0
        elif self._refused_anew(passed):
            self.head.again()  # git may say by now that it is another source's
            return 0.0
        elif self._failed(passed):
            self.visitors.settle(self.loop.sha, Exit.FAILED, self._said(passed))
            if self.loop.give_up(what_is_wrong(self.loop, passed)):
                self.head.again()
                return 0.0
        elif self.visitors:
            self.loop.teller.unwell([fare for fare in passed.fares if not (fare.done or fare.hopeless)])
            seen_enough = self.loop.on_failure == "hold" and is_looping(passed)
            self.visitors.tire(math.inf if seen_enough else self.loop.steady(), self._said(passed))
        return self._next(passed) - self.loop.clock()

    def _refused_anew(self, passed: Pass) -> bool:
        """Say whether others have what this source wants, and git was not asked again since that was seen."""
        known, self._refused = self._refused, frozenset(passed.view.claims.refused)
        return not self._refused <= known

    def _said(self, passed: Pass) -> Iterator[str]:
        """Say what is wrong, and what pods have said last, if anybody waits to hear it."""
        if self.visitors:
            house, state = self.loop.house, self.loop.journal.ledger.past.path.parent
            output, _ = said_last(house, state, passed.fares)
            yield f"not well: {what_is_wrong(self.loop, passed)}"
            yield from last_output({"output": output})
            yield afterwards(self.loop.sha)

    def _failed(self, passed: Pass) -> bool:
        """Say whether a commit won't get well: by itself, or in time, which is asked once of each."""
        late = self.loop.on_failure != "hold" and self.loop.steady() >= self.loop.turned + self.timeout
        known, self._late = self._late, self.loop.sha if late else ""
        return passed.hopeless or (late and known != self._late)

    def _next(self, passed: Pass) -> float:
        """Return when there is something to do again, in seconds since 1970."""
        moments = (answer.look_again for answer in passed.view.wanted)
        settling = self.loop.clock() + SETTLING if passed.settling else None
        git = self.loop.clock() + self.head.left()
        return earliest(git, self.loop.retry_at(), settling, *moments) or 0.0
