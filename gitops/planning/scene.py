"""What the planner looks at: the wanted, the seen, and what follows from both; and what it answers in."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import field
from functools import cached_property
from types import MappingProxyType
from typing import TypeVar

from gitops.planning.claims import Claims
from gitops.planning.steps import Action, resource, verb
from reconcilers.wanted import Wanted
from runtime.dataclass import dataclass
from runtime.observe import of_source, pod_name
from runtime.proxies import members
from runtime.resources import Image, Label, Owner, Pod, Resource, Volume
from runtime.seen import Seen, SeenNetwork, SeenPod, SeenVolume

T = TypeVar("T")
MADE_BY = {"files": "write", "configuration": "configure"}  # of what a pod needs, all else is created


@dataclass(frozen=True, slots=True)
class Given:
    """What a plan takes into account beside the wanted and the seen.

    ``images`` are the references of the images on the machine; ``waiting`` tells, by resource, what
    is left alone for now, and why; pods named in ``adopting`` are replaced though they aren't ours;
    ``pool`` is where new networks find their subnets; ``released`` are volumes that go with an object which
    left git.  Nothing is done to what ``suspended`` objects have, nor for those that others keep by
    ``claims``, and what they let go has to go over first.
    Without ``prune`` what left git stays as it is, and so do the objects ``left`` to other sources.
    """

    source: str
    images: frozenset[str] = frozenset()
    waiting: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    adopting: frozenset[str] = frozenset()
    pool: str = "10.144.0.0/12"
    released: Mapping[str, Owner] = field(default_factory=lambda: MappingProxyType({}))
    suspended: Mapping[Owner, str] = field(default_factory=lambda: MappingProxyType({}))
    claims: Claims = field(default_factory=Claims)
    left: Mapping[Owner, str] = field(default_factory=lambda: MappingProxyType({}))
    prune: bool = True


@dataclass(frozen=True, slots=True)
class Draft:
    """A step without its number; ``needs`` holds the names of drafts that come first, if they come at all."""

    action: Action
    owner: Owner | None
    reason: str
    needs: frozenset[str] = frozenset()

    @property
    def name(self) -> str:
        """Return what tells it from every other draft of the plan."""
        return f"{verb(self.action)} {resource(self.action)}"


@dataclass(frozen=True, slots=True)
class Conflict:
    """An object that can't have the resource of this key; the message says why, and the way out."""

    owner: Owner
    key: str
    message: str


Answer = Draft | Conflict


