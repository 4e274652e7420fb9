"""Passes until all is well, nothing can mend by itself, or the time is over."""

from collections.abc import Callable
from pathlib import Path

import pytest

from gitops.aim import Aim
from gitops.converge import PROOF, End, converge
from gitops.git.source import SourceError
from gitops.request import Request
from tests.gitops.material import shop
from tests.host import BEGINNING, Host
from tests.reconcilers.given import deployment

SCENARIOS = Path(__file__).parents[1] / "scenarios"
PROBE = ", readinessProbe: {tcpSocket: {port: 80}}"
HANDS: dict[str, Callable[[Host, str], object]] = {
    "stopped": lambda host, name: host.engine.stop(name),
    "killed": lambda host, name: host.engine.kill(name, 1, restarts=3),
    "paused": lambda host, name: host.engine.pause(name),
    "removed": lambda host, name: host.engine.remove(name),
    "renamed": lambda host, name: host.engine.rename(name, "mine"),
    "disconnected": lambda host, name: host.engine.disconnect(name, "sloop-shop"),
}


def test_what_runs_is_called_well_once_it_has_proven_itself(host: Host) -> None:
    host.commit("Open", shop())

    ended = host.apply()

    assert (ended.end, ended.message) == (End.WELL, "")
    assert PROOF <= host.clock.now - BEGINNING <= 1
    assert len(ended.results) == 3


def test_an_apply_takes_one_pass_to_act_and_one_to_see_that_all_is_well(host: Host) -> None:
    host.commit("Open", shop())

    host.apply()

    assert len(host.passes) == 2


def test_where_nobody_tells_the_age_of_a_process_two_looks_find_it_in_one_life(host: Host) -> None:
    host.commit("Open", shop())
    host.engine.tells_age = False

    ended = host.apply()

    assert (ended.end, len(host.passes)) == (End.WELL, 3)
    assert host.clock.now - BEGINNING >= PROOF


def test_what_breaks_right_after_its_start_is_not_called_well(host: Host) -> None:
    host.crashing["app:1"] = 1
    host.commit("Open", shop(replicas=1))

    ended = host.apply(seconds=5)

    assert ended.end is End.LATE
    assert "exit 1" in ended.message


def test_what_podman_has_just_started_again_proves_itself_anew(host: Host) -> None:
    host.commit("Open", shop())
    host.apply()
    host.clock.now += 60
    before = host.clock.now
    for pod in host.pods():
        host.engine.kill(pod, 1, restarts=1)
        host.engine.start_pod(pod)

    ended = host.apply()

    assert (ended.end, ended.results) == (End.WELL, [])
    assert host.clock.now - before == pytest.approx(PROOF, abs=0.01)


def test_what_cannot_mend_by_itself_is_not_waited_for(host: Host) -> None:
    host.commit("Open", shop("missing:1"))

    ended = host.apply(seconds=300)

    assert ended.end is End.FAILED
    assert "missing:1" in ended.message
    assert host.clock.now - BEGINNING < 2


def test_what_never_gets_ready_is_waited_for_until_the_time_is_over(host: Host) -> None:
    host.unready.add("app:1")
    host.commit("Open", {**shop(), "web.yaml": deployment(container=PROBE)})

    ended = host.apply(seconds=7)

    assert ended.end is End.LATE
    assert 7 <= host.clock.now - BEGINNING < 8
    assert "0 of 2 pods" in ended.message


@pytest.mark.parametrize("hours", [-2, 2])
def test_a_clock_that_is_set_right_meanwhile_ends_no_wait_and_makes_none_longer(
    host: Host, hours: int
) -> None:
    host.unready.add("app:1")
    host.commit("Open", {**shop(), "web.yaml": deployment(container=PROBE)})
    loop = host.loop()
    waited = loop.watch.wait

    def waits(seconds: float) -> bool:
        if BEGINNING + 3 < host.clock.now < BEGINNING + 3600:
            host.clock.set(hours * 3600)
        return waited(seconds)

    loop.watch.wait = waits  # type: ignore[method-assign]
    began = host.clock.steady()

    ended = converge(loop, timeout=7)

    assert abs(host.clock.now - BEGINNING) > 3600
    assert (ended.end, "0 of 2 pods" in ended.message) == (End.LATE, True)
    assert 7 <= host.clock.steady() - began < 8


