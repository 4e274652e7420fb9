"""The order of a pod's containers, and each one's own restarts, in simulated time."""

from dataclasses import replace

import pytest

from reconcilers.wanted import Health, Past
from runtime.records import Readiness, Restarts
from runtime.resources import Label, Role
from runtime.seen import Exit, SeenContainer, SeenPod
from tests.reconcilers.given import NOW, pods_of, wanted

POD = """
    apiVersion: v1
    kind: Pod
    metadata: {name: web, namespace: shop, annotations: {kubectl.kubernetes.io/default-container: side}}
    spec:
      restartPolicy: POLICY
      initContainers:
        - {name: migrate, image: "app:1"}
        - {name: log, image: "log:1", restartPolicy: Always, startupProbe: {tcpSocket: {port: 80}}}
        - {name: warm, image: "app:1"}
      containers:
        - {name: web, image: "app:1", readinessProbe: {tcpSocket: {port: 80}}}
        - {name: side, image: "side:1"}
"""
PARTS = {
    "migrate": Role.INIT,
    "log": Role.SIDECAR,
    "warm": Role.INIT,
    "web": Role.MAIN,
    "side": Role.MAIN,
}


def manifest(policy: str = "Always") -> str:
    return POD.replace("POLICY", policy)


def member(part: str, state: str, code: int = 0) -> SeenContainer:
    started = 0 if state == "created" else NOW - 60
    ended = NOW - 30 if state == "exited" else 0
    name, pid = f"shop.web_{part}", int(state == "running")
    return SeenContainer(name, part, state, "", "", started, ended, code, pid, part, PARTS[part])


def seen(*states: str, policy: str = "Always", code: int = 1) -> SeenPod:
    """Return a pod whose containers are in these states: ``done`` is exited with 0, ``failed`` otherwise."""
    told = {"done": ("exited", 0), "failed": ("exited", code)}
    members = tuple(
        member(part, *told.get(state, (state, 0))) for part, state in zip(PARTS, states, strict=True)
    )
    (pod,) = pods_of(wanted(manifest(policy)))
    mains = [one.state for one in members if one.role is Role.MAIN]
    state = "running" if "running" in mains else "exited" if set(mains) == {"exited"} else "created"
    return SeenPod("pod", pod.name, pod.labels, state, "app:1", "", (pod.network,), NOW - 60, members=members)


def due(pod: SeenPod, policy: str = "Always", **past: object) -> list[str]:
    """Return the containers that don't run and may be started now."""
    answer = wanted(manifest(policy), pods=[pod], past=Past(**past))  # type: ignore[arg-type]
    still = [one for one in pod.members if one.state != "running"]
    return [one.part for one in still if one.name not in answer.resting]


LOG_STARTED = frozenset({"log"})
FAILED = {"exits": {"web": Exit(3, False, ""), "migrate": Exit(3, False, "")}}


@pytest.mark.parametrize(
    ("states", "started", "parts"),
    [
        (("created", "created", "created", "created", "created"), (), ["migrate"]),
        (("running", "created", "created", "created", "created"), (), []),
        (("done", "created", "created", "created", "created"), (), ["log"]),
        (("done", "running", "created", "created", "created"), (), []),
        (("done", "running", "created", "created", "created"), LOG_STARTED, ["warm"]),
        (("done", "running", "running", "created", "created"), LOG_STARTED, []),
        (("done", "running", "done", "created", "created"), LOG_STARTED, ["web", "side"]),
        (("done", "running", "done", "running", "created"), LOG_STARTED, ["side"]),
        (("done", "failed", "done", "running", "running"), (), ["log"]),
        (("done", "failed", "created", "created", "created"), (), ["log"]),
        (("done", "running", "done", "running", "failed"), (), ["side"]),
    ],
)
def test_what_starts_now_follows_from_what_is_there(
    states: tuple[str, ...], started: frozenset[str], parts: list[str]
) -> None:
    assert due(seen(*states), started=frozenset(started)) == parts


