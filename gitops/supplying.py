"""What pods can't do without: networks, volumes, files, secrets and images that aren't there yet."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from gitops.scene import Answer, Conflict, Draft, Scene
from gitops.steps import Create, Pull, Write
from runtime.resources import Files, Image, Label, Network, Owner, Pod, Resource, Secret, Volume

EAGERNESS = ("Never", "IfNotPresent", "Always")


def supply(scene: Scene, mending: Sequence[Draft]) -> Iterator[Answer]:
    """Yield what brings every wanted network, volume, file and secret, and the images of new pods."""
    for owner, resource in _distinct(scene):
        yield from _one(scene, owner, resource)
    yield from _pulls(scene, mending)


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


def _volume(scene: Scene, owner: Owner, volume: Volume) -> Iterator[Answer]:
    there = scene.volumes.get(volume.name)
    if there is None:
        yield Draft(Create(volume), owner, "new")
    elif Label.SOURCE not in there.labels:
        way_out = f"annotate the claim with `sloop/volume: {volume.name}` to use it as it is, or remove it"
        told = f"a volume named {volume.name} is there that sloop did not make: {way_out}"
        yield Conflict(owner, volume.key, told)
    elif there.labels[Label.SOURCE] != scene.given.source:
        whose = there.labels[Label.SOURCE]
        told = f"volume {volume.name} belongs to another source of sloop ({whose}): rename the claim"
        yield Conflict(owner, volume.key, told)


def _files(scene: Scene, owner: Owner, files: Files) -> Iterator[Draft]:
    there = scene.volumes.get(files.name)
    if there is None:
        yield Draft(Write(files), owner, "new")
    elif there.content != files.content:
        yield Draft(Write(files), owner, "its files are not what they were")


def _pulls(scene: Scene, mending: Sequence[Draft]) -> Iterator[Draft]:
    """Yield one pull per image of a pod that is about to be made."""
    made = [draft.action.resource for draft in mending if isinstance(draft.action, Create)]
    used = {container.image for pod in made if isinstance(pod, Pod) for container in pod.containers}
    eager = _most_eager(scene)
    for reference in sorted(used):
        owner, image = eager[reference]
        if image.policy == "Always":
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
