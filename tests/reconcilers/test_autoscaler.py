"""How many pods an autoscaler wants: in a simulated hour, and where figures are missing."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from textwrap import dedent
from typing import Any

import pytest

from reconcilers.kinds import reconcile
from reconcilers.scaling import WORD, State
from reconcilers.wanted import Health, Past, Wanted
from runtime.records import Note
from runtime.resources import Owner
from runtime.seen import Seen, SeenPod, Usage
from tests.reconcilers.given import NOW, deployment, manifests, pods_of, running, seen, world

HPA = """
    apiVersion: autoscaling/v2
    kind: HorizontalPodAutoscaler
    metadata: {{name: web, namespace: shop}}
    spec:
      scaleTargetRef: {{apiVersion: apps/v1, kind: Deployment, name: web}}
      minReplicas: {least}
      maxReplicas: {most}
      metrics: {metrics}
      behavior: {behavior}
"""
OLD = """
    apiVersion: autoscaling/v1
    kind: HorizontalPodAutoscaler
    metadata: {name: web, namespace: shop}
    spec:
      scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: web}
      maxReplicas: 10
      targetCPUUtilizationPercentage: 50
"""
WEB, SCALER = Owner("Deployment", "shop", "web"), Owner("HorizontalPodAutoscaler", "shop", "web")
CPU = "[{type: Resource, resource: {name: cpu, target: {type: Utilization, averageUtilization: 50}}}]"
MEMORY = "[{type: Resource, resource: {name: memory, target: {type: AverageValue, averageValue: 100Mi}}}]"
REQUESTS = ", resources: {requests: {cpu: 200m, memory: 64Mi}}"
MEBI = 2**20
EVERY = 15


def autoscaler(metrics: str = CPU, behavior: str = "{}", least: int = 1, most: int = 10) -> str:
    return dedent(HPA).format(metrics=metrics, behavior=behavior, least=least, most=most)


class Machine:
    """A machine in simulated time, on which pods share a load, in cores; each takes 64 MiB."""

    def __init__(
        self, *documents: str, load: Callable[[float], float] = lambda _: 0.0, free: int | None = None
    ):
        self.manifests = manifests(*documents)
        self.world = world(*documents)
        self.load, self.free, self.now = load, free, NOW
        self.pods: list[SeenPod] = []
        self.spent: dict[str, float] = {}
        self.notes: dict[tuple[Owner, str], Note] = {}
        self.answers: dict[Owner, Wanted] = {}

    def tick(self) -> int:
        """Let 15 seconds pass, and the autoscaler decide; return how many pods there are then."""
        self.now += EVERY
        for pod in self.pods:
            self.spent[pod.id] = self.spent.get(pod.id, 0) + EVERY * self.load(self.now - NOW) / len(
                self.pods
            )
        self.answers = self.decide(self._usage())
        noted = {
            (owner, word): note for owner, one in self.answers.items() for word, note in one.noted.items()
        }
        self.notes |= noted
        self._become(self.answers[WEB])
        return len(self.pods)

    def decide(self, usage: dict[str, Usage] | None) -> dict[Owner, Wanted]:
        past, there = Past(notes=self.notes), Seen(pods=tuple(self.pods))
        given = replace(self.world, seen=there, now=self.now, past=past, usage=usage, free=self.free)
        return {answer.owner: answer for answer in reconcile(self.manifests, given)}

    def _usage(self) -> dict[str, Usage]:
        return {pod.id: Usage(self.now, self.spent.get(pod.id, 0.0), 64 * MEBI) for pod in self.pods}

    def _become(self, answer: Wanted) -> None:
        there = {pod.name: pod for pod in self.pods}
        self.pods = [there.get(pod.name) or seen(pod, since=self.now) for pod in pods_of(answer)]

    @property
    def reason(self) -> str:
        return self.answers[SCALER].status.reason


def hour(machine: Machine) -> Iterator[int]:
    return (machine.tick() for _ in range(3600 // EVERY))


def rush(second: float) -> float:
    """Return a load that comes after ten minutes and goes after thirty, in cores."""
    return 0.6 if 600 < second <= 1800 else 0.05


@pytest.mark.parametrize("written", [autoscaler(), OLD])
def test_an_hour_of_a_load_that_comes_and_goes(written: str) -> None:
    machine = Machine(deployment(replicas=2, container=REQUESTS), written, load=rush)

    counts = list(hour(machine))

    assert counts[600 // EVERY - 1] == 1  # 0.05 cores of 0.1
    assert counts[900 // EVERY] == max(counts) == 6  # 0.6 cores of 0.6
    assert min(counts[900 // EVERY : 2100 // EVERY - 1]) == 6  # five minutes of calm before it goes down
    assert counts[-1] == 1


def test_a_load_that_swings_keeps_its_pods() -> None:
    swinging = lambda second: 0.5 if second % 60 < 30 else 0.1  # noqa: E731
    machine = Machine(deployment(replicas=2, container=REQUESTS), autoscaler(), load=swinging)

    counts = list(hour(machine))

    assert set(counts[-40:]) == {5}


def busy(cores: float, *, least: int = 1, most: int = 10, **more: Any) -> Machine:
    """Return a machine with two pods under a steady load, after the autoscaler has seen it once."""
    behavior, metrics = more.pop("behavior", "{}"), more.pop("metrics", CPU)
    container = more.pop("container", REQUESTS)
    scaler = autoscaler(metrics, behavior, least, most)
    machine = Machine(deployment(replicas=2, container=container), scaler, load=lambda _: cores, **more)
    machine.pods = running(deployment(replicas=2, container=container))
    machine.tick()
    return machine


def test_a_first_look_measures_and_changes_nothing() -> None:
    machine = busy(0.8)

    assert len(machine.pods) == 2
    assert machine.answers[SCALER].status.health is Health.HEALTHY
    assert machine.reason == "cpu <unknown>/50%; 2 pods; cpu: nothing is known yet of what its pods use"
    assert machine.answers[SCALER].look_again == machine.now + EVERY


def test_a_change_is_told_as_the_autoscalers_and_not_as_drift() -> None:
    machine = busy(0.8)

    assert machine.tick() == 6  # four more at most in a quarter of a minute
    assert machine.answers[WEB].asked == "HorizontalPodAutoscaler/web: cpu 200%/50%; 6 pods"
    machine.tick()
    assert machine.answers[WEB].asked == ""


def test_between_two_samples_nothing_changes() -> None:
    machine = busy(0.8)
    count = machine.tick()

    answers = machine.decide(None)

    assert (len(pods_of(answers[WEB])), answers[SCALER].noted) == (count, {})
    assert answers[SCALER].status.reason == "cpu 200%/50%; 6 pods"


def test_a_lost_ledger_starts_from_what_runs() -> None:
    machine = busy(0.8)
    count = machine.tick()
    machine.notes.clear()

    assert (machine.tick(), machine.answers[WEB].settled) == (count, True)


def test_what_git_says_of_replicas_is_where_it_begins() -> None:
    machine = Machine(deployment(replicas=3, container=REQUESTS), autoscaler())

    assert machine.tick() == 3


@pytest.mark.parametrize(("least", "most", "pods"), [(3, 10, 3), (1, 1, 1)])
def test_the_bounds_hold_at_once(least: int, most: int, pods: int) -> None:
    machine = busy(0.1, least=least, most=most)

    assert len(machine.pods) == pods


def test_who_wants_more_than_the_most_is_told() -> None:
    machine = busy(3.0, most=4)

    assert machine.tick() == 4
    assert machine.reason == "cpu 750%/50%; 4 pods; 30 are wanted, and maxReplicas is 4"


def test_policies_and_a_disabled_direction_are_kept() -> None:
    up = "{policies: [{type: Pods, value: 1, periodSeconds: 60}]}"
    behavior = f"{{scaleUp: {up}, scaleDown: {{selectPolicy: Disabled}}}}"
    machine = busy(1.0, behavior=behavior)
    counts = [machine.tick() for _ in range(8)]
    machine.load = lambda _: 0.0

    assert counts == [3, 3, 3, 3, 4, 4, 4, 4]
    assert set(hour(machine)) == {4}


def test_memory_counts_on_average() -> None:
    machine = busy(0, metrics=MEMORY.replace("100Mi", "32Mi"))

    assert len(machine.pods) == 4  # 64 MiB each, at the first look
    assert machine.reason == "memory 64Mi/32Mi; 4 pods"


def test_the_most_demanding_metric_decides_and_one_that_is_missing_lets_nobody_go() -> None:
    both = f"{MEMORY[:-1]}, {CPU[1:]}"
    machine = busy(0.8, metrics=both)

    assert len(machine.pods) == 2  # memory would do with fewer, and cpu isn't known yet
    assert machine.tick() == 6


def test_a_container_is_measured_alone() -> None:
    metric = "[{type: ContainerResource, containerResource: {container: main, name: cpu, " + CPU[40:]
    machine = busy(0.8, metrics=metric)

    assert machine.tick() == 6
    assert machine.reason == "cpu of main 200%/50%; 6 pods"


def test_without_a_request_there_is_no_utilization() -> None:
    machine = busy(0.8, container="")

    assert machine.answers[SCALER].status.health is Health.DEGRADED
    assert machine.reason.endswith(
        "cpu: container main requests no cpu, and a utilization is a part of a request"
    )
    assert machine.answers[SCALER].look_again is None
    assert machine.tick() == 2


def test_a_limit_is_taken_for_a_request_as_in_kubernetes() -> None:
    machine = busy(0.8, container=", resources: {limits: {cpu: 200m}}")

    assert machine.tick() == 6


def test_no_more_pods_than_the_memory_holds() -> None:
    machine = busy(0.8, free=200 * MEBI)

    assert machine.tick() == 5
    assert machine.reason.endswith(
        "6 are wanted, but this machine's memory holds no more: 200Mi are free, and a pod takes 64Mi"
    )


def test_memory_that_is_requested_and_not_used_yet_is_not_free() -> None:
    machine = busy(0.8, free=200 * MEBI, container=REQUESTS.replace("64Mi", "128Mi"))

    assert machine.tick() == 2


def test_a_target_that_git_scales_to_nothing_is_left_alone() -> None:
    machine = Machine(deployment(replicas=0, container=REQUESTS), autoscaler())

    assert machine.tick() == 0
    assert machine.reason == "its target is scaled to 0 by git"


def test_an_engine_that_cannot_measure_is_told_and_changes_nothing() -> None:
    machine = busy(0.8)
    machine.world = replace(machine.world, unmeasured="cannot measure what runs: not on cgroups v1")

    answers = machine.decide(None)

    assert len(pods_of(answers[WEB])) == 2
    assert answers[SCALER].status.health is Health.DEGRADED
    assert answers[SCALER].status.reason == "cannot measure what runs: not on cgroups v1"


def test_a_pod_whose_count_began_anew_is_missing_for_once() -> None:
    machine = busy(0.1)
    machine.tick()
    machine.spent[machine.pods[0].id] = 0

    machine.tick()

    state = State.read(machine.notes[SCALER, WORD].text)
    assert [figure.current for figure in state.figures] == ["25%"]


def test_what_the_ledger_keeps_is_read_as_it_was_written() -> None:
    machine = busy(0.8)
    machine.tick()

    text = machine.notes[SCALER, WORD].text

    assert State.read(text).write() == text
