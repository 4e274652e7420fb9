"""What the objects that run pods want at this moment, for those that lead to these pods."""

from collections.abc import Sequence

from reconcilers.template import network_name
from reconcilers.wanted import Wanted
from reconcilers.world import Around, World
from runtime.observe import pod_name
from runtime.resources import Label, Network, Pod


def around(world: World, answers: Sequence[Wanted]) -> Around:
    """Return what these answers and the places of Services come to, all together.

    A pod that is replaced under its own name both goes and comes.
    """
    wanted = {one.name: one for answer in answers for one in answer.resources if isinstance(one, Pod)}
    kept = {name for answer in answers for name in answer.keep}
    renewed = {name for answer in answers for name in answer.renewed}
    there = {pod_name(pod): pod.labels.get(Label.DIGEST) for pod in world.seen.pods}
    made = {one.name for answer in answers for one in answer.resources if isinstance(one, Network)}
    return Around(
        networks=frozenset(made | {network_name(namespace) for namespace, _ in world.places}),
        going=frozenset(
            name
            for name, one in there.items()
            if name in renewed or not _stays(wanted.get(name), one, name in kept)
        ),
        coming=[pod for name, pod in wanted.items() if name in renewed or there.get(name) != pod.digest],
        health={answer.owner: answer.status.health for answer in answers},
    )


def _stays(wanted: Pod | None, digest: str | None, kept: bool) -> bool:
    return kept if wanted is None else wanted.digest == digest