@dataclass(frozen=True)
class Scene:
    """The wanted and the seen of one source, side by side."""

    wanted: Sequence[Wanted]
    seen: Seen
    given: Given

    @cached_property
    def mine(self) -> Seen:
        """What is there and belongs to the source."""
        return of_source(self.seen, self.given.source)

    @cached_property
    def mine_by_name(self) -> Mapping[str, SeenPod]:
        """The source's pods by the names that we gave them."""
        return {pod_name(pod): pod for pod in self.mine.pods}

    @cached_property
    def theirs_by_name(self) -> Mapping[str, SeenPod]:
        """Everybody else's pods by the names that they have."""
        mine = {pod.id for pod in self.mine.pods}
        return {pod.name: pod for pod in self.seen.pods if pod.id not in mine}

    @cached_property
    def mine_by_owner(self) -> Mapping[str, Sequence[SeenPod]]:
        """The source's pods by the object that made them."""
        return _grouped((pod.labels.get(Label.OWNER, ""), pod) for pod in self.mine.pods)

    @cached_property
    def networks(self) -> Mapping[str, SeenNetwork]:
        """Everybody's networks by name."""
        return {one.name: one for one in self.seen.networks}

    @cached_property
    def members(self) -> Mapping[str, Sequence[SeenPod]]:
        """Everybody's pods by the names of the networks that they are in."""
        return _grouped((network, pod) for pod in self.seen.pods for network in pod.networks)

    @cached_property
    def volumes(self) -> Mapping[str, SeenVolume]:
        """Everybody's volumes by name."""
        return {one.name: one for one in self.seen.volumes}

    @cached_property
    def pods(self) -> Mapping[str, Pod]:
        """The wanted pods by name."""
        return {one.name: one for one in self.resources() if isinstance(one, Pod)}

    @cached_property
    def pods_by_owner(self) -> Mapping[str, Sequence[Pod]]:
        """The wanted pods by the object that wants them."""
        return _grouped((str(pod.owner), pod) for pod in self.pods.values())

    @cached_property
    def reasons(self) -> Mapping[str, str]:
        """Why resources come or go, by their keys, where who wants them has said so."""
        return {key: why for answer in self.wanted for key, why in answer.reasons.items()}

    @cached_property
    def evicted(self) -> frozenset[str]:
        """The names of the pods that stop at once."""
        return frozenset(name for answer in self.wanted for name in answer.evicted)

    @cached_property
    def new_marks(self) -> Mapping[str, Sequence[str]]:
        """The keys of the marks that are not there yet, by the objects of which they are."""
        marks = ((answer.owner, one) for answer in self.wanted for one in answer.resources)
        return _grouped(
            (str(owner), one.key)
            for owner, one in marks
            if isinstance(one, Volume) and Label.MARK in one.labels and one.name not in self.volumes
        )

    @cached_property
    def staying(self) -> frozenset[str]:
        """The names of all pods that will be there: wanted, or kept as they are."""
        kept = (name for answer in self.wanted for name in answer.keep)
        return frozenset([*self.pods, *kept, *self.abandoned])

    @cached_property
    def abandoned(self) -> frozenset[str]:
        """The names of the pods that stay though their objects left git."""
        return frozenset(
            name
            for name, pod in self.mine_by_name.items()
            if self.stays(pod.labels.get(Label.OWNER, "")) and name not in self.pods
        )

    def stays(self, owner: str) -> bool:
        """Say whether an object left git, and what it has stays nevertheless."""
        if owner in self._owners:
            return False
        return not self.given.prune or owner in {str(one) for one in self.given.left}

    @cached_property
    def _owners(self) -> frozenset[str]:
        return frozenset(str(answer.owner) for answer in self.wanted)

    @cached_property
    def leaving(self) -> Sequence[SeenPod]:
        """The source's pods that will go, by name."""
        return [pod for name, pod in sorted(self.mine_by_name.items()) if name not in self.staying]

    @cached_property
    def replaced(self) -> Sequence[SeenPod]:
        """The source's pods in whose place, and under whose name, another one is wanted."""
        there = ((pod, self.mine_by_name.get(name)) for name, pod in self.pods.items())
        renewed = {name for answer in self.wanted for name in answer.renewed}
        return [
            mine
            for pod, mine in there
            if mine and (mine.labels.get(Label.DIGEST) != pod.digest or pod.name in renewed)
        ]

    @cached_property
    def leaving_by_port(self) -> Mapping[str, Sequence[SeenPod]]:
        """The pods that will go, by the host ports that they leave."""
        return _grouped((port, pod) for pod in [*self.leaving, *self.replaced] for port in ports(pod))

    @cached_property
    def staying_by_port(self) -> Mapping[str, SeenPod]:
        """The source's pods that will not go now, by the host ports that they keep."""
        going = {pod.id for pod in [*self.leaving, *self.replaced]}
        return {port: pod for pod in self.mine.pods if pod.id not in going for port in ports(pod)}

    @cached_property
    def leaving_by_use(self) -> Mapping[str, Sequence[SeenPod]]:
        """The pods that will go, by the keys of what they need."""
        return _grouped((key, pod) for pod in self.leaving for key in uses(pod))

    @cached_property
    def leading(self) -> Mapping[str, Sequence[str]]:
        """The keys of the configurations by which proxies lead to a pod now, by its name."""
        told = ((f"configuration/{one.name}", members(one.note)) for one in self.mine.volumes if one.note)
        return _grouped((name, key) for key, names in told for name in names)

    @cached_property
    def successors(self) -> Mapping[str, Sequence[Pod]]:
        """The wanted pods that wait for another one to be gone, by its name."""
        return _grouped((name, pod) for pod in self.pods.values() for name in pod.after)

    def left_over(self, pod: Pod) -> frozenset[str]:
        """Return the keys of scratch space that is there before the pod that is to use it."""
        named = ((key, self.volumes.get(key.removeprefix("volume/"))) for key in pod.uses)
        return frozenset(key for key, one in named if one and self._is_scratch(one))

    def _is_scratch(self, one: SeenVolume) -> bool:
        mine = one.labels.get(Label.SOURCE) == self.given.source
        return mine and one.labels.get(Label.KIND) == "scratch"

    def resources(self) -> Iterator[Resource]:
        """Yield every wanted resource, as often as it is wanted."""
        return (one for answer in self.wanted for one in answer.resources)

    def still_used(self) -> frozenset[str]:
        """Return the keys of what the pods that stay can't do without, be they another source's by now."""
        wanted = (key for pod in self.pods.values() for key in pod.uses)
        mine = {pod.id for pod in self.mine.pods}
        kept = [self.mine_by_name[name] for name in self.staying if name in self.mine_by_name]
        kept += [pod for pod in self.seen.pods if pod.id not in mine]
        return frozenset([*wanted, *(key for pod in kept for key in uses(pod))])


def drained(scene: Scene, pod: SeenPod) -> frozenset[str]:
    """Return the names of the drafts after which no proxy leads to a pod any more."""
    return frozenset(f"configure {key}" for key in scene.leading.get(pod_name(pod), ()))


def uses(pod: SeenPod) -> tuple[str, ...]:
    """Return the keys of what a pod that is there needs."""
    return _words(pod.labels.get(Label.USES, ""))


def ports(pod: SeenPod) -> tuple[str, ...]:
    """Return the host ports that a pod of ours publishes, as ``8080/tcp``."""
    return _words(pod.labels.get(Label.PORTS, ""))


def supplies(pod: Pod) -> frozenset[str]:
    """Return the names of the drafts without which a pod can't be made."""
    networks = [pod.network, *(guest.network for guest in pod.guest)]
    images = [Image(reference, "").key for reference in sorted(pod.images)]
    return frozenset(
        [
            *(f"create network/{name}" for name in networks),
            *(f"{MADE_BY.get(key.partition('/')[0], 'create')} {key}" for key in pod.uses),
            *(f"{verb} {key}" for verb in ("pull", "build") for key in images),
        ]
    )


def _grouped(pairs: Iterable[tuple[str, T]]) -> Mapping[str, Sequence[T]]:
    groups: dict[str, list[T]] = defaultdict(list)
    for key, value in pairs:
        groups[key].append(value)
    return groups


def _words(text: str) -> tuple[str, ...]:
    return tuple(filter(None, text.split(",")))
