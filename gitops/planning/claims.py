"""Objects that another source has: the one that was there first keeps them, the other is told."""

from collections.abc import Iterable, Mapping

from runtime.observe import of_source
from runtime.resources import Label, Owner
from runtime.seen import Seen

SHARED = frozenset({"Namespace"})  # a network may have several users


def claimed(
    wanted: Iterable[Owner], seen: Seen, source: str, *, settled: Iterable[Owner], others: Mapping[Owner, str]
) -> Mapping[Owner, str]:
    """Return the wanted objects that another source has, with what is to be told of each.

    ``settled`` are those that this source has carried out, ``others`` those that others have, with their
    sources.  What the ledger says of a source counts as long as that has something on the machine.
    """
    labels = [*(pod.labels for pod in seen.pods), *(volume.labels for volume in seen.volumes)]
    there = {one.get(Label.SOURCE, "") for one in labels}
    recorded = {owner: whose for owner, whose in others.items() if whose in there}
    running = {
        Owner.parse(pod.labels[Label.OWNER]): pod.labels[Label.SOURCE]
        for pod in seen.pods
        if Label.OWNER in pod.labels and pod.labels.get(Label.SOURCE, source) != source
    }
    mine = {*settled, *(Owner.parse(pod.labels[Label.OWNER]) for pod in of_source(seen, source).pods)}
    taken = recorded | running
    return {
        owner: _told(owner, taken[owner])
        for owner in wanted
        if owner in taken and owner not in mine and owner.kind not in SHARED
    }


def _told(owner: Owner, whose: str) -> str:
    return f"another source of sloop ({whose}) has {owner} already: rename one of the two, or drop one"
