"""What probes say of the pods: watched while a loop goes on, or asked once by who only looks."""

import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, suppress
from dataclasses import field
from types import MappingProxyType
from typing import TYPE_CHECKING

from runtime.dataclass import dataclass
from runtime.engine import EngineError
from runtime.resources import Label

if TYPE_CHECKING:
    from runtime.engine import Engine
    from runtime.prober import Prober
    from runtime.records import Readiness
    from runtime.seen import Happening, SeenPod


@dataclass(frozen=True, slots=True)
class Probed:
    """By the ids of containers: whether they are ready, why they have to be restarted, why they aren't ready.

    ``started`` are those of which no startup probe is left to pass.
    """

    readiness: "Mapping[str, Readiness]" = field(default_factory=lambda: MappingProxyType({}))
    unwell: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    unready: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    started: frozenset[str] = frozenset()


class Watch:
    """Probes the pods that it is shown, from the first one that has a probe until it is closed."""

    def __init__(self, engine: "Engine") -> None:
        self._engine = engine
        self._prober: Prober | None = None
        self._happened = threading.Event()
        self._ear: ExitStack | None = None

    def look(self, pods: "Iterable[SeenPod]", known: "Mapping[str, Readiness]") -> Probed:
        """Return what is known now of these pods; ``known`` is what was recorded earlier (decision 6)."""
        probed = [pod for pod in pods if Label.PROBES in pod.labels]
        if self._prober is None and probed:
            from runtime.prober import Prober

            self._prober = Prober(self._engine.run_in, lived=self._engine.lifetime)
        if self._prober is None:
            return Probed()
        self._prober.follow(probed, known)
        prober = self._prober
        return Probed(prober.readiness(), prober.unwell(), prober.why(), prober.started())

    def undecided(self, *, suspicious: bool) -> bool:
        """Say whether a probe has begun to fail, or, where that is suspected, has not been asked yet."""
        unheard = suspicious and self._prober is not None and not self._prober.heard()
        return unheard or bool(self.wavering())

    def wavering(self) -> "Mapping[str, str]":
        """Return, by the ids of containers, what probes say that have begun to fail, and don't count yet."""
        return self._prober.wavering() if self._prober else {}

    def listen(self) -> bool:
        """Let ``wait`` be over from now on when the engine tells of something; say if it wasn't before."""
        if self._ear is not None:
            return False
        self._ear = ExitStack()
        happenings = self._ear.enter_context(self._engine.happenings())
        threading.Thread(target=self._hear, args=(happenings,), name="ear", daemon=True).start()
        return True

    def wait(self, seconds: float) -> bool:
        """Wait until a pod has become ready, not ready or unwell, or so many seconds; say whether one has."""
        if self._prober is not None:
            return self._prober.wait(seconds)
        self._happened.wait(seconds)
        self._happened.clear()
        return False

    def close(self) -> None:
        """Stop asking and listening."""
        if self._ear is not None:
            self._ear.close()
        if self._prober is not None:
            self._prober.close()

    def _hear(self, happenings: "Iterator[Happening]") -> None:
        """Wake who waits; where the engine goes away, the next look says so better."""
        with suppress(EngineError):
            for _ in happenings:
                self._happened.set()
                if self._prober is not None:
                    self._prober.wake()


def ask_once(
    engine: "Engine", pods: "Iterable[SeenPod]", known: "Mapping[str, Readiness]", now: float
) -> Probed:
    """Ask each probe once, all at the same time."""
    probed = [pod for pod in pods if Label.PROBES in pod.labels]
    if not probed:
        return Probed()
    from runtime.probe_tick import check_once

    found = check_once(probed, known, engine.run_in, now, lived=engine.lifetime)
    return Probed(found.readiness, found.unwell, found.why, found.started)
