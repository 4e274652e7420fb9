"""Which pods a Deployment wants at each moment, and how it fares."""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import islice, product
from pathlib import Path
from typing import Any

import pytest

from reconcilers.deployment import FOREVER
from reconcilers.kinds import catalog
from reconcilers.moments import Leap
from reconcilers.wanted import Consequence, Health, Past, Wanted
from reconcilers.words import PAUSE, RESTART
from reconcilers.world import Earlier
from runtime.observe import pod_name
from runtime.records import Failure, Note, Readiness, Restarts
from runtime.resources import Owner
from runtime.seen import Exit, SeenPod
from tests.reconcilers.given import NOW, deployment, manifests, past, pods_of, rolling, running, seen, wanted

ROWS: dict[str, list[dict[str, Any]]] = json.loads(
    (Path(__file__).parent.parent / "kubernetes" / "deployment.json").read_text()
)
PROBE = ", readinessProbe: {tcpSocket: {port: 80}}"
WEB = Owner("Deployment", "shop", "web")
PORT = ", ports: [{containerPort: 80, hostPort: 8080}]"


def names(answer: Wanted) -> list[str]:
    return [pod.name for pod in pods_of(answer)]


def ordinals(answer: Wanted) -> list[int]:
    return [int(name.rpartition("-")[2]) for name in names(answer)]


def test_a_new_deployment_wants_all_its_pods_at_once() -> None:
    answer = wanted(deployment(replicas=3))

    assert ordinals(answer) == [0, 1, 2]
    assert answer.status.health is Health.PROGRESSING
    assert not answer.settled


def test_a_deployment_that_is_complete_wants_what_is_there() -> None:
    written = deployment(replicas=3)
    pods = running(written)

    answer = wanted(written, pods=pods)

    assert names(answer) == [pod.name for pod in pods]
    assert answer.settled
    assert (answer.status.health, answer.status.ready, answer.consequence) == (
        Health.HEALTHY,
        3,
        Consequence.NONE,
    )


def test_the_lowest_free_ordinals_are_taken_first() -> None:
    written = deployment(replicas=4)
    pods = running(written)

    assert ordinals(wanted(written, pods=[pods[0], pods[3]])) == [0, 1, 2, 3]
    assert ordinals(wanted(deployment(replicas=3), pods=[pods[1], pods[3]])) == [0, 1, 3]


def test_of_too_many_pods_the_worst_and_then_the_youngest_go() -> None:
    written = deployment(replicas=4)
    first, second, third, fourth = running(written)
    young = replace(first, created=NOW - 60, started=NOW - 60)
    stopped = replace(third, state="exited")

    answer = wanted(deployment(replicas=2), pods=[young, second, stopped, fourth])

    assert ordinals(answer) == [1, 3]


def test_of_too_many_pods_that_are_not_available_yet_those_stay_that_are_ready() -> None:
    written = deployment(replicas=3, container=PROBE, min_ready=30)
    first, second, third = running(written)
    younger = replace(second, created=NOW - 20, started=NOW - 20)
    ready = past(readiness={younger.id: Readiness(True, NOW - 10)})

    answer = wanted(
        deployment(replicas=1, container=PROBE, min_ready=30), pods=[first, younger, third], past=ready
    )

    assert ordinals(answer) == [1]


def test_where_there_was_nobody_before_no_pod_is_on_trial() -> None:
    written = deployment(replicas=2)

    answer = wanted(written, pods=running(written, since=NOW), now=NOW)

    assert (answer.settled, answer.look_again) == (True, None)


def test_a_new_pod_counts_after_it_ran_for_a_second() -> None:
    old, new = deployment(strategy=rolling(1, 0)), deployment("app:2", strategy=rolling(1, 0))
    before = running(old)
    (first,) = pods_of(wanted(new, pods=before))

    at_once = wanted(new, pods=[*before, seen(first, since=NOW)], now=NOW)
    later = wanted(new, pods=[*before, seen(first, since=NOW)], now=NOW + 1)

    assert len(at_once.keep) == 2
    assert at_once.look_again == NOW + 1
    assert len(later.keep) == 1


