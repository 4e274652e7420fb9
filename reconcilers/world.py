"""What every reconciler may look at: the moment, the commit's objects, and what was seen."""

import json
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import field
from functools import cached_property
from typing import Any

from reconcilers.links import links
from reconcilers.moments import Leap, after, corrected
from reconcilers.places import Ground, Place, address_for, places
from reconcilers.routing import Routing
from reconcilers.scaling import Scaling
from reconcilers.wanted import Health, Past
from runtime.certificates import Kept
from runtime.dataclass import dataclass
from runtime.observe import pod_name
from runtime.proxies import members, read_note
from runtime.records import Readiness
from runtime.resources import Label, Owner, Pod, Role
from runtime.seen import Seen, SeenContainer, SeenPod, SeenVolume, Usage, Weighed
from schemas.core import ConfigMap, PersistentVolumeClaim, Secret
from schemas.manifest import Manifest
from schemas.service import Service
from schemas.storage import PersistentVolume

Name = tuple[str, str]  # namespace and name
Written = tuple[str, str | None, int]  # an address, and the name and number of a port there


@dataclass(frozen=True, slots=True)
class Catalog:
    """What pods refer to by name, of one commit."""

    config_maps: Mapping[Name, ConfigMap] = field(default_factory=dict)
    secrets: Mapping[Name, Secret] = field(default_factory=dict)
    claims: Mapping[Name, PersistentVolumeClaim] = field(default_factory=dict)
    bound: Mapping[Name, PersistentVolume] = field(default_factory=dict)
    headless: Mapping[str, Sequence[Service]] = field(default_factory=dict)
    addressed: frozenset[Name] = frozenset()  # the Services that have an address of their own
    addressing: frozenset[str] = frozenset()  # the namespaces in which pods are told their address
    services: Sequence[Service] = ()
    closed: Mapping[Name, str] = field(default_factory=dict)  # Services, each with the policy that closes it
    endpoints: Mapping[Name, Sequence[Written]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Earlier:
    """An object as an earlier commit had it, and what its pods referred to then."""

    manifest: Manifest
    catalog: Catalog


def _unknown(commit: str, owner: Owner) -> Earlier | None:  # noqa: ARG001 (nothing is known of earlier commits)
    return None


@dataclass(frozen=True, slots=True)
class Machine:
    """What the machine has: processors, bytes of memory, an address of its own ("" for none), a time zone.

    ``rootless`` says that its Podman is an ordinary user's.
    """

    cores: int = 1
    memory: int = 0
    address: str = ""
    zone: str = "UTC"
    rootless: bool = False


@dataclass(frozen=True, slots=True)
class Around:
    """What other objects want at this moment, for those that lead to their pods.

    ``networks`` are the names of all networks that are wanted.  ``going`` are the names of pods that are
    there and stop now, ``coming`` the wanted pods that are not there yet, ``health`` is how objects fare.
    """

    networks: frozenset[str] = frozenset()
    going: frozenset[str] = frozenset()
    coming: Sequence[Pod] = ()
    health: Mapping[Owner, Health] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Entrance:
    """How the machine is entered: the ports for Ingresses, and the classes that are served beside our own.

    ``directory`` is the ACME server whose terms are agreed to, "" for none; ``address`` is the machine's at
    which the ports are, "" for all.
    """

    http: int = 80
    https: int = 443
    classes: frozenset[str] = frozenset()
    directory: str = ""
    address: str = ""


@dataclass(frozen=True)
class World:
    """One moment of one source: ``seen`` is what is its own, ``now`` is in seconds since 1970.

    ``networks`` and ``volumes`` are the names of everybody's.

    ``key`` is the engine's, under which digests of secrets are made; ``node`` is the machine's name.
    ``images`` are the references of the images that are here, ``proxy_image`` is what is set for proxies.
    ``ground`` is where Services may be.  ``around`` is known only to what looks at other objects' answers:
    Services and the like.  ``entrance`` is how the machine is entered from outside, ``routing`` where its
    Ingresses lead, ``kept`` the certificates that were obtained for them.
    ``usage`` is by container what was measured just now, None between two samples; ``unmeasured`` says why it
    can't be; ``free`` is how many bytes of memory nobody uses.  ``scalings`` are what autoscalers decided.
    ``weighed`` is what scratch space that has a limit takes on the disk.
    ``asked`` are the CronJobs that a person wants to run now, with the names of the Jobs that this makes.
    ``sync`` tells a commit from one with other objects; ``changed`` are those that weren't carried out yet as
    they are now: it is known where there are hooks.
    ``earlier`` gives an object as another commit had it, None where that can't be told any more.
    ``leaps`` are how the clock was put forward while we looked on.
    """

    source: str
    commit: str
    now: float
    key: bytes = field(repr=False)
    seen: Seen
    catalog: Catalog = field(default_factory=Catalog)
    past: Past = field(default_factory=Past)
    networks: frozenset[str] = frozenset()
    volumes: frozenset[str] = frozenset()
    node: str = "localhost"
    machine: Machine = Machine()
    node_labels: Mapping[str, str] = field(default_factory=dict)
    images: frozenset[str] = frozenset()
    proxy_image: str = ""
    ground: Ground = field(default_factory=Ground)
    around: Around = field(default_factory=Around)
    usage: Mapping[str, Usage] | None = None
    unmeasured: str = ""
    free: int | None = None
    scalings: Mapping[Owner, Scaling] = field(default_factory=dict)
    weighed: Weighed = field(default_factory=Weighed)
    asked: Mapping[Owner, str] = field(default_factory=dict)
    entrance: Entrance = field(default_factory=Entrance)
    routing: Routing = field(default_factory=Routing)
    kept: Kept = field(default_factory=Kept)
    sync: str = ""
    changed: frozenset[Owner] = frozenset()
    leaps: tuple[Leap, ...] = ()
    earlier: Callable[[str, Owner], Earlier | None] = field(default=_unknown, compare=False, repr=False)

    def corrected(self, moment: float) -> float:
        """Return a moment as the clock of now would have shown it, so that what lasts is of the right age."""
        return corrected(moment, self.leaps)

    @cached_property
    def _by_owner(self) -> Mapping[str, list[SeenPod]]:
        pods: dict[str, list[SeenPod]] = defaultdict(list)
        for pod in self.seen.pods:
            pods[pod.labels.get(Label.OWNER, "")].append(pod)
        return pods

    def pods_of(self, owner: Owner) -> list[SeenPod]:
        """Return the pods that an object made."""
        return self._by_owner.get(str(owner), [])

    @cached_property
    def limited(self) -> Mapping[str, list[SeenVolume]]:
        """The scratch space that has a limit, by the names of its pods."""
        volumes: dict[str, list[SeenVolume]] = defaultdict(list)
        for one in self.seen.volumes:
            if Label.LIMIT in one.labels:
                volumes[one.name.rpartition(".")[0]].append(one)
        return dict(volumes)

    @cached_property
    def places(self) -> Mapping[Name, Place]:
        """Where the Services of the commit are."""
        return places(
            self.catalog.services, self.ground, lambda name: self.note(f"{'.'.join(name)}__service")
        )

    @cached_property
    def links(self) -> Mapping[str, Mapping[str, str]]:
        """The variables by which pods find the Services of their namespace."""
        return links(self.catalog.services, self.places)

    def free_address(self, namespace: str, pod: str) -> str:
        """Return an address of a namespace's upper half that nobody has, "" where there is none."""
        mine = (place.address for place in self.places.values())
        return address_for((namespace, pod), self.ground, frozenset(mine))

    @cached_property
    def _by_namespace(self) -> Mapping[str, list[SeenPod]]:
        pods: dict[str, list[SeenPod]] = defaultdict(list)
        for pod in self.seen.pods:
            pods[pod.labels.get(Label.OWNER, "//").split("/")[1]].append(pod)
        return pods

    def pods_in(self, namespace: str) -> list[SeenPod]:
        """Return the pods of a namespace."""
        return self._by_namespace.get(namespace, [])

    @cached_property
    def _services(self) -> Mapping[str, list[Service]]:
        services: dict[str, list[Service]] = defaultdict(list)
        for one in self.catalog.services:
            services[one.metadata.namespace].append(one)
        return services

    @cached_property
    def _notes(self) -> Mapping[str, str]:
        return {one.name: one.note for one in self.seen.volumes if one.note}

    def note(self, proxy: str) -> Mapping[str, Any]:
        """Return what a proxy's configuration remembers, by the proxy's name; empty where there is none."""
        return read_note(self.note_text(proxy))

    def note_text(self, proxy: str) -> str:
        """Return that as it stands there."""
        return self._notes.get(proxy, "")

    def readiness(self, pod: SeenPod) -> Readiness:
        """Return whether a pod may serve: what was found out, or, without a probe, that it runs."""
        if pod.state != "running":
            return Readiness(False, pod.ended)
        if pod.members:
            return self._together(pod)
        known = self.past.readiness.get(pod.id)
        return known or Readiness(Label.PROBES not in pod.labels, self._since(pod, pod))

    def ready(self, pod: SeenPod, one: SeenContainer) -> Readiness:
        """Return whether a container of a pod of several is ready."""
        if one.state != "running":
            return Readiness(False, one.ended)
        known = self.past.readiness.get(one.id)
        return known or Readiness(one.part not in _probes_of(pod), self._since(pod, one))

    def _since(self, pod: SeenPod, one: SeenPod | SeenContainer) -> float:
        """Return since when a container has been in its present life."""
        return max(pod.created, one.started, self.past.lives.get(one.id, 0.0))

    def has_started(self, pod: SeenPod, one: SeenContainer) -> bool:
        """Say whether a container runs and has passed its startup probe, so that the next one may start."""
        probed = "startup" in _probes_of(pod).get(one.part, ())
        return one.state == "running" and (not probed or one.id in self.past.started)

    def unready(self, pod: SeenPod) -> str:
        """Return what a probe says against a pod that isn't ready, "" where none does."""
        known = ((one.part, self.past.unready.get(one.id)) for one in pod.containers)
        return next((f"{part}: {words}" if part else words for part, words in known if words), "")

    def _together(self, pod: SeenPod) -> Readiness:
        """Return whether all that serve in a pod are ready; those that end before they do are not asked."""
        serving = [self.ready(pod, one) for one in pod.members if one.role is not Role.INIT]
        ready = all(one.ready for one in serving)
        return Readiness(ready, max(one.since for one in serving if one.ready is ready))

    def available(self, pod: SeenPod, seconds: int) -> bool:
        """Say whether a pod has been ready for at least so many seconds."""
        readiness = self.readiness(pod)
        return readiness.ready and after(self.corrected(readiness.since), seconds, self.now) <= self.now

    def served(self, pod: SeenPod) -> bool:
        """Say whether each proxy that should lead to a pod finds it up; one that isn't made yet is left out.

        Only what takes the place of another pod has to wait for that.
        """
        name = pod_name(pod)
        if name in self.past.serving:
            return self.past.serving[name]
        notes = (self._notes.get(proxy) for proxy in self._proxies_of(pod))
        return all(name in members(note) for note in notes if note)

    def _proxies_of(self, pod: SeenPod) -> Iterator[str]:
        namespace, labels = pod.labels.get(Label.OWNER, "//").split("/")[1], pod.labels.items()
        for service in self._services.get(namespace, []):
            selector = service.spec.selector.items()
            if selector and selector <= labels:
                yield f"{namespace}.{service.metadata.name}__service"


def _probes_of(pod: SeenPod) -> Mapping[str, Mapping[str, object]]:
    """Return a pod's probes by container and kind, as its label has them."""
    found: Mapping[str, Mapping[str, object]] = json.loads(pod.labels.get(Label.PROBES) or "{}")
    return found
