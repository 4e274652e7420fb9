"""The loop without end: woken by git, by Podman's events, and by what a reconciler asked for."""

import signal
import threading
import time
from contextlib import closing, suppress
from dataclasses import dataclass, field
from types import FrameType

from gitops.git_error import SourceError
from gitops.guard import Refusal
from gitops.head import GOOD, Head, Held
from gitops.journal import Journal
from gitops.loop import Loop, Pass
from gitops.notify import Pulse, notify
from gitops.probing import Watch
from gitops.program import engine_of, house_of, source_of
from gitops.request import Request
from gitops.settings import Settings, rules
from gitops.teller import Plain
from reconcilers.pods import earliest
from runtime.engine import Engine, EngineError
from runtime.ledger import open_ledger
from schemas.problems import ManifestError

CALM = 0.02  # seconds that are waited for more of Podman's events once one has come
AGAIN, LONGEST = 1.0, 30.0  # seconds before Podman is asked again when it is out of reach: doubling, up to
HEED = 1.0  # seconds after which it is seen whether there is anything to probe by now
SETTLING = 0.5  # seconds between looks while something is on its way


@dataclass
class Bell:
    """What wakes the loop, from any thread."""

    rung: threading.Event = field(default_factory=threading.Event)
    over: bool = False

    def ring(self) -> None:
        """Wake the loop."""
        self.rung.set()

    def end(self, _signal: int = 0, _frame: FrameType | None = None) -> None:
        """Wake the loop for the last time."""
        self.over = True
        self.rung.set()

    def wait(self, seconds: float) -> None:
        """Sleep until somebody rings, or so many seconds."""
        if self.rung.wait(max(seconds, 0.0)) and not self.over:
            time.sleep(CALM)
        self.rung.clear()


def run(settings: Settings, interval: float | None, bell: Bell | None = None) -> None:
    """Keep the machine as git says until SIGTERM, SIGINT or the bell's end.

    ``interval``, in seconds, is how often git is asked; None is what the source has.  Git or Podman going
    away is told in one line, and survived.
    """
    bell = bell or _on_signals(Bell())
    source, teller = source_of(settings), Plain()
    engine = engine_of(settings)
    with (
        open_ledger(settings.state, teller.notice) as ledger,
        closing(Watch(engine)) as watch,
    ):
        head = Head(source, interval or rules(settings).interval, time.time, teller.notice)
        request = Request("run", patient=True)
        journal = Journal(ledger, source.id, time.time)
        loop = Loop(house_of(settings, source, engine), journal, request, teller, head.resolve, watch)
        for target, told in ((_listen, engine), (_heed, watch)):
            threading.Thread(target=target, args=(told, bell), name=target.__name__, daemon=True).start()
        pulse = Pulse()
        threading.Thread(target=pulse.tell, name="pulse", daemon=True).start()
        notify("READY=1", f"STATUS=follows {source.display}")
        _keep(loop, head, bell, pulse)
        notify("STOPPING=1")
        loop.end("Failed", "sloop was told to stop before all was well")


def _on_signals(bell: Bell) -> Bell:
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, bell.end)
    return bell


def _keep(loop: Loop, head: Head, bell: Bell, pulse: Pulse) -> None:
    """Make one pass after another; a trouble of git's or Podman's is told once, and waited out.

    What is looked at may go away at that very moment, so that Podman refuses to tell of it.
    """
    trouble, wait = "", 0.0
    while not bell.over:
        try:
            with pulse.at_work():
                passed = loop.sync_once()
        except (EngineError, SourceError, Held) as error:
            if str(error) != trouble:
                loop.teller.notice(f"{error}; trying again")
            trouble, wait = str(error), min(wait * 2, LONGEST) or AGAIN
            bell.wait(wait)
        except (ManifestError, Refusal) as error:
            _refuse(loop, head, str(error))
        else:
            if trouble:
                loop.teller.notice("at work again")
            trouble, wait = "", 0.0
            bell.wait(_after(loop, head, passed))


def _refuse(loop: Loop, head: Head, why: str) -> None:
    """Record that a commit was not carried out."""
    commit = loop.house.commit(loop.sha)
    loop.journal.begin(commit, loop.request.trigger)
    loop.end("Failed", why)
    head.refuse(commit.sha, why)


def _after(loop: Loop, head: Head, passed: Pass) -> float:
    """Close the run where it is over; return for how many seconds there is nothing to do."""
    if any(result.done for result in passed.results):
        return 0.0
    if passed.done:
        loop.end("Synced")
        loop.house.source.pin(GOOD, passed.view.commit.sha)
    elif passed.hopeless:
        loop.end("Failed", "; ".join(f"{one.owner}: {one.reason}" for one in passed.fares if not one.done))
    moments = (answer.look_again for answer in passed.view.wanted)
    settling = None if passed.done or passed.hopeless else loop.clock() + SETTLING
    moment = earliest(head.asked + head.interval, loop.retry_at(), settling, *moments)
    return (moment or 0.0) - loop.clock()


def _listen(engine: Engine, bell: Bell) -> None:
    """Ring whenever Podman says that something has happened; begin again when it went away."""
    wait = AGAIN
    while not bell.over:
        with suppress(EngineError), engine.happenings() as happenings:
            bell.ring()  # what happened before we listened is seen by a pass
            wait = AGAIN
            for _ in happenings:
                bell.ring()
        time.sleep(wait)
        wait = min(wait * 2, LONGEST)


def _heed(watch: Watch, bell: Bell) -> None:
    """Ring whenever a probe has changed its mind."""
    while not bell.over:
        if watch.wait(HEED):
            bell.ring()
