"""Probes all pods on time, in a thread of its own; what it has found out can be asked for at any moment.

It waits for many things at once, so inside it is asynchronous, as nothing else here is.
"""

import asyncio
import random
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress

from runtime.lifetime import age, lifetime, uptime
from runtime.probe_asking import Asker, Run
from runtime.probe_results import (
    Answer,
    Before,
    Life,
    Standing,
    answered,
    asked,
    begin,
    has_started,
    readiness,
    unwell,
    wait,
    wavering,
    why,
)
from runtime.probe_sockets import Place, place_of
from runtime.probed import Asked, asked_of
from runtime.probes import Probe
from runtime.records import Readiness
from runtime.seen import SeenContainer, SeenPod


class ProbingStopped(RuntimeError):
    """The thread that probes has ended before it was told to; its cause is why."""


class Prober:
    """Asks every followed pod what its label says, as often as it says.  Threads may share it.

    ``run`` is as in ``Asker``; ``clock`` gives seconds since 1970, ``lived`` those of a process, 0 where
    nobody knows.  Every method but ``close`` raises ProbingStopped where the thread has failed, which can
    only be a defect.
    """

    def __init__(
        self, run: Run, clock: Callable[[], float] = time.time, lived: Callable[[int], float] = lifetime
    ) -> None:
        self._run = run
        self._clock = clock
        self._lived = lived
        self._born = uptime()
        self._news = threading.Condition()  # guards the next five
        self._standings: dict[Life, Standing] = {}
        self._places: dict[Life, Place] = {}
        self._heard: set[tuple[Life, Probe]] = set()
        self._changed = False
        self._trouble: BaseException | None = None
        self._tasks: dict[tuple[Life, Probe], asyncio.Task[None]] = {}  # the thread's own
        self._running = threading.Event()
        self._thread = threading.Thread(target=self._work, name="prober", daemon=True)
        self._thread.start()
        self._running.wait()
        self._check()

    def follow(self, pods: Iterable[SeenPod], known: Mapping[str, Readiness]) -> None:
        """Take these as all the pods there are: begin with new and restarted ones, forget what is gone.

        ``known`` is what was recorded earlier, by id; it counts for pods that are new here.
        """
        lives = {life_of(one.container): one for one in asked_of(pods)}
        with self._news:
            self._check()
            for gone in self._standings.keys() - lives.keys():
                del self._standings[gone], self._places[gone]
                self._heard = {turn for turn in self._heard if turn[0] != gone}
            for life in lives.keys() - self._standings.keys():
                self._begin(life, lives[life], known.get(life.id))
        with suppress(RuntimeError):  # its loop has just been closed
            self._loop.call_soon_threadsafe(self._attend_all)

    def readiness(self) -> Mapping[str, Readiness]:
        """Return, by the ids of containers, whether they are ready."""
        return {life.id: readiness(standing) for life, standing in self._now().items()}

    def unwell(self) -> Mapping[str, str]:
        """Return, by the ids of containers that have to be restarted, why."""
        return {life.id: words for life, standing in self._now().items() if (words := unwell(standing))}

    def why(self) -> Mapping[str, str]:
        """Return, by the ids of containers that aren't ready, the words of their last failure."""
        return {life.id: words for life, standing in self._now().items() if (words := why(standing))}

    def started(self) -> frozenset[str]:
        """Return the ids of the containers of which no startup probe is left to pass."""
        return frozenset(life.id for life, standing in self._now().items() if has_started(standing))

    def wavering(self) -> Mapping[str, str]:
        """Return, by the ids of containers, what probes say that have begun to fail, and don't count yet."""
        return {life.id: words for life, standing in self._now().items() if (words := wavering(standing))}

    def heard(self) -> bool:
        """Say whether every probe whose turn it is has answered, since it was followed, at least once."""
        with self._news:
            turns = ((life, probe) for life, standing in self._standings.items() for probe in asked(standing))
            return all(turn in self._heard for turn in turns)

    def wait(self, timeout: float) -> bool:
        """Return whether a pod has become ready, not ready, or unwell since the last wait; wait for it."""
        with self._news:
            self._news.wait_for(lambda: self._changed or self._trouble, timeout)
            self._check()
            changed, self._changed = self._changed, False
            return changed

    def wake(self) -> None:
        """Let who waits look again, as if a pod had changed."""
        with self._news:
            self._changed = True
            self._news.notify_all()

    def close(self) -> None:
        """Stop asking; returns when the commands that are under way have ended."""
        with suppress(RuntimeError):  # its loop is closed already
            self._loop.call_soon_threadsafe(self._closing.set)
        self._thread.join()

    def _now(self) -> Mapping[Life, Standing]:
        with self._news:
            self._check()
            return dict(self._standings)

    def _check(self) -> None:
        if self._trouble:
            raise ProbingStopped(f"the thread that probes has failed: {self._trouble!r}") from self._trouble

    def _begin(self, life: Life, one: Asked, known: Readiness | None) -> None:
        now = self._clock()
        before = Before(now - (uptime() - self._born), known, age=self._age(life, now))
        self._standings[life] = begin(life.started, one.probes, before, now)
        self._places[life] = place_of(one.container)

    def _age(self, life: Life, now: float) -> float:
        return age(life.pid, life.started, now, self._lived)

    def _work(self) -> None:
        try:
            asyncio.run(self._probe())
        except BaseException as error:
            with self._news:
                self._trouble = error
                self._news.notify_all()
        finally:
            self._running.set()

    async def _probe(self) -> None:
        """Run until closed; a defect in one task ends all, and with them the thread."""
        self._loop = asyncio.get_running_loop()
        self._closing = asyncio.Event()
        self._asker = Asker(self._run)
        try:
            async with asyncio.TaskGroup() as self._group:
                self._running.set()
                await self._closing.wait()
                for task in self._tasks.values():
                    task.cancel()
        finally:
            self._asker.close()

    def _attend_all(self) -> None:
        with self._news:
            lives = set(self._standings)
        for life, probe in [key for key in self._tasks if key[0] not in lives]:
            self._tasks.pop((life, probe)).cancel()
        for life in lives:
            self._attend(life)

    def _attend(self, life: Life) -> None:
        """See to it that somebody asks each probe whose turn it is."""
        place = self._places.get(life)
        if place is None or self._closing.is_set():
            return
        for probe in self._turns(life):
            if (life, probe) not in self._tasks:
                task = self._group.create_task(self._keep_asking(life, place, probe))
                self._tasks[life, probe] = task

    async def _keep_asking(self, life: Life, place: Place, probe: Probe) -> None:
        """Ask period by period until another probe's turn has come; what was missed isn't made up for."""
        due = self._loop.time() + self._first(life, probe)
        while probe in self._turns(life):
            await asyncio.sleep(max(due - self._loop.time(), 0))
            self._take(life, probe, await self._asker.ask(place, probe))
            self._attend(life)
            due = max(due + probe.period, self._loop.time())
        self._tasks.pop((life, probe), None)

    def _first(self, life: Life, probe: Probe) -> float:
        """Return the seconds until the first question: none where somebody waits for the answer.

        Pods that count as ready are spread over their period, as a new process has many of them.
        """
        with self._news:
            standing = self._standings.get(life)
        spread = random.random() * probe.period if standing and standing.ready else 0
        now = self._clock()
        return wait(probe, now - self._age(life, now), now) or spread

    def _turns(self, life: Life) -> tuple[Probe, ...]:
        with self._news:
            standing = self._standings.get(life)
            return asked(standing) if standing else ()

    def _take(self, life: Life, probe: Probe, answer: Answer) -> None:
        with self._news:
            if (before := self._standings.get(life)) is None:
                return
            self._heard.add((life, probe))
            after = answered(before, probe, answer, self._clock())
            self._standings[life] = after
            if (after.ready, bool(unwell(after))) != (before.ready, bool(unwell(before))):
                self._changed = True
                self._news.notify_all()


def life_of(container: SeenContainer) -> Life:
    """Return a container's present life."""
    return Life(container.id, container.pid, container.started)
