"""A machine in simulated time: what a commit wants is done step by step, pods end, power may fail."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from gitops.planning.plan import plan
from gitops.planning.scene import Given
from gitops.planning.steps import Action, Create, Remove, Start
from reconcilers.kinds import catalog, reconcile
from reconcilers.wanted import Wanted
from reconcilers.world import Machine, World
from runtime.resources import Network, Pod, Volume
from runtime.seen import Seen, SeenNetwork, SeenPod, SeenVolume
from schemas.manifest import Manifest
from tests.reconcilers.given import NOW, SOURCE, manifests

IMAGES = frozenset({"app:1", "app:2"})


@dataclass
class Lifetime:
    """One source's objects in a machine's life.

    ``ending`` says of a pod after how many seconds it ends, and with which code; None lets it run.
    ``made`` are the pods that were created so far, ``looks`` counts the passes.
    """

    documents: tuple[str, ...]
    now: float = NOW
    zone: str = "UTC"
    ending: Callable[[SeenPod], tuple[float, int] | None] = lambda _: (1, 0)
    pods: dict[str, SeenPod] = field(default_factory=dict)
    volumes: dict[str, SeenVolume] = field(default_factory=dict)
    networks: dict[str, SeenNetwork] = field(default_factory=dict)
    made: list[SeenPod] = field(default_factory=list)
    looks: int = 0
    _read: dict[tuple[str, ...], tuple[Manifest, ...]] = field(default_factory=dict)

    def wanted(self, **fields: Any) -> Wanted:
        """Return what the last object wants now."""
        return self._wanted(fields)[-1]

    def tick(self, changes: int | None = None, **fields: Any) -> list[str]:
        """Make one pass, which is killed after so many changes; return the steps that it took."""
        self._end_pods()
        self.looks += 1
        steps = plan(self._wanted(fields), self._seen(), Given(SOURCE, IMAGES)).steps[:changes]
        for step in steps:
            self._do(step.action)
        return [str(step) for step in steps]

    def settle(self, **fields: Any) -> None:
        """Make passes until one finds nothing to do."""
        while self.tick(**fields):
            self.now += 0.1

    def live(self, until: float, every: float | None = None) -> None:
        """Live on: passes as often as somebody wakes the loop, or at the ticks of a timer."""
        while self.now < until:
            self.settle()
            self.now = min(until, self.now + every if every else self._next())

    def _next(self) -> float:
        ends = [at for pod in self.pods.values() if (at := self._end(pod)) is not None]
        moment = self.wanted().look_again
        return max(min([*ends, *([moment] if moment else [])], default=self.now + 1e9), self.now + 0.01)

    def _end(self, pod: SeenPod) -> float | None:
        told = self.ending(pod) if pod.state == "running" else None
        return None if told is None else pod.started + told[0]

    def _end_pods(self) -> None:
        for name, pod in self.pods.items():
            at, told = self._end(pod), self.ending(pod)
            if at is not None and told is not None and at <= self.now:
                self.pods[name] = replace(pod, state="exited", ended=at, exit_code=told[1])

    def _wanted(self, fields: Mapping[str, Any]) -> list[Wanted]:
        if self.documents not in self._read:
            self._read[self.documents] = manifests(*self.documents)
        read = self._read[self.documents]
        plain = {"source": SOURCE, "commit": "c0ffee", "key": b"the key of tests", "now": self.now}
        seen, machine = self._seen(), Machine(zone=self.zone)
        return reconcile(
            read, World(**{**plain, **fields}, seen=seen, catalog=catalog(read), machine=machine)
        )

    def _seen(self) -> Seen:
        return Seen(tuple(self.pods.values()), tuple(self.networks.values()), tuple(self.volumes.values()))

    def _do(self, action: Action) -> None:
        match action:
            case Create(Pod() as pod):
                self._create(pod)
            case Create(Volume() as volume):
                self.volumes[volume.name] = SeenVolume(volume.name, volume.labels)
            case Create(Network() as network):
                self.networks[network.name] = SeenNetwork(network.name, network.labels, (network.subnet,))
            case Start(name):
                self.pods[name] = replace(self.pods[name], state="running", started=self.now)
            case Remove() if action.key.startswith("pod/"):
                del self.pods[action.name]
            case Remove() if action.key.startswith("volume/"):
                del self.volumes[action.name]
            case Remove() if action.key.startswith("network/"):
                del self.networks[action.name]
            case _:
                raise AssertionError(action)

    def _create(self, pod: Pod) -> None:
        assert pod.name not in self.pods
        image = pod.containers[0].image
        made = SeenPod(
            f"{pod.name}#{len(self.made)}",
            pod.name,
            pod.labels,
            "running",
            image,
            image,
            (pod.network,),
            self.now,
            self.now,
        )
        self.pods[pod.name] = made
        self.made.append(made)
