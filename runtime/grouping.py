"""From the containers of a list to pods: which belong together, and what follows for the pod as a whole."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from runtime.dataclass import dataclass
from runtime.resources import Label, Role, container_name
from runtime.seen import SeenContainer, SeenPod

ENDED = frozenset({"exited", "stopped", "dead"})
UP = frozenset({"running", "paused", "stopping"})
GOING = frozenset({"removing", "stopping"})
MISSING = "missing"  # the pod should have it, and it isn't there
STRANDED = "stranded"  # it runs on in the network of an infra container that has ended


@dataclass(frozen=True, slots=True)
class Listed:
    """A container as the engine lists it, and the engine's pod that it is in, "" for none."""

    seen: SeenPod
    pod: str = ""
    pod_id: str = ""
    infra: bool = False

    @property
    def ours(self) -> bool:
        """Say whether it is part of a pod of several that we made; `podman pod clone` copies labels."""
        return bool(self.pod) and self.pod == self.seen.labels.get(Label.POD) and _has_parts(self.seen)


def pods_of(containers: Iterable[Listed]) -> tuple[SeenPod, ...]:
    """Return our pods whole, and everybody else's containers one by one, and the names of their pods too."""
    ours: dict[str, list[Listed]] = defaultdict(list)
    alone: list[SeenPod] = []
    foreign: dict[str, SeenPod] = {}
    for one in containers:
        if one.ours:
            ours[one.pod_id].append(one)
        else:
            alone.append(without_ours(one.seen) if _has_parts(one.seen) else one.seen)
            foreign |= {one.pod: _named(one)} if one.pod else {}
    return (*alone, *foreign.values(), *(_whole(id_, group) for id_, group in ours.items()))


def parts_in(labels: Mapping[str, str]) -> list[tuple[Role, str]]:
    """Return the containers that a pod of several should have, in the order of their starts."""
    written = (part.partition("/") for part in labels.get(Label.CONTAINERS, "").split(",") if part)
    return [(Role(role), name) for role, _, name in written]


def parts_of(containers: Iterable[tuple[Role, str]]) -> str:
    """Write the label that ``parts_in`` reads."""
    return ",".join(f"{role}/{name}" for role, name in containers)


def given_name(labels: Mapping[str, str]) -> str:
    """Return the name that we gave a container, whatever a hand has called it since; "" for others'."""
    pod = labels.get(Label.POD, "")
    return container_name(pod, labels.get(Label.CONTAINER, "")) if labels.get(Label.CONTAINERS) else pod


def without_ours(seen: SeenPod) -> SeenPod:
    """Return what only looks like ours without the labels by which sloop knows what is its own."""
    labels = {name: value for name, value in seen.labels.items() if not name.startswith("sloop/")}
    return replace(seen, labels=labels)


def _has_parts(seen: SeenPod) -> bool:
    return bool(seen.labels.get(Label.CONTAINERS))


def _named(one: Listed) -> SeenPod:
    """Return somebody's pod, which runs no image: only its name is of interest, as it is taken."""
    return replace(one.seen, id=one.pod_id, name=one.pod, labels={}, image="", networks=(), pid=0)


def _whole(pod_id: str, group: Sequence[Listed]) -> SeenPod:
    infra = next((replace(one.seen, infra=one.seen.name) for one in group if one.infra), None)
    there = {one.seen.labels.get(Label.CONTAINER, ""): one.seen for one in group if not one.infra}
    if infra is None:  # Podman removes it last but one: the pod is going
        infra = replace(next(iter(there.values())), state="removing", pid=0)
    labels = {name: text for name, text in infra.labels.items() if name != Label.CONTAINER}
    members = _members(infra, there)
    mains = [one for one in members if one.role is Role.MAIN]
    state = _state(infra, members)
    return replace(
        infra,
        id=pod_id,
        name=group[0].pod,
        labels=labels,
        state=state,
        image=mains[0].image,
        image_id=mains[0].image_id,
        started=max(one.started for one in mains),
        ended=max(one.ended for one in mains) if state in ENDED else 0,
        exit_code=_exit_code(members) if state in ENDED else 0,
        members=members,
    )


def _members(infra: SeenPod, there: Mapping[str, SeenPod]) -> tuple[SeenContainer, ...]:
    parts = parts_in(infra.labels)
    policy = infra.labels.get(Label.RESTART, "Always")
    lives = {name: _of_this_life(one, infra, policy) for name, one in there.items()}
    begun = any(role is Role.MAIN and name in lives and lives[name].started for role, name in parts)
    pod = infra.labels[Label.POD]
    return tuple(
        _member(role, name, lives[name]) if name in lives else _absent(role, name, pod, begun=begun)
        for role, name in parts
    )


def _of_this_life(one: SeenPod, infra: SeenPod, policy: str) -> SeenPod:
    """Return a container as the present life of its pod has it: that begins with the infra container's start.

    What ended in an earlier one counts as never started, unless it is over for good.
    """
    present = infra.state in UP and one.started >= infra.started
    if one.state in UP:
        return one if present else replace(one, state=STRANDED)
    if present or (one.state in ENDED and _is_over(one, policy)):
        return one
    return replace(one, state="created", started=0, ended=0, exit_code=0)


def _is_over(one: SeenPod, policy: str) -> bool:
    return policy == "Never" or (policy == "OnFailure" and one.exit_code == 0)


def _member(role: Role, part: str, one: SeenPod) -> SeenContainer:
    return SeenContainer(
        name=one.name,
        id=one.id,
        state=one.state,
        image=one.image,
        image_id=one.image_id,
        started=one.started,
        ended=one.ended,
        exit_code=one.exit_code,
        pid=one.pid,
        part=part,
        role=role,
    )


def _absent(role: Role, part: str, pod: str, *, begun: bool) -> SeenContainer:
    """Return what isn't there; an init container that somebody pruned has done its work."""
    done = role is Role.INIT and begun
    return SeenContainer(
        container_name(pod, part), "", "exited" if done else MISSING, "", "", part=part, role=role
    )


def _state(infra: SeenPod, members: Sequence[SeenContainer]) -> str:
    mains = [one for one in members if one.role is Role.MAIN]
    if infra.state in GOING:
        return infra.state
    if infra.state == "paused" or any(one.state == "paused" for one in members):
        return "paused"
    if any(one.state == STRANDED for one in members):
        return "created"
    if any(one.state == "running" for one in mains):
        return "running"
    if all(one.state in ENDED for one in mains) or _failed_init(infra, members):
        return "exited"
    return "created"


def _failed_init(infra: SeenPod, members: Sequence[SeenContainer]) -> bool:
    never = infra.labels.get(Label.RESTART) == "Never"
    return never and any(
        one.role is Role.INIT and one.state in ENDED and one.exit_code != 0 for one in members
    )


def _exit_code(members: Iterable[SeenContainer]) -> int:
    codes = (one.exit_code for one in members if one.role is not Role.SIDECAR)
    return next((code for code in codes if code), 0)


def finished(pod: SeenPod) -> bool:
    """Say whether a pod of several has come to its end by its own policy: nothing of it starts again."""
    policy = pod.labels.get(Label.RESTART, "Always")
    return (
        bool(pod.members)
        and pod.state in ENDED
        and (policy == "Never" or (policy == "OnFailure" and pod.exit_code == 0))
    )


def upright(pod: SeenPod) -> Iterator[SeenContainer]:
    """Yield the containers of a pod that run, well or not."""
    return (one for one in pod.containers if one.state in UP or one.state == STRANDED)
