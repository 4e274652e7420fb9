"""The other sources of a configuration: which of them wants an object, and which lets one go."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from gitops.planning.render import Rendered
from runtime.resources import Owner
from schemas.apps import StatefulSet


@dataclass(frozen=True, slots=True)
class Neighbour:
    """Another source of the configuration, by its id and its name.

    ``objects`` returns those of the commit that it is to be at now, None where that can't be told; ``held``
    why it lets go of nothing, or not of this object, "" where it does.
    """

    id: str
    name: str
    objects: Callable[[], Rendered | None]
    held: Callable[[Owner], str]


def heirs(gone: Iterable[Owner], neighbours: Sequence[Neighbour]) -> Mapping[Owner, str]:
    """Return which objects that left a source's git another one has in its own, with that one's name.

    Nobody is asked where nothing is gone.
    """
    left = list(gone)
    wanted = [(one.name, one.objects()) for one in neighbours] if left else []
    return {owner: name for name, there in wanted if there for owner in left if _has(there, owner)}


def refusal(one: Neighbour, owner: Owner) -> str:
    """Say why a neighbour doesn't let go of an object that it has on the machine, "" where it does."""
    if why := one.held(owner):
        return f"another source of sloop ({one.name}) has {owner}, and lets go of nothing: {why}"
    there = one.objects()
    if there is None:
        return f"another source of sloop ({one.name}) has {owner}, and what it wants can't be told now"
    if _has(there, owner):
        way_out = "rename one of the two, or drop it there, and it goes over as it runs"
        return f"another source of sloop ({one.name}) has {owner} already: {way_out}"
    return ""


def _has(there: Rendered, owner: Owner) -> bool:
    """Say whether a commit has an object, be it the claim of a StatefulSet's pod."""
    return owner in there.by_owner or any(re.fullmatch(one, str(owner)) for one in _claims(there))


def _claims(there: Rendered) -> Iterator[str]:
    """Yield patterns of the claims that StatefulSets make for their pods."""
    for manifest in there.manifests:
        if isinstance(one := manifest.object, StatefulSet):
            place = f"PersistentVolumeClaim/{one.metadata.namespace}/"
            for template in one.spec.volume_claim_templates:
                yield re.escape(f"{place}{template.metadata.name}-{one.metadata.name}-") + r"\d+"
