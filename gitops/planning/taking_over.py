"""Objects that come from another source: what says so is written first, and is gone when nothing needs it."""

from collections.abc import Iterator, Mapping

from gitops.planning.claims import Claims
from gitops.planning.scene import Draft, Scene
from gitops.planning.steps import Create, Remove
from runtime.observe import labels
from runtime.resources import Label, Owner
from runtime.seen import SeenVolume
from runtime.takeovers import FROM, KIND, number, says_so


def coming(found: Claims) -> Mapping[Owner, str]:
    """Return the objects for which nothing else is done before they have gone over, with the reason."""
    moving = {owner for owner, _ in found.takeovers}
    return {owner: _from(name) for owner, name in found.inherited.items() if owner in moving}


def take_over(scene: Scene) -> Iterator[Draft]:
    """Yield what says that an object is this source's now, and the end of what need not say so any more."""
    inherited = scene.given.claims.inherited
    for owner, volume in scene.given.claims.takeovers:
        yield Draft(Create(volume), owner, _from(inherited[owner]))
    for told in scene.mine.volumes:
        if told.labels.get(Label.KIND) == KIND and not _is_needed(scene, told):
            yield Draft(Remove(f"volume/{told.name}"), None, "nothing is left that it took over")


def _from(name: str) -> str:
    return f"it goes over from {name}, which no longer has it"


def _is_needed(scene: Scene, told: SeenVolume) -> bool:
    """Say whether labels that stay name another source, or an earlier takeover would hold again."""
    owner = told.labels.get(Label.OWNER, "")
    earlier = [one for one in scene.seen.volumes if says_so(one, owner) and number(one) < number(told)]
    there = [one.get(Label.OWNER) for one in labels(scene.mine) if FROM in one]
    return bool(earlier) or owner in there
