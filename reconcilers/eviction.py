"""Evictions: a pod whose scratch space has outgrown its limit stops at once, as the kubelet has it.

Source: Kubernetes' pkg/kubelet/eviction/eviction_manager.go, localStorageEviction.
"""

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal

from reconcilers.pods import earliest
from reconcilers.wanted import Health, Wanted
from reconcilers.world import World
from runtime.observe import container_key, pod_name
from runtime.records import Note
from runtime.resources import Label
from runtime.seen import SeenPod, SeenVolume
from schemas.quantity import Format, Quantity, parse

WORD = "evicted"  # what is noted of a Pod that stays as it ended


def within_limits(answer: Wanted, world: World) -> Wanted:
    """Return an answer that stops the pods whose scratch space takes more than it may.

    A Pod stays so, and one of a Job has failed; whoever keeps a number of pods has another one made.
    """
    limited = [pod for pod in world.pods_of(answer.owner) if pod_name(pod) in world.limited]
    if not limited:
        return answer
    found = {pod_name(pod): said for pod in limited if (said := _excess(pod, world))}
    again = world.weighed.again if answer.status.health is Health.HEALTHY else None
    looked = replace(answer, evicted=found, look_again=earliest(answer.look_again, again))
    if answer.living:
        return looked
    if answer.owner.kind == "Pod":
        return _for_good(looked, limited[0], world)
    return _made_anew(looked) if found else looked


def was_evicted(pod: SeenPod, note: Note | None) -> bool:
    """Say whether it is a pod of which that is noted, and not one that was made since."""
    return note is not None and pod.created < note.at


def _excess(pod: SeenPod, world: World) -> str:
    """Return which of a pod's volumes takes too much, as it was measured in its present life."""
    if pod.state != "running" or max(pod.created, pod.started) >= world.weighed.at:
        return ""
    return next(_too_large(world.limited[pod_name(pod)], world), "")


def _too_large(volumes: list[SeenVolume], world: World) -> Iterator[str]:
    for one in volumes:
        used, limit = world.weighed.sizes.get(one.name, 0), parse(one.labels[Label.LIMIT])
        if used > limit.bytes:
            name = one.name.rpartition(".")[2]
            takes = Quantity(Decimal(used), Format.BINARY)
            yield f'Usage of EmptyDir volume "{name}" exceeds the limit "{limit}" (it takes {takes})'


def _for_good(answer: Wanted, pod: SeenPod, world: World) -> Wanted:
    """Return an answer that keeps a Pod stopped, as whoever finds it later is told by a note."""
    name, note = pod_name(pod), world.past.notes.get((answer.owner, WORD))
    said = answer.evicted.get(name) or (note.text if note and was_evicted(pod, note) else "")
    if not said:
        return answer
    return replace(
        answer,
        evicted={name: said} if pod.state == "running" else {},
        resting=answer.resting | {container_key(pod, one) for one in pod.containers},
        unwell={},
        killed={},
        noted={WORD: Note(world.now, said)} if name in answer.evicted else {},
        status=replace(answer.status, health=Health.DEGRADED, reason=f"Evicted: {said}"),
        look_again=None,
    )


def _made_anew(answer: Wanted) -> Wanted:
    """Return an answer in which those of today's template are replaced, and the others go."""
    names = frozenset(answer.evicted)
    told = {f"pod/{name}": f"Evicted: {said}" for name, said in answer.evicted.items()}
    first = next(iter(answer.evicted.values()))
    return replace(
        answer,
        renewed=answer.renewed | names,
        keep=answer.keep - names,
        reasons={**answer.reasons, **told},
        settled=False,
        status=replace(answer.status, health=Health.PROGRESSING, reason=f"Evicted: {first}"),
    )
