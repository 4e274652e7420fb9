"""Hooks after a pod's start and before its stop: read from its label, carried out from inside of it."""

import json
import time
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from runtime.dataclass import dataclass
from runtime.engine import Engine, EngineError
from runtime.probes import Http, Kind, Probe, Question, question_of

if TYPE_CHECKING:
    from runtime.probe_results import Answer

LEAST_GRACE = 2  # seconds that are left after a hook; source: Kubernetes' kuberuntime_container.go
START_SECONDS = 600  # that a hook after the start may take; Kubernetes sets no limit
AFTER_START, BEFORE_STOP = "postStart", "preStop"


@dataclass(frozen=True, slots=True)
class Pause:
    """Wait for so many seconds."""

    seconds: int


Deed = Question | Pause


def hooks_in(label: str, moment: str, part: str = "") -> tuple[Deed, ...]:
    """Return what the container ``part`` of a pod does at a moment, from the pod's label; all do for ""."""
    containers: Mapping[str, Any] = json.loads(label) if label else {}
    meant = (hooks for name, hooks in containers.items() if part in ("", name))
    return tuple(_deed(hooks[moment]) for hooks in meant if moment in hooks)


def after_start(engine: Engine, name: str, label: str, grace: int, part: str = "") -> None:
    """Carry out what follows a container's start; where that fails, stop it and raise EngineError."""
    failed = list(_failures(engine, name, hooks_in(label, AFTER_START, part), START_SECONDS))
    if failed:
        left, _ = before_stop(engine, name, label, grace, part)
        engine.stop_pod(name, left)
        raise EngineError(f"the postStart hook of the pod {name} failed: {failed[0]}")


def before_stop(engine: Engine, name: str, label: str, grace: int, part: str = "") -> tuple[int, str]:
    """Carry out what comes before a container's stop; return the seconds of grace left, and what failed.

    One that may not take any time gets none for its hook either.
    """
    deeds = hooks_in(label, BEFORE_STOP, part) if grace > 0 else ()
    if not deeds:
        return grace, ""
    begun = time.monotonic()
    failed = next(_failures(engine, name, deeds, grace), "")
    left = max(int(grace - (time.monotonic() - begun)), LEAST_GRACE)
    return left, f"the preStop hook of the pod {name} failed: {failed}" if failed else ""


def _deed(written: Mapping[str, Any]) -> Deed:
    if "sleep" in written:
        return Pause(int(written["sleep"]["seconds"]))
    asked = question_of(written)
    return replace(asked, lenient=True) if isinstance(asked, Http) else asked


def _failures(engine: Engine, name: str, deeds: tuple[Deed, ...], seconds: int) -> Iterator[str]:
    for deed in deeds:
        if isinstance(deed, Pause):
            time.sleep(min(deed.seconds, seconds))
            continue
        try:
            answer = _asked(engine, name, deed, seconds)
        except EngineError as error:
            yield str(error)
        else:
            yield from [] if answer.good else [answer.words]


def _asked(engine: Engine, name: str, question: Question, seconds: int) -> "Answer":
    """Put a question as a probe does: from inside the pod's network, or as a command in its container."""
    import asyncio  # 40 ms, and few pods have hooks

    from runtime.probe_asking import Asker
    from runtime.probe_sockets import place

    where = place(name, engine.process_of(name) if isinstance(question, Http) else 0)

    async def ask() -> "Answer":
        asker = Asker(engine.run_in)
        try:
            return await asker.ask(where, Probe("", Kind.READINESS, question, timeout=seconds))
        finally:
            asker.close()

    return asyncio.run(ask())
