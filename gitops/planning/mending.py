"""The pods that should be there: what each of them lacks."""

from collections.abc import Iterator, Mapping

from gitops.planning.members import complete, infra, rouse, stopping
from gitops.planning.scene import Answer, Conflict, Draft, Scene, drained, supplies
from gitops.planning.steps import Connect, Create, Disconnect, Kill, Remove, Rename, Restart, Start, Unpause
from reconcilers.wanted import Wanted
from runtime.observe import container_key, pod_name
from runtime.probes import read_probes
from runtime.resources import Label, Owner, Pod
from runtime.seen import SeenPod

AWAY = "it left its network"
HURRY = 1  # seconds, of Kubernetes' own
BUSY = frozenset({"removing", "stopping"})  # look again when Podman has finished


def mend(scene: Scene) -> Iterator[Answer]:
    """Yield what brings every wanted and every kept pod to run as it should."""
    for answer in scene.wanted:
        for resource in answer.resources:
            if isinstance(resource, Pod):
                yield from _one(scene, answer, resource)
        for name in sorted(answer.keep & scene.mine_by_name.keys()):
            yield from _renamed(scene.mine_by_name[name], answer.owner)
            yield from _awaken(scene.mine_by_name[name], answer)


def blocked(scene: Scene) -> Mapping[str, str]:
    """Return the pods, by key, that can't be made yet: one that still serves has a host port of theirs."""
    new = (pod for name, pod in scene.pods.items() if name not in scene.mine_by_name)
    taken = ((pod, port, scene.staying_by_port.get(port)) for pod in new for port in _published(pod))
    return {
        pod.key: f"port {port} is still published by {pod_name(holder)}"
        for pod, port, holder in taken
        if holder
    }


def grace(pod: SeenPod) -> int:
    """Return how many seconds a pod of ours may take to stop; another's gets Podman's 10."""
    return int(pod.labels.get(Label.GRACE, "10"))


def left(scene: Scene, pod: SeenPod) -> int:
    """Return how many seconds a pod of ours may take to stop now: one that is evicted has hardly any."""
    return min(grace(pod), HURRY) if pod_name(pod) in scene.evicted else grace(pod)


def hooks(pod: SeenPod) -> str:
    """Return the hooks of a pod of ours that runs, as its label has them; others have none any more."""
    return pod.labels.get(Label.HOOKS, "") if pod.state == "running" else ""


def _one(scene: Scene, answer: Wanted, pod: Pod) -> Iterator[Answer]:
    mine = scene.mine_by_name.get(pod.name)
    theirs = scene.theirs_by_name.get(pod.name)
    if mine is None and theirs is not None and pod.name not in scene.given.adopting:
        yield Conflict(answer.owner, pod.key, _taken(pod, theirs))
    elif mine is None:
        yield from _fresh(scene, answer, pod, theirs)
    elif mine.labels.get(Label.DIGEST) != pod.digest:
        yield from _replace(scene, answer.owner, pod, mine, "changed")
    elif pod.name in answer.renewed and pod.name in answer.evicted:
        yield _removed(scene, answer.owner, pod, mine, answer.reasons[pod.key])
        yield _create(scene, answer.owner, pod, "the one before was evicted")
    elif pod.name in answer.renewed:
        yield from _replace(scene, answer.owner, pod, mine, answer.asked)
    elif mine.state not in BUSY:
        yield from _repair(answer, pod, mine)


def _fresh(scene: Scene, answer: Wanted, pod: Pod, theirs: SeenPod | None) -> Iterator[Draft]:
    if theirs is not None:
        yield from _replace(scene, answer.owner, pod, theirs, "adopted")
        return
    yield _create(scene, answer.owner, pod, _why(scene, answer, pod))


def _why(scene: Scene, answer: Wanted, pod: Pod) -> str:
    if why := answer.reasons.get(pod.key):
        return why
    siblings = scene.mine_by_owner.get(str(answer.owner), ())
    if not siblings:
        return "new"
    if any(one.labels.get(Label.DIGEST) == pod.digest for one in siblings):
        return answer.asked or "it is not there"
    return f"new revision {pod.labels.get(Label.REVISION, '')}".rstrip()


def _replace(scene: Scene, owner: Owner, pod: Pod, current: SeenPod, why: str) -> Iterator[Draft]:
    """Yield the removal before the creation: two pods can't have one name."""
    yield _removed(scene, owner, pod, current, f"{why}, and its name is needed")
    yield _create(scene, owner, pod, why)


def _removed(scene: Scene, owner: Owner, pod: Pod, current: SeenPod, why: str) -> Draft:
    """Return the removal of a pod in whose place another one comes, once all is there that this needs."""
    foreign = current.name in scene.theirs_by_name
    key = f"pod/{pod_name(current)}"
    action = Remove(key, left(scene, current), current.name, hooks(current), foreign, stopping(current))
    first = supplies(pod) - {f"create {scratch}" for scratch in scene.left_over(pod)}
    return Draft(action, owner, why, first | drained(scene, current))


def _create(scene: Scene, owner: Owner, pod: Pod, why: str) -> Draft:
    gone = {f"remove pod/{name}" for name in [*pod.after, pod.name, *_in_the_way(scene, pod)]}
    return Draft(Create(pod), owner, why, supplies(pod) | gone)