def test_each_container_waits_for_its_own_back_off() -> None:
    restarted = {"web": Restarts(2, NOW - 5)}
    pod = seen("done", "running", "done", "failed", "failed")

    assert due(pod, restarts=restarted, **FAILED) == ["side"]
    answer = wanted(manifest(), pods=[pod], past=Past(restarts=restarted, **FAILED))  # type: ignore[arg-type]
    assert answer.restarting == {"shop.web_web"}
    assert answer.look_again == NOW + 15
    assert answer.status.reason == "web: CrashLoopBackOff (exit 1, 5 restarts, next in 15s)"


@pytest.mark.parametrize("policy", ["Always", "OnFailure"])
def test_a_failing_init_container_is_tried_again_and_holds_back_the_others(policy: str) -> None:
    pod = seen("failed", "created", "created", "created", "created", policy=policy)
    answer = wanted(manifest(policy), pods=[pod], past=Past(**FAILED))  # type: ignore[arg-type]

    assert due(pod, policy, **FAILED) == ["migrate"]
    assert (answer.status.health, answer.status.reason) == (
        Health.DEGRADED,
        "Init:migrate: Restarting (exit 1, 3 restarts)",
    )


def test_a_pod_on_failure_has_its_failed_containers_restarted_and_no_others() -> None:
    pod = replace(seen("done", "running", "done", "done", "failed", policy="OnFailure"), exit_code=1)

    assert due(pod, "OnFailure") == ["side"]


def test_a_pod_that_has_come_to_its_end_starts_nothing_and_its_sidecars_count_for_nothing() -> None:
    pod = seen("done", "failed", "done", "done", "done", policy="Never")
    answer = wanted(manifest("Never"), pods=[pod])

    assert due(pod, "Never") == []
    assert (answer.status.health, answer.status.reason) == (Health.HEALTHY, "web: Completed")


def test_a_pod_whose_time_is_over_stops_whole_and_stays_so() -> None:
    limited = manifest().replace("restartPolicy:", "activeDeadlineSeconds: 30\n      restartPolicy:", 1)
    early, late = NOW - 60 + 29, NOW - 60 + 30
    pod = seen("done", "running", "done", "running", "running")

    before = wanted(limited, pods=[pod], now=early)
    after = wanted(limited, pods=[pod], now=late)

    assert (before.over, before.look_again) == (frozenset(), late)
    assert after.over == {"shop.web"}
    assert after.resting == {one.name for one in pod.members}
    assert after.status.reason == "DeadlineExceeded (after 30s)"
    done = replace(seen("done", "created", "done", "done", "done", policy="Never"), labels=pod.labels)
    assert wanted(limited, pods=[done], now=late).status.reason == "web: Completed"


def test_a_pod_is_ready_when_all_that_serve_in_it_are() -> None:
    pod = seen("done", "running", "done", "running", "running")
    readiness = wanted(manifest(), pods=[pod]).status.ready
    ready = {one: replace(unknown, ready=True) for one, unknown in _unknown().items()}

    assert readiness == 0
    assert wanted(manifest(), pods=[pod], past=Past(readiness=ready)).status.ready == 1
    stopped = seen("done", "running", "done", "running", "failed")
    assert wanted(manifest(), pods=[stopped], past=Past(readiness=ready)).status.ready == 0


def _unknown() -> dict[str, Readiness]:
    return {part: Readiness(False, NOW) for part in ("log", "web")}


def test_what_a_probe_says_names_its_container() -> None:
    pod = seen("done", "running", "created", "created", "created")
    told = wanted(manifest(), pods=[pod], past=Past(unready={"log": "Startup probe failed: timeout"}))

    assert told.status.reason == "Init:1/3, log: Startup probe failed: timeout"


def test_labels_tell_all_that_is_needed_to_go_on_without_git() -> None:
    (pod,) = pods_of(wanted(manifest("OnFailure")))

    assert pod.labels[Label.CONTAINERS] == "init/migrate,sidecar/log,init/warm,main/web,main/side"
    assert (pod.labels[Label.RESTART], pod.labels[Label.DEFAULT]) == ("OnFailure", "side")
    assert [one.name for one in pod.first] == ["migrate"]
    assert pod.own_aliases[0] == "shop.web"
