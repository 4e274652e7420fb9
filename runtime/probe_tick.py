"""One round of questions, for who comes by now and then instead of watching: a timer's tick."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from runtime.probe_asking import Asker, Run
from runtime.probe_results import (
    Before,
    Standing,
    answered,
    asked,
    begin,
    failures,
    readiness,
    unwell,
    wait,
    why,
)
from runtime.probe_sockets import place_of
from runtime.prober import is_probed
from runtime.probes import Probe, read_probes
from runtime.records import Readiness
from runtime.resources import Label
from runtime.seen import SeenPod

NONE: Mapping[str, int] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Checked:
    """What a round found out, by the ids of pods; see ``Prober``.

    ``failing`` counts failures in a row of what restarts, for the next round.
    """

    readiness: Mapping[str, Readiness]
    unwell: Mapping[str, str]
    why: Mapping[str, str]
    failing: Mapping[str, int]


def check_once(
    pods: Iterable[SeenPod],
    known: Mapping[str, Readiness],
    run: Run,
    now: float,
    *,
    failing: Mapping[str, int] = NONE,
) -> Checked:
    """Ask every probe whose turn it is once, all at the same time, each bounded by its time-out.

    ``known`` and ``failing`` are what the last round found out.
    """
    probed = [pod for pod in pods if is_probed(pod)]
    before = {pod.id: Before(now, known.get(pod.id), failing.get(pod.id, 0)) for pod in probed}
    standings = asyncio.run(_round(probed, before, run, now))
    return Checked(
        readiness={pod: readiness(standing) for pod, standing in standings.items()},
        unwell={pod: words for pod, standing in standings.items() if (words := unwell(standing))},
        why={pod: words for pod, standing in standings.items() if (words := why(standing))},
        failing={pod: count for pod, standing in standings.items() if (count := failures(standing))},
    )


async def _round(
    pods: Sequence[SeenPod], before: Mapping[str, Before], run: Run, now: float
) -> dict[str, Standing]:
    asker = Asker(run)
    try:
        stood = await asyncio.gather(*(_stand(asker, pod, before[pod.id], now) for pod in pods))
    finally:
        asker.close()
    return {pod.id: standing for pod, standing in zip(pods, stood, strict=True)}


async def _stand(asker: Asker, pod: SeenPod, before: Before, now: float) -> Standing:
    """Return how a pod stands when all have been asked; a startup probe that passes lets others follow."""
    place = place_of(pod)
    standing = begin(pod.started, read_probes(pod.labels[Label.PROBES]), before, now)
    done: set[Probe] = set()
    while due := [one for one in asked(standing) if one not in done and not wait(one, pod.started, now)]:
        answers = await asyncio.gather(*(asker.ask(place, probe) for probe in due))
        for probe, answer in zip(due, answers, strict=True):
            standing = answered(standing, probe, answer, now)
        done.update(due)
    return standing
