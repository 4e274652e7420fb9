"""One round of questions, for who comes by now and then instead of watching: a timer's tick."""

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from types import MappingProxyType

from runtime.dataclass import dataclass
from runtime.lifetime import age, lifetime
from runtime.probe_asking import Asker, Run
from runtime.probe_results import (
    Before,
    Standing,
    answered,
    asked,
    begin,
    failures,
    has_started,
    readiness,
    unwell,
    wait,
    why,
)
from runtime.probe_sockets import place_of
from runtime.probed import Asked, asked_of
from runtime.probes import Probe
from runtime.records import Readiness
from runtime.seen import SeenPod

NONE: Mapping[str, int] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Checked:
    """What a round found out, by the ids of containers; see ``Prober``.

    ``failing`` counts failures in a row of what restarts, for the next round.
    """

    readiness: Mapping[str, Readiness]
    unwell: Mapping[str, str]
    why: Mapping[str, str]
    failing: Mapping[str, int]
    started: frozenset[str]


def check_once(
    pods: Iterable[SeenPod],
    known: Mapping[str, Readiness],
    run: Run,
    now: float,
    *,
    failing: Mapping[str, int] = NONE,
    lived: Callable[[int], float] = lifetime,
) -> Checked:
    """Ask every probe whose turn it is once, all at the same time, each bounded by its time-out.

    ``known`` and ``failing`` are what the last round found out; ``lived`` is as in ``Prober``.
    """
    probed = list(asked_of(pods))
    ages = {one.id: age(one.pid, one.started, now, lived) for one in (each.container for each in probed)}
    before = {id_: Before(now, known.get(id_), failing.get(id_, 0), ages[id_]) for id_ in ages}
    standings = asyncio.run(_round(probed, before, run, now))
    return Checked(
        readiness={id_: readiness(standing) for id_, standing in standings.items()},
        unwell={id_: words for id_, standing in standings.items() if (words := unwell(standing))},
        why={id_: words for id_, standing in standings.items() if (words := why(standing))},
        failing={id_: count for id_, standing in standings.items() if (count := failures(standing))},
        started=frozenset(id_ for id_, standing in standings.items() if has_started(standing)),
    )


async def _round(
    probed: Sequence[Asked], before: Mapping[str, Before], run: Run, now: float
) -> dict[str, Standing]:
    asker = Asker(run)
    try:
        stood = await asyncio.gather(*(_stand(asker, one, before[one.container.id], now) for one in probed))
    finally:
        asker.close()
    return {one.container.id: standing for one, standing in zip(probed, stood, strict=True)}


async def _stand(asker: Asker, who: Asked, before: Before, now: float) -> Standing:
    """Return how a container stands when all is asked; a startup probe that passes lets others follow."""
    place, began = place_of(who.container), now - (before.age or 0)
    standing = begin(who.container.started, who.probes, before, now)
    done: set[Probe] = set()
    while due := [one for one in asked(standing) if one not in done and not wait(one, began, now)]:
        answers = await asyncio.gather(*(asker.ask(place, probe) for probe in due))
        for probe, answer in zip(due, answers, strict=True):
            standing = answered(standing, probe, answer, now)
        done.update(due)
    return standing