def test_a_second_that_podman_rounds_up_is_none_for_a_pod_that_crashes_again_and_again() -> None:
    old, new = deployment(strategy=rolling(1, 0)), deployment("app:2", strategy=rolling(1, 0))
    before = running(old)
    (first,) = pods_of(wanted(new, pods=before))
    crashing = seen(first, since=NOW - 1)

    listed = wanted(new, pods=[*before, crashing])
    known = wanted(new, pods=[*before, crashing], past=past(lives={crashing.id: NOW - 0.1}))

    assert (len(listed.keep), len(known.keep)) == (1, 2)
    assert known.look_again == pytest.approx(NOW + 0.9)


def test_min_ready_seconds_keep_the_old_pods_for_longer() -> None:
    strategy = rolling(1, 0)
    before = running(deployment(strategy=strategy))
    new = deployment("app:2", strategy=strategy, min_ready=30)
    (first,) = pods_of(wanted(new, pods=before))

    early = wanted(new, pods=[*before, seen(first, since=NOW - 29)])
    later = wanted(new, pods=[*before, seen(first, since=NOW - 30)])

    assert (len(early.keep), early.look_again) == (2, NOW + 1)
    assert len(later.keep) == 1


def test_a_pod_that_got_ready_before_the_clock_was_set_back_is_not_waited_for() -> None:
    strategy = rolling(1, 0)
    before = running(deployment(strategy=strategy))
    new = deployment("app:2", strategy=strategy, min_ready=30)
    (first,) = pods_of(wanted(new, pods=before))

    assert len(wanted(new, pods=[*before, seen(first, since=NOW + 3600)]).keep) == 1


def test_a_pod_whose_probe_has_not_succeeded_replaces_nobody() -> None:
    strategy = rolling(1, 0)
    before = running(deployment(strategy=strategy))
    new = deployment("app:2", strategy=strategy, container=PROBE)
    fresh = [seen(pod) for pod in pods_of(wanted(new, pods=before))]
    ready = Past(readiness={pod.id: Readiness(True, NOW - 60) for pod in fresh})

    assert len(wanted(new, pods=[*before, *fresh]).keep) == 2
    assert len(wanted(new, pods=[*before, *fresh], past=ready).keep) == 1


@pytest.mark.parametrize("state", ["removing", "stopping"])
def test_a_pod_that_is_on_its_way_out_counts_for_nothing(state: str) -> None:
    written = deployment(replicas=2)
    first, second = running(written)

    answer = wanted(written, pods=[replace(first, state=state), second])

    assert ordinals(answer) == [0, 1]
    assert answer.status.ready == 1
    assert not answer.settled


@pytest.mark.parametrize("strategy", ["{type: Recreate}", "{}"])
@pytest.mark.parametrize("state", ["running", "exited", "stopping", "removing"])
def test_who_stops_first_waits_for_every_old_pod_even_one_on_its_way_out(strategy: str, state: str) -> None:
    old = deployment(replicas=1, container=PORT, strategy=strategy)
    new = deployment("app:2", replicas=1, container=PORT, strategy=strategy)
    (before,) = running(old)

    (pod,) = pods_of(wanted(new, pods=[replace(before, state=state)]))

    assert pod.after == (before.name,)


def test_a_paused_deployment_keeps_its_old_pods() -> None:
    before = running(deployment())

    answer = wanted(deployment("app:2", paused="true"), pods=before)

    assert answer.keep == {pod.name for pod in before}
    assert names(answer) == []
    assert answer.status.health is Health.SUSPENDED


def test_a_deployment_that_a_hand_paused_keeps_its_old_pods_and_says_who_and_how_it_goes_on() -> None:
    before = running(deployment())

    answer = wanted(deployment("app:2"), pods=before, past=Past(notes={(WEB, PAUSE): Note(NOW)}))

    assert (answer.keep, names(answer)) == ({pod.name for pod in before}, [])
    assert answer.status.health is Health.SUSPENDED
    assert answer.status.reason.endswith("`sloop rollout resume deployment/web -n shop` goes on")


@pytest.mark.parametrize("state", ["running", "stopping", "removing"])
def test_who_stops_first_is_restarted_under_another_name_once_the_old_pod_is_gone(state: str) -> None:
    written = deployment(replicas=1, container=PORT)
    (before,) = running(written)
    past = Past(notes={(WEB, RESTART): Note(NOW)})

    (pod,) = pods_of(wanted(written, pods=[replace(before, state=state)], past=past))

    assert (pod.after, pod.name) != ((before.name,), before.name)
    assert pod.after == (before.name,)


