from dataclasses import replace
from functools import partial

from runtime import probe_tick
from runtime.records import Readiness
from tests.runtime.probe_asked import nothing_to_run
from tests.runtime.probe_material import free_port, pod_here, saying

NOW = 2000.0
YOUNG = NOW - 1
EXEC = {"exec": {"command": ["test"]}}
check_once = partial(probe_tick.check_once, lived=lambda _: 0.0)  # the process is that of the tests


def test_a_tick_asks_every_probe_once() -> None:
    asked: list[str] = []

    def run(name: str, *_: object) -> int:
        asked.append(name)
        return 0

    pods = [pod_here(id_, readiness=EXEC, liveness=EXEC, started=YOUNG) for id_ in ("1", "2")]
    checked = check_once(pods, {}, run, NOW)

    assert checked.readiness == {id_: Readiness(True, NOW, successes=1) for id_ in ("1", "2")}
    assert sorted(asked) == ["town.1", "town.1", "town.2", "town.2"]


def test_a_tick_goes_on_where_the_last_one_ended() -> None:
    pod = pod_here(readiness={**EXEC, "successThreshold": 2}, started=YOUNG)
    first = check_once([pod], {}, lambda *_: 0, NOW)
    second = check_once([pod], first.readiness, lambda *_: 0, NOW + 60)

    assert not first.readiness["1"].ready
    assert second.readiness["1"] == Readiness(True, NOW + 60, successes=2)


def test_a_pod_is_restarted_after_failures_in_several_ticks() -> None:
    pod = pod_here(liveness={**EXEC, "failureThreshold": 2}, started=YOUNG)
    first = check_once([pod], {}, lambda *_: 1, NOW)
    second = check_once([pod], first.readiness, lambda *_: 1, NOW + 60, failing=first.failing)

    assert (first.unwell, first.failing) == ({}, {"1": 1})
    assert second.unwell == {"1": 'Liveness probe failed: command "test" exited with 1'}


def test_after_a_startup_probe_has_passed_the_others_are_asked_at_once() -> None:
    with saying(b"") as port:
        pod = pod_here(startup={"tcpSocket": {"port": port}}, readiness=EXEC, started=YOUNG)

        assert check_once([pod], {}, lambda *_: 0, NOW).readiness["1"].ready


def test_a_probe_is_not_asked_before_its_delay_is_over() -> None:
    pod = pod_here(readiness={**EXEC, "initialDelaySeconds": 5}, started=YOUNG)

    assert check_once([pod], {}, nothing_to_run, NOW).readiness == {"1": Readiness(False, YOUNG)}


def test_a_pod_that_only_seems_old_is_given_its_delay() -> None:
    pod = pod_here(readiness={**EXEC, "initialDelaySeconds": 5}, started=NOW - 1000)

    assert check_once([pod], {}, lambda *_: 0, NOW).readiness["1"].ready
    found = check_once([pod], {}, nothing_to_run, NOW, lived=lambda _: 4.0)
    assert found.readiness == {"1": Readiness(False, NOW - 1000)}


def test_a_tick_says_why_a_pod_isnt_ready() -> None:
    port = free_port()
    pod = pod_here(readiness={"tcpSocket": {"port": port}}, started=YOUNG)

    assert check_once([pod], {}, nothing_to_run, NOW).why == {
        "1": f"Readiness probe failed: dial tcp :{port}: connection refused"
    }


def test_only_running_pods_with_probes_are_asked() -> None:
    stopped = replace(pod_here(readiness=EXEC), state="exited")

    assert check_once([stopped, pod_here("2")], {}, nothing_to_run, NOW).readiness == {}