def test_a_probe_that_begins_to_fail_until_the_time_is_over_is_named(host: Host) -> None:
    host.wavering.add("app:1")
    host.commit("Open", {**shop(replicas=1), "web.yaml": deployment(replicas=1, container=PROBE)})

    ended = host.apply(seconds=7)

    (pod,) = host.pods()
    assert (ended.end, ended.message) == (End.LATE, f"{pod}: Readiness probe failed: once")


def test_who_does_not_wait_leaves_after_the_first_pass(host: Host) -> None:
    host.unready.add("app:1")
    host.commit("Open", {**shop(), "web.yaml": deployment(container=PROBE)})

    ended = host.apply(wait=False)

    assert ended.end is End.WELL
    assert len(host.passes) == 1


def test_who_does_not_wait_is_told_of_a_failure(host: Host) -> None:
    host.commit("Open", shop("missing:1", api="app:1"))

    assert host.apply(wait=False).end is End.FAILED


def test_it_ends_when_replaced_pods_are_gone_and_not_before(host: Host) -> None:
    host.commit("Open", shop())
    host.apply()
    host.commit("Renew", shop("app:2"))

    ended = host.apply()

    assert ended.end is End.WELL
    assert {pod.image for pod in host.engine.look().pods} == {"app:2"}


def test_an_error_closes_the_run_as_failed_with_its_first_line(host: Host) -> None:
    host.commit("Open", shop("missing:1"))
    loop = host.loop()
    loop.sync_once()

    def away() -> Aim:
        raise SourceError("cannot read the repository\nlook there")

    loop.aim = away
    with pytest.raises(SourceError):
        converge(loop, timeout=1)

    (run,) = host.ledger.past.history()
    assert (run.outcome, run.message) == ("Failed", "cannot read the repository")


def test_what_was_done_is_told_in_the_end(host: Host) -> None:
    host.commit("Open", shop(replicas=1))

    ended = host.apply()

    assert [change.owner.kind for change in ended.changes] == ["Namespace", "Deployment"]
    assert [result.step.verb for result in ended.results] == ["create", "create"]
    assert ended.last.fares[-1].ready == "1/1"


@pytest.mark.parametrize("image", ["app:1", "app:2"])
@pytest.mark.parametrize("meanwhile", [Host.live, Host.forget], ids=["", "with a lost ledger"])
@pytest.mark.parametrize("hand", HANDS)
def test_it_converges_from_whatever_hands_have_done(
    host: Host, hand: str, meanwhile: Callable[[Host], None], image: str
) -> None:
    host.commit("Open", shop(replicas=3))
    host.apply()
    host.clock.now += 3600
    HANDS[hand](host, host.pods("shop.web-*")[1])
    meanwhile(host)
    host.commit("Next", shop(image, 3))

    ended = host.apply()

    pods = host.engine.look().pods
    assert ended.end is End.WELL
    assert [(pod.image, pod.state, pod.networks) for pod in pods] == [(image, "running", ("sloop-shop",))] * 3
    assert all(pod.name.startswith("shop.web-") for pod in pods)


def test_what_waits_for_something_that_failed_is_told_after_it_and_without_its_reason(host: Host) -> None:
    after = SCENARIOS / "who_depends_on_what_cannot_be_made_keeps_its_old_pods/after"
    host.commit("Open", {file.name: file.read_text() for file in after.iterdir()})

    message = host.apply().message

    assert message.startswith("Deployment/shop/db: cannot pull the image")
    assert message.endswith("; Deployment/shop/web: waits for Deployment/db")


def test_who_pushed_what_goes_on_crashing_waits_no_longer_than_for_its_fifth_restart(host: Host) -> None:
    host.crashing["app:2"] = 1
    host.commit("Good", shop())
    host.apply()
    began, sha = host.clock.now, host.commit("Crashes", shop("app:2"))

    ended = host.apply(Request("push", only=sha), seconds=3600)

    assert (ended.end, "CrashLoopBackOff (exit 1, " in ended.message) == (End.LATE, True)
    assert 30 < host.clock.now - began < 120
    assert host.apply(seconds=300).end is End.LATE
    assert host.clock.now - began > 300
    mended = host.commit("Mended", shop("app:3"))
    assert host.apply(Request("push", only=mended)).end is End.WELL


def test_what_crashes_and_is_taken_back_then_has_its_whole_time(host: Host) -> None:
    host.on_failure = "rollback"
    host.crashing["app:2"] = 1
    host.commit("Good", shop())
    host.apply()
    began, sha = host.clock.now, host.commit("Crashes", shop("app:2"))

    assert host.apply(Request("push", only=sha), seconds=300).end is End.BACK
    assert host.clock.now - began > 300