def test_a_restart_of_a_paused_rollout_makes_nobody_twice() -> None:
    written, past = deployment(replicas=2), Past(notes={(WEB, RESTART): Note(NOW), (WEB, PAUSE): Note(NOW)})
    before = running(written, commit="a1")

    answer = wanted(deployment(replicas=4), pods=before, past=past, earlier=telling(written))

    assert len(answer.keep | set(names(answer))) == 4


def test_stopping_first_is_told_as_recreate() -> None:
    before = running(deployment(replicas=1))

    recreated = wanted(deployment("app:2", replicas=1, strategy="{type: Recreate}"), pods=before)
    rolled = wanted(deployment("app:2", replicas=1), pods=before)

    assert (recreated.consequence, rolled.consequence) == (Consequence.RECREATE, Consequence.ROLLING)


def test_a_pull_that_failed_counts_no_more_once_the_image_is_there() -> None:
    failed = Past(
        failures={"image/app:1": Failure(1, NOW, "no such image"), "image/app": Failure(1, NOW, "gone")}
    )
    here = frozenset(["app:1", "app"])

    named, looked_for = (
        wanted(
            deployment(image), pods=running(deployment(image), since=NOW - 9)[:1], past=failed, images=here
        ).status
        for image in ("app:1", "app")
    )

    assert (named.health, named.reason.startswith("1 of")) == (Health.PROGRESSING, True)
    assert (looked_for.health, looked_for.reason) == (Health.DEGRADED, "gone")


def test_a_failed_step_is_why_it_is_degraded() -> None:
    missing = Past(failures={"image/app:1": Failure(1, NOW, "no such image")})
    (first, *_) = names(wanted(deployment()))
    broken = Past(failures={f"pod/{first}": Failure(1, NOW, "no space left")})

    reasons = [wanted(deployment(), past=past).status for past in (missing, broken)]

    assert [(status.health, status.reason) for status in reasons] == [
        (Health.DEGRADED, "no such image"),
        (Health.DEGRADED, "no space left"),
    ]


def test_a_crash_loop_rests_and_says_until_when() -> None:
    written = deployment(replicas=1)
    (pod,) = running(written, since=NOW - 2)
    ended = replace(pod, state="exited", ended=NOW, exit_code=1)
    past = Past(exits={pod.id: Exit(3, False, "")}, restarts={pod.id: Restarts(1, NOW - 5)})

    answer = wanted(written, pods=[ended], past=past)

    assert answer.resting == {pod.name}
    assert answer.look_again == NOW + 5
    assert answer.status.reason == "CrashLoopBackOff (exit 1, 4 restarts, next in 5s)"


@pytest.mark.parametrize(("since", "health"), [(600, Health.PROGRESSING), (601, Health.DEGRADED)])
def test_no_progress_for_ten_minutes_is_a_failure(since: float, health: Health) -> None:
    before = running(deployment())
    new = deployment("app:2", container=PROBE)
    late = [seen(pod, since=NOW - since) for pod in pods_of(wanted(new, pods=before))]

    assert wanted(new, pods=[*before, *late]).status.health is health


def test_each_pod_that_comes_is_progress() -> None:
    written = deployment(replicas=2, container=PROBE)
    first, second = running(written, since=NOW - 900)
    came = replace(second, created=NOW - 60, started=NOW - 60)

    assert wanted(written, pods=[first, second]).status.health is Health.DEGRADED
    assert wanted(written, pods=[first, came]).status.health is Health.PROGRESSING


@pytest.mark.parametrize("row", ROWS["timed_out"], ids=str)
def test_a_rollout_is_late_as_in_kubernetes(row: dict[str, Any]) -> None:
    complete = row.get("reason") == "NewReplicaSetAvailable"
    deadline = row["progressDeadlineSeconds"] or FOREVER
    written = deployment(container="" if complete else PROBE, deadline=deadline)
    pods = running(written, since=NOW - row.get("elapsed_s", 11))

    status = wanted(written, pods=pods).status

    assert (status.health is Health.DEGRADED) is row["timed_out"]
    assert status.reason.startswith("ProgressDeadlineExceeded") is row["timed_out"]