def _in_the_way(scene: Scene, pod: Pod) -> Iterator[str]:
    """Yield the pods that leave a host port which this one takes."""
    return (pod_name(one) for port in _published(pod) for one in scene.leaving_by_port.get(port, ()))


def _published(pod: Pod) -> Iterator[str]:
    return (f"{port.host}/{port.protocol}" for port in pod.ports)


def _repair(answer: Wanted, pod: Pod, seen: SeenPod) -> Iterator[Draft]:
    yield from _renamed(seen, answer.owner)
    yield from complete(pod, seen, answer.owner)
    if pod.network and pod.network not in seen.networks:
        container = infra(pod.name) if pod.grouped else pod.name
        action = Connect(pod.name, pod.network, pod.own_aliases, container, pod.address)
        needs = frozenset({f"create network/{pod.network}", f"rename {pod.key}"})
        yield Draft(action, answer.owner, AWAY, needs)
    yield from _visits(answer, pod, seen)
    yield from _awaken(seen, answer)


def _visits(answer: Wanted, pod: Pod, seen: SeenPod) -> Iterator[Draft]:
    """Yield the one network that a proxy joins and the one that it leaves now, as a guest; one at a time."""
    needs = frozenset({f"rename {pod.key}"})
    if pod.network in seen.networks:
        for one in [one for one in pod.guest if one.network not in seen.networks][:1]:
            action = Connect(pod.name, one.network, one.aliases, pod.name)
            network = f"create network/{one.network}"
            yield Draft(action, answer.owner, f"{one.network} shall know its names", needs | {network})
    for network in overstayed(pod, seen)[:1]:
        yield Draft(Disconnect(pod.name, network), answer.owner, f"{network} needs it no more", needs)


def overstayed(pod: Pod, seen: SeenPod) -> list[str]:
    """Return the networks that a proxy is in, and shouldn't be; other pods are where a hand put them."""
    wanted = {pod.network, *(one.network for one in pod.guest)}
    return sorted(set(seen.networks) - wanted) if pod.restart == "Podman" else []


def _renamed(seen: SeenPod, owner: Owner) -> Iterator[Draft]:
    keys = [(one.name, container_key(seen, one)) for one in seen.containers]
    keys += [(seen.infra, infra(pod_name(seen)))] if seen.infra else []
    wrong = tuple((current, given) for current, given in keys if current != given)
    if wrong:
        yield Draft(Rename(pod_name(seen), wrong), owner, f"a hand renamed it to {wrong[0][0]}")


def _awaken(seen: SeenPod, answer: Wanted) -> Iterator[Draft]:
    name = pod_name(seen)
    if seen.members:
        failed = {**answer.unwell, **answer.killed}
        words = next(iter(failed[key] for key in _keys(seen) if key in failed), "")
        yield from rouse(seen, answer, grace(seen), _patience(seen, words))
        return
    needs = frozenset({f"rename pod/{name}", f"connect pod/{name}"})
    if seen.state == "paused":
        yield Draft(Unpause(name), answer.owner, "a hand paused it", needs)
    elif name in answer.evicted:
        yield Draft(Kill(name, 0), answer.owner, f"Evicted: {answer.evicted[name]}", needs)
    elif name in answer.killed:
        words = answer.killed[name]
        yield Draft(Kill(name, _patience(seen, words), hooks(seen)), answer.owner, words, needs)
    elif name in answer.unwell:
        words = answer.unwell[name]
        yield Draft(Restart(name, _patience(seen, words), hooks(seen)), answer.owner, words, needs)
    elif seen.state != "running" and seen.state not in BUSY and name not in answer.resting:
        start = Start(name, seen.labels.get(Label.HOOKS, ""), grace(seen))
        yield Draft(start, answer.owner, _ended(seen), needs)


def _keys(seen: SeenPod) -> list[str]:
    return [container_key(seen, one) for one in seen.members]


def _patience(seen: SeenPod, words: str) -> int:
    """Return how many seconds a pod may take to stop whose probe has failed, as its ``words`` say."""
    kind = words.partition(" ")[0].lower()
    own = (one.grace for one in read_probes(seen.labels.get(Label.PROBES, "{}")) if one.kind == kind)
    return next((seconds for seconds in own if seconds is not None), grace(seen))


def _ended(seen: SeenPod) -> str:
    return f"it ended with exit code {seen.exit_code}" if seen.ended else "it was made but never started"


def _taken(pod: Pod, theirs: SeenPod) -> str:
    """Say who has the name, and how to get it."""
    if source := theirs.labels.get(Label.SOURCE):
        return f"container {pod.name} belongs to another source of sloop ({source}): rename one of the two"
    what, remove, image = "container", "rm", f", image {theirs.image}"
    if not theirs.image:
        what, remove, image = "Podman pod", "pod rm", ""
    return (
        f"a {what} named {pod.name} is there that sloop did not make (id {theirs.id[:12]}{image}): remove it "
        f"with `podman {remove} -f {pod.name}`, or have it replaced with `sloop adopt pod/{pod.name}`"
    )
