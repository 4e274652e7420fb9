"""An autoscaler on a real Podman: it follows a load and comes back, also where the ledger is lost."""

import time
from contextlib import closing
from dataclasses import dataclass

import pytest

from gitops.aim import Aim
from gitops.git.source import Source
from gitops.journal import Journal
from gitops.loop import Loop
from gitops.planning.house import House
from gitops.probing import Watch
from gitops.request import Request
from gitops.telling.teller import Silent
from runtime.ledger import open_ledger
from runtime.podman import PodmanEngine
from tests.podman.manifests import Object, deployment, named
from tests.podman.program import Program, until

WORK = ("sh", "-c", "until [ -e /stop ]; do :; done; exec sleep 1000")
REQUESTS = {"requests": {"cpu": "100m", "memory": "1Mi"}}
EVERY = 15.0  # seconds between two decisions


def autoscaler(most: int) -> Object:
    target = {"type": "Utilization", "averageUtilization": 50}
    spec = {
        "scaleTargetRef": {"kind": "Deployment", "name": "web"},
        "maxReplicas": most,
        "metrics": [{"type": "Resource", "resource": {"name": "cpu", "target": target}}],
        "behavior": {"scaleDown": {"stabilizationWindowSeconds": 0}},
    }
    return {**named("HorizontalPodAutoscaler", "web", api="autoscaling/v2"), "spec": spec}


@dataclass
class Hours:
    """A loop on the real engine whose clock is ahead, by fifteen seconds more at each tick."""

    program: Program
    ahead: float = 0.0

    def __post_init__(self) -> None:
        self.engine = PodmanEngine(self.program.podman.url)
        self.source = Source(str(self.program.repository.directory), state=self.program.state)

    def clock(self) -> float:
        return time.time() + self.ahead

    def aim(self) -> Aim:
        newest = self.source.resolve()
        return Aim(newest, newest)

    def tick(self) -> int:
        """Let the autoscaler decide, and do what it wants; return how many pods there are then."""
        self.ahead += EVERY
        house, request = House(self.source, self.engine), Request("run", patient=True)
        with open_ledger(self.program.state, pytest.fail) as ledger, closing(Watch(self.engine)) as watch:
            journal = Journal(ledger, self.source.id, self.clock)
            loop = Loop(house, journal, request, Silent(), self.aim, watch, self.clock)
            while not loop.sync_once().quiet:
                pass
        return len(self.program.running())

    def work(self) -> None:
        """Wait until a pod has done something that can be measured."""
        before = self.engine.usage()
        until(lambda: any(one.cpu > before[id_].cpu + 0.2 for id_, one in self.engine.usage().items()))


def test_an_autoscaler_follows_a_load_and_comes_back_and_a_lost_ledger_loses_no_pod(program: Program) -> None:
    hours = Hours(program)
    program.commit("Busy", deployment(command=WORK, resources=REQUESTS), autoscaler(3))
    begun = [hours.tick(), hours.tick()]
    hours.work()
    busy = hours.tick()
    (program.state / "ledger.sqlite3").unlink()
    lost = hours.tick()
    for name in program.running():
        program.do(name, "touch", "/stop")
    hours.ahead += 120  # the new pods have warmed up
    idle = [hours.tick(), hours.tick()]

    assert (begun, busy, lost, idle[-1]) == ([1, 1], 3, 3, 1)
    (row,) = program.json("get", "hpa")["items"]
    assert (row["reference"], row["targets"], row["replicas"]) == ("Deployment/web", ["cpu: 0%/50%"], 1)
    assert "cpu 0%/50%; 1 pod" in program.run("status", "hpa/web").out
    assert program.run("diff").code == 0
