"""What is ours and no longer wanted: which of it goes, and after what."""

from collections.abc import Iterable, Iterator

from gitops.planning.members import stopping
from gitops.planning.mending import hooks, left, overstayed
from gitops.planning.scene import Draft, Scene, drained, supplies
from gitops.planning.steps import Remove
from runtime.observe import pod_name
from runtime.resources import Label, Owner
from runtime.seen import SeenPod

LEFT = "it left git"
PASSING = {  # kinds of volumes that go with their pods, and their keys
    "files": "files",
    "proxy": "configuration",
    "scratch": "volume",
}
SCALED = "its StatefulSet says whenScaled: Delete"
DELETED = "its StatefulSet left git, and said whenDeleted: Delete"


def clear(scene: Scene) -> Iterator[Draft]:
    """Yield the removal of what nobody wants.

    The volume of a claim goes only if it was made for a StatefulSet's pod and the set says so.
    """
    yield from _pods(scene)
    yield from _passing(scene)
    yield from _things(scene)
    yield from _volumes(scene)
    yield from _marks(scene)
    if scene.given.prune:
        yield from _networks(scene)


def _pods(scene: Scene) -> Iterator[Draft]:
    owners = {str(answer.owner) for answer in scene.wanted}
    for pod in scene.leaving:
        owner = Owner.parse(pod.labels[Label.OWNER])
        why = "superseded or too many" if str(owner) in owners else LEFT
        key = f"pod/{pod_name(pod)}"
        why = scene.reasons.get(key, why)
        action = Remove(key, left(scene, pod), pod.name, hooks(pod), stages=stopping(pod))
        yield Draft(action, owner, why, _first_what_follows(scene, pod) | drained(scene, pod))


def _passing(scene: Scene) -> Iterator[Draft]:
    """Yield what should have gone as it came, whichever source it was for: a crash has left it."""
    for pod in scene.seen.pods:
        if pod.labels.get(Label.KIND) == "resolver":
            yield Draft(Remove(f"pod/{pod.name}"), None, "a crash has left it")


def _first_what_follows(scene: Scene, pod: SeenPod) -> frozenset[str]:
    """Return what must be there before this pod stops: what its successors need, or, better, themselves.

    What is written down of a Job goes before the pods that it was read from.
    """
    waiting = scene.successors.get(pod_name(pod), ())
    if waiting:
        return frozenset(need for one in waiting for need in supplies(one))
    return _marking(scene, pod.labels[Label.OWNER]) | frozenset(
        f"create {one.key}" for one in scene.pods_by_owner.get(pod.labels[Label.OWNER], ())
    )


def _marking(scene: Scene, owner: str) -> frozenset[str]:
    return frozenset(f"create {key}" for key in scene.new_marks.get(owner, ()))


def _marks(scene: Scene) -> Iterator[Draft]:
    """Yield the marks that no longer hold, once those that do are there."""
    wanted = {resource.key for resource in scene.resources()}
    owners = {str(answer.owner) for answer in scene.wanted}
    for one in scene.mine.volumes:
        key, owner = f"volume/{one.name}", one.labels.get(Label.OWNER, "")
        stays = key in wanted or scene.stays(owner)
        if one.labels.get(Label.KIND) == "mark" and not stays:
            why = scene.reasons.get(key, "it no longer holds") if owner in owners else LEFT
            gone = _removals(scene.mine_by_owner.get(owner, ()) if owner not in owners else ())
            yield Draft(Remove(key), Owner.parse(owner), why, _marking(scene, owner) | gone)


def _things(scene: Scene) -> Iterator[Draft]:
    needed = scene.still_used() | {resource.key for resource in scene.resources()}
    kinds = ((one.name, one.labels.get(Label.KIND, "")) for one in scene.mine.volumes)
    volumes = (f"{PASSING[kind]}/{name}" for name, kind in kinds if kind in PASSING)
    secrets = (f"secret/{name}" for name in scene.mine.secrets)
    for key in sorted([*volumes, *secrets]):
        if key not in needed:
            yield Draft(
                Remove(key), None, "nobody uses it any more", _removals(scene.leaving_by_use.get(key, ()))
            )


def _volumes(scene: Scene) -> Iterator[Draft]:
    """Yield the volumes that their StatefulSets let go, once nobody uses them."""
    scaled = {name: answer.owner for answer in scene.wanted for name in answer.released}
    needed = scene.still_used() | {resource.key for resource in scene.resources()}
    mine = {one.name for one in scene.mine.volumes if one.labels.get(Label.KIND) == "claim"}
    for name, owner in sorted({**scene.given.released, **scaled}.items()):
        key = f"volume/{name}"
        if name in mine and key not in needed:
            why = SCALED if name in scaled else DELETED
            yield Draft(Remove(key), owner, why, _removals(scene.leaving_by_use.get(key, ())))


def _networks(scene: Scene) -> Iterator[Draft]:
    """Yield the networks that nobody wants, unless somebody else's pod is still in them."""
    wanted = {resource.key for resource in scene.resources()}
    going = {pod.id for pod in scene.leaving}
    for network in scene.mine.networks:
        guests = [pod for pod in scene.members.get(network.name, ()) if _parts(scene, pod, network.name)]
        members = [pod for pod in scene.members.get(network.name, ()) if pod not in guests]
        key = f"network/{network.name}"
        if key not in wanted and all(pod.id in going for pod in members):
            parted = frozenset(f"disconnect pod/{pod_name(pod)}" for pod in guests)
            yield Draft(Remove(key), None, LEFT, _removals(members) | parted)


def _parts(scene: Scene, seen: SeenPod, network: str) -> bool:
    """Say whether a proxy leaves a network in which it was a guest, in this plan."""
    wanted = scene.pods.get(pod_name(seen))
    return wanted is not None and overstayed(wanted, seen)[:1] == [network]


def _removals(pods: Iterable[SeenPod]) -> frozenset[str]:
    return frozenset(f"remove pod/{pod_name(pod)}" for pod in pods)
