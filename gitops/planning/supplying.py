"""What pods can't do without, and isn't there: networks, volumes, files, secrets, configuration, images."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from gitops.planning.scene import Answer, Conflict, Draft, Scene
from gitops.planning.steps import Build, Configure, Create, Pull, Remove, Revive, Write
from runtime.proxies import members, read_note
from runtime.resources import (
    Configuration,
    Files,
    Image,
    Label,
    Network,
    Owner,
    Pod,
    Resource,
    Secret,
    Volume,
)
from runtime.seen import SeenVolume

NEW = "new"
ANEW = "it is told what has changed in git"
MUTE = "nobody answers its names: Podman's resolver died"
OTHERWISE = "its configuration is not what it should be"
EAGERNESS = ("Never", "IfNotPresent", "Always")


def supply(scene: Scene, mending: Sequence[Draft]) -> Iterator[Answer]:
    """Yield what brings every wanted network, volume, file and secret, and the images of new pods."""
    new = [draft.action.resource for draft in mending if isinstance(draft.action, Create)]
    pods = [one for one in new if isinstance(one, Pod)]
    spent = {key: pod for pod in pods for key in scene.left_over(pod)}
    for owner, resource in _distinct(scene):
        if isinstance(resource, Volume) and resource.key in spent:
            yield from _scratch(owner, resource, spent[resource.key])
        else:
            yield from _one(scene, owner, resource)
    yield from _pulls(scene, pods)


def _distinct(scene: Scene) -> Iterable[tuple[Owner, Resource]]:
    wanted = ((answer.owner, one) for answer in scene.wanted for one in answer.resources)
    return {one.key: (owner, one) for owner, one in reversed(list(wanted))}.values()


def _one(scene: Scene, owner: Owner, resource: Resource) -> Iterator[Answer]:
    match resource:
        case Network():
            yield from _network(scene, owner, resource)
        case Volume():
            yield from _volume(scene, owner, resource)
        case Secret() if resource.name not in scene.seen.secrets:
            yield Draft(Create(resource), owner, "new")
        case Files():
            yield from _files(scene, owner, resource)
        case Configuration():
            yield from _configuration(scene, owner, resource)
        case _:
            return


def _network(scene: Scene, owner: Owner, network: Network) -> Iterator[Answer]:
    """Yield a namespace's network; sources may share one, but not with somebody else's containers."""
    there = scene.networks.get(network.name)
    if there is None:
        yield Draft(Create(network), owner, "new")
    elif Label.SOURCE not in there.labels:
        way_out = f"remove it with `podman network rm {network.name}`, or give the namespace another name"
        told = f"a network named {network.name} is there that sloop did not make: {way_out}"
        yield Conflict(owner, network.key, told)
    elif there.mute:
        yield Draft(Revive(network.name), owner, MUTE)


def _volume(scene: Scene, owner: Owner, volume: Volume) -> Iterator[Answer]:
    there = scene.volumes.get(volume.name)
    if there is None:
        yield Draft(Create(volume), owner, scene.reasons.get(volume.key, "new"))
    elif Label.SOURCE not in there.labels:
        way_out = f"annotate the claim with `sloop/volume: {volume.name}` to use it as it is, or remove it"
        told = f"a volume named {volume.name} is there that sloop did not make: {way_out}"
        yield Conflict(owner, volume.key, told)
    elif there.labels[Label.SOURCE] != scene.given.source:
        whose = there.labels[Label.SOURCE]
        told = f"volume {volume.name} belongs to another source of sloop ({whose}): rename the claim"
        yield Conflict(owner, volume.key, told)


def _scratch(owner: Owner, volume: Volume, pod: Pod) -> Iterator[Draft]:
    """Yield what empties the scratch space of a pod that had the name, as it goes with its pod."""
    gone = frozenset({f"remove {pod.key}"})
    yield Draft(Remove(volume.key), None, "it goes with the pod that had it", gone)
    yield Draft(Create(volume), owner, NEW, frozenset({f"remove {volume.key}"}))


def _files(scene: Scene, owner: Owner, files: Files) -> Iterator[Draft]:
    there = scene.volumes.get(files.name)
    if there is None:
        yield Draft(Write(files), owner, "new")
    elif there.content != files.content:
        yield Draft(Write(files), owner, "its files are not what they were")


def _configuration(scene: Scene, owner: Owner, wanted: Configuration) -> Iterator[Answer]:
    there = scene.volumes.get(wanted.name)
    if there is not None and there.labels.get(Label.SOURCE) != scene.given.source:
        told = f"a volume named {wanted.name} is there that is not of this source: remove or rename it"
        yield Conflict(owner, wanted.key, told)
    elif there is None or there.content != wanted.content:
        yield Draft(Configure(wanted), owner, _told_anew(there, wanted), _sources(wanted))


def _sources(wanted: Configuration) -> frozenset[str]:
    """Return what has to be done before a proxy is told: a pod that it shall lead to goes by its own name."""
    return frozenset(f"rename pod/{name}" for name in wanted.members)


def _told_anew(there: SeenVolume | None, wanted: Configuration) -> str:
    """Say in which way a proxy leads elsewhere than before."""
    if there is None:
        return NEW
    before, now = set(members(there.note)), set(wanted.members)
    more, fewer = ", ".join(sorted(now - before)), ", ".join(sorted(before - now))
    told = [f"leads to {more} as well" if more else "", f"no longer to {fewer}" if fewer else ""]
    anew = read_note(there.note) and there.note != wanted.note
    return "; ".join(filter(None, told)) or (ANEW if anew else OTHERWISE)


def _pulls(scene: Scene, pods: Sequence[Pod]) -> Iterator[Draft]:
    """Yield one pull per image of the pods that are about to be made."""
    used = {reference for pod in pods for reference in pod.images}
    eager = _most_eager(scene)
    for reference in sorted(used):
        owner, image = eager[reference]
        if image.built and reference not in scene.given.images:
            yield Draft(Build(image), owner, image.built)
        elif image.policy == "Always":
            yield Draft(Pull(image), owner, "its policy is to look for a newer one")
        elif reference not in scene.given.images:
            yield Draft(Pull(image), owner, "it is not on this machine")


def _most_eager(scene: Scene) -> Mapping[str, tuple[Owner, Image]]:
    """Return for each image the wish of the one who asks most eagerly."""
    wishes = [
        (answer.owner, one) for answer in scene.wanted for one in answer.resources if isinstance(one, Image)
    ]
    wishes.sort(key=lambda wish: (EAGERNESS.index(wish[1].policy), bool(wish[1].logins.value)))
    return {image.reference: (owner, image) for owner, image in wishes}