def test_a_rollout_is_not_late_for_a_clock_that_was_put_forward() -> None:
    written = deployment(container=PROBE, deadline=600)
    pods = running(written, since=NOW - 3600)

    status = wanted(written, pods=pods, leaps=(Leap(NOW - 3500, 3001),)).status
    later = wanted(written, pods=pods, now=NOW + 2, leaps=(Leap(NOW - 3500, 3001),)).status

    assert status.health is Health.PROGRESSING
    assert later.reason.startswith("ProgressDeadlineExceeded")


@pytest.mark.parametrize("row", ROWS["complete"], ids=str)
def test_a_rollout_is_complete_as_in_kubernetes(row: dict[str, int]) -> None:
    replicas, updated = row["desired"], row["updated"]
    new = running(deployment("app:2", replicas=updated))
    old = running(deployment(replicas=row["current"] - updated))
    pods = [replace(pod, id=str(number)) for number, pod in enumerate([*new, *old])]
    down = [replace(pod, state="exited") for pod in pods[row["available"] :]]

    answer = wanted(deployment("app:2", replicas=replicas), pods=[*pods[: row["available"]], *down])

    assert (answer.settled and answer.status.health is Health.HEALTHY) is row["complete"]


def test_the_clock_stands_still_while_it_is_paused() -> None:
    before = running(deployment())
    (stuck, *_) = pods_of(wanted(deployment("app:2", container=PROBE), pods=before))
    paused = deployment("app:2", container=PROBE, paused="true")

    answer = wanted(paused, pods=[*before, seen(stuck, since=NOW - 900)])

    assert answer.status.health is Health.SUSPENDED


