"""One question, put to this very process."""

import asyncio
import threading
from collections.abc import Sequence

from runtime.probe_asking import Asker, Run
from runtime.probe_results import Answer
from runtime.probe_sockets import Place, place_of
from runtime.probes import Kind, Probe, Question
from tests.runtime.probe_material import pod_here


def nothing_to_run(name: str, command: Sequence[str], timeout: float) -> int:
    raise AssertionError(f"{name} was told to run {command} for {timeout} s")


def answer_of(
    question: Question,
    *,
    timeout: float = 5,
    kind: Kind = Kind.READINESS,
    place: Place | None = None,
    run: Run = nothing_to_run,
    stall: float = 0,
) -> Answer:
    """Return what comes of a question; the process is this one unless another place is given.

    ``stall`` is for how many seconds we are kept from listening meanwhile.
    """

    async def ask() -> Answer:
        asker = Asker(run)
        asyncio.get_running_loop().call_soon(threading.Event().wait, stall)
        try:
            probe = Probe("main", kind, question, timeout=timeout)
            return await asker.ask(place or place_of(pod_here()), probe)
        finally:
            asker.close()

    return asyncio.run(ask())