def halfway(replicas: int = 4) -> list[SeenPod]:
    """Return the pods of a rollout that has reached half of them, the old ones made by commit a1."""
    old = running(deployment(replicas=replicas // 2), commit="a1", since=NOW - 7200)
    return [*running(deployment("app:2", replicas=replicas // 2)), *old]


def telling(*documents: str) -> Callable[[str, Owner], Earlier | None]:
    """Return how a world answers what commit a1 said."""
    (then,) = manifests(*documents)
    return lambda sha, _: Earlier(then, catalog([then])) if sha == "a1" else None


def test_a_paused_deployment_scales_up_every_revision_by_its_share() -> None:
    bigger = deployment("app:2", replicas=8, paused="true")

    answer = wanted(bigger, pods=halfway(), commit="b2", earlier=telling(deployment()))

    assert sorted(pod.containers[0].image for pod in pods_of(answer)) == ["app:1"] * 2 + ["app:2"] * 4
    assert len(answer.keep) == 2
    assert len({pod.name for pod in pods_of(answer)} | answer.keep) == 8


def test_a_paused_deployment_scales_down_every_revision_by_its_share() -> None:
    answer = wanted(deployment("app:2", replicas=2, paused="true", strategy=rolling(0, 1)), pods=halfway())

    assert (len(names(answer)), len(answer.keep)) == (1, 1)


def test_a_paused_deployment_keeps_those_that_the_rollout_has_made_beyond_its_replicas() -> None:
    paused = deployment("app:2", replicas=3, paused="true", strategy=rolling(1, 0))

    answer = wanted(paused, pods=halfway(), commit="b2", earlier=telling(deployment()))

    assert len({pod.name for pod in pods_of(answer)} | answer.keep) == 4


def test_a_paused_deployment_of_nobody_has_nobody() -> None:
    answer = wanted(deployment("app:2", replicas=0, paused="true"), pods=halfway())

    assert (names(answer), len(answer.keep)) == ([], 0)


def test_a_paused_deployment_that_has_not_begun_scales_what_there_is() -> None:
    before = running(deployment(), commit="a1")

    answer = wanted(
        deployment("app:2", replicas=3, paused="true"),
        pods=before,
        commit="b2",
        earlier=telling(deployment()),
    )

    assert [pod.containers[0].image for pod in pods_of(answer)] == ["app:1"]
    assert len(answer.keep) == 2


def test_what_git_can_no_longer_tell_is_not_made_of_another_revision() -> None:
    answer = wanted(deployment("app:2", replicas=3, paused="true"), pods=running(deployment()))

    assert (names(answer), len(answer.keep), answer.settled) == ([], 2, False)


class Rollout:
    """A rollout in simulated time, each pass on what the one before has left."""

    def __init__(self, pods: Sequence[SeenPod], *, works: bool, past: Past | None = None) -> None:
        self.pods = list(pods)
        self.works = works
        self.past = past or Past()
        self.now = NOW

    def passes(self, written: str) -> Iterator[list[SeenPod]]:
        """Yield the pods after each pass, until nothing moves any more."""
        before: list[str] | None = None
        while before != self._names():
            before = self._names()
            for _ in range(3):
                self._pass(wanted(written, pods=self.pods, now=self.now, past=self.past))
                yield self.pods
                self.now += 1

    def _pass(self, answer: Wanted) -> None:
        by_name = {pod_name(pod): pod for pod in self.pods}
        state = "running" if self.works else "created"
        kept = [by_name[name] for name in answer.keep]
        made = [seen(pod, since=self.now, state=state) for pod in pods_of(answer) if pod.name not in by_name]
        self.pods = [*kept, *(by_name[name] for name in names(answer) if name in by_name), *made]

    def _names(self) -> list[str]:
        return sorted(pod.name for pod in self.pods)


ROLLOUTS = [
    (replicas, surge, unavailable)
    for replicas, surge, unavailable in product((1, 2, 3, 5), (0, 1, 2), (0, 1, 2))
    if surge or unavailable
]


@pytest.mark.parametrize(("replicas", "surge", "unavailable"), ROLLOUTS)
def test_a_whole_rollout_keeps_both_promises_and_ends(replicas: int, surge: int, unavailable: int) -> None:
    strategy = rolling(surge, unavailable)
    rollout = Rollout(running(deployment(replicas=replicas, strategy=strategy)), works=True)

    counts = [len(pods) for pods in rollout.passes(deployment("app:2", replicas, strategy=strategy))]

    assert max(counts) <= replicas + surge
    assert min(counts) >= replicas - unavailable
    assert {pod.image for pod in rollout.pods} == {"app:2"}
    assert len(rollout.pods) == replicas


@pytest.mark.parametrize(("replicas", "surge", "unavailable"), ROLLOUTS)
def test_a_restart_keeps_both_promises_and_replaces_every_pod_once(
    replicas: int, surge: int, unavailable: int
) -> None:
    written = deployment(replicas=replicas, strategy=rolling(surge, unavailable))
    before = running(written)
    rollout = Rollout(before, works=True, past=Past(notes={(WEB, RESTART): Note(NOW)}))

    passes = list(rollout.passes(written))

    assert max(map(len, passes)) <= replicas + surge
    assert min(map(len, passes)) >= replicas - unavailable
    came = {(pod.name, pod.created) for pods in passes for pod in pods} - {
        (p.name, p.created) for p in before
    }
    assert len(came) == len(rollout.pods) == replicas
    assert all(pod.created >= NOW for pod in rollout.pods)


@pytest.mark.parametrize(
    ("replicas", "surge", "unavailable"), [(1, 1, 0), (1, 0, 1), (3, 1, 0), (3, 0, 2), (3, 2, 1)]
)
@pytest.mark.parametrize("begun", [1, 4])
@pytest.mark.parametrize(("image", "more"), [("app:2", 2), ("app:3", 0), ("app:3", 1), ("app:3", -1)])
def test_a_rollout_that_is_overtaken_keeps_both_promises_and_ends(
    replicas: int, surge: int, unavailable: int, *, begun: int, image: str, more: int
) -> None:
    strategy, after = rolling(surge, unavailable), max(replicas + more, 0)
    rollout = Rollout(running(deployment(replicas=replicas, strategy=strategy)), works=True)
    overtaken = islice(rollout.passes(deployment("app:2", replicas, strategy=strategy)), begun)
    before = [len(pods) for pods in overtaken][-1]

    counts = [len(pods) for pods in rollout.passes(deployment(image, after, strategy=strategy))]

    assert max(counts) <= max(before, after + surge)
    assert min(counts) >= min(before, after - unavailable)
    assert [pod.image for pod in rollout.pods] == [image] * after


@pytest.mark.parametrize(("replicas", "surge", "unavailable"), ROLLOUTS)
def test_a_revision_that_never_runs_leaves_enough_of_the_old_one(
    replicas: int, surge: int, unavailable: int
) -> None:
    strategy = rolling(surge, unavailable)
    rollout = Rollout(running(deployment(replicas=replicas, strategy=strategy)), works=False)

    *_, last = rollout.passes(deployment("app:2", replicas, strategy=strategy))

    assert sum(pod.image == "app:1" for pod in last) >= replicas - unavailable
    assert len(last) <= replicas + surge
