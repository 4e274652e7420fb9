"""When a pod that ended starts again: the back-off, and who is not punished by it."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise

import pytest

from reconcilers.restarts import Again, after_a_probe, again
from runtime.records import Restarts
from runtime.seen import Exit, SeenPod

NOW = 10_000.0
QUIET = Exit(0, False, "")
LOOPING = Exit(3, False, "")  # Podman restarted it three times by itself


def ended(code: int, *, ran: float = 1.0, at: float = NOW) -> SeenPod:
    """Return a pod that ran for so many seconds and ended then."""
    return SeenPod("id", "shop.web", {}, "exited", "app:1", "", (), at - ran, at - ran, at, code)


@pytest.mark.parametrize("state", ["created", "running", "paused", "stopping", "removing"])
def test_a_pod_that_has_not_ended_is_left_alone(state: str) -> None:
    assert again(replace(ended(0), state=state), "Always", Restarts(0, 0), QUIET, NOW) is None


@pytest.mark.parametrize(
    ("policy", "code", "expected"),
    [
        ("Never", 0, Again(None, "Completed")),
        ("Never", 3, Again(None, "Error (exit 3)")),
        ("OnFailure", 0, Again(None, "Completed")),
        ("OnFailure", 3, Again(NOW, "Restarting (exit 3, 3 restarts)", counts=True)),
        ("Always", 0, Again(NOW, "Restarting (exit 0, 3 restarts)", counts=True)),
        ("Always", 3, Again(NOW, "Restarting (exit 3, 3 restarts)", counts=True)),
    ],
)
def test_the_policy_decides(policy: str, code: int, expected: Again) -> None:
    assert again(ended(code), policy, Restarts(0, 0), LOOPING, NOW) == expected


@pytest.mark.parametrize(
    ("count", "wait"), [(0, 0), (1, 10), (2, 20), (3, 40), (4, 80), (5, 160), (6, 300), (7, 300), (5000, 300)]
)
def test_each_restart_waits_twice_as_long_up_to_five_minutes(count: int, wait: float) -> None:
    found = again(ended(1), "Always", Restarts(count, NOW - 1), LOOPING, NOW)

    assert found is not None
    assert found.at == (NOW - 1 + wait if count else NOW)
    assert found.counts


@pytest.mark.parametrize("code", [0, 1])
def test_once_the_clock_was_set_back_nobody_waits_until_it_is_there_again(code: int) -> None:
    later = NOW + 3600

    found = again(ended(code, at=later), "Always", Restarts(3, later), LOOPING, NOW)
    quiet = again(ended(1, at=later), "Always", Restarts(0, 0), QUIET, NOW)
    probed = after_a_probe("Liveness probe failed", "Always", Restarts(3, later), later, NOW)

    assert found is not None
    assert quiet is not None
    assert [found.at, quiet.at, probed.at] == [NOW, NOW, NOW]


def test_the_wait_is_told_in_kubernetes_words() -> None:
    found = again(ended(1), "Always", Restarts(2, NOW - 1), LOOPING, NOW)

    assert found is not None
    assert found.reason == "CrashLoopBackOff (exit 1, 5 restarts, next in 19s)"


def test_running_out_of_memory_is_told() -> None:
    died = Exit(3, True, "")

    assert again(ended(137), "Never", Restarts(0, 0), died, NOW) == Again(None, "OOMKilled")
    found = again(ended(137), "Always", Restarts(1, NOW - 1), died, NOW)
    assert found is not None
    assert found.reason == "CrashLoopBackOff (OOMKilled, 4 restarts, next in 9s)"


def test_ten_minutes_of_running_are_forgiven_and_less_is_not() -> None:
    restarts = Restarts(6, NOW - 600)

    forgiven = again(ended(1, ran=600), "Always", restarts, LOOPING, NOW)
    punished = again(ended(1, ran=599), "Always", Restarts(6, NOW - 200), LOOPING, NOW)

    assert forgiven is not None
    assert forgiven.at == NOW
    assert punished is not None
    assert punished.at == NOW + 100


def test_a_hand_that_stops_a_pod_is_not_punished() -> None:
    found = again(ended(143), "Always", Restarts(6, NOW - 1), QUIET, NOW)

    assert found == Again(NOW, "stopped by a hand (exit 143)")


def test_what_failed_by_itself_is_left_to_podman_for_a_moment() -> None:
    young = again(ended(3, at=NOW - 0.25), "Always", Restarts(0, 0), QUIET, NOW)
    settled = again(ended(3, at=NOW - 1), "Always", Restarts(0, 0), QUIET, NOW)

    assert young == Again(NOW + 0.75, "ended (exit 3)")
    assert settled == Again(NOW, "stopped by a hand (exit 3)")


def test_a_pod_that_podman_does_not_restart_by_itself_backs_off_like_any_other() -> None:
    hooked = Exit(0, False, "", alone=True)

    found = again(ended(3), "Always", Restarts(1, NOW - 1), hooked, NOW)

    assert found == Again(NOW + 9, "CrashLoopBackOff (exit 3, 1 restarts, next in 9s)", counts=True)


def test_a_pod_that_could_not_even_start_backs_off() -> None:
    broken = Exit(0, False, "executable file not found")

    found = again(ended(127), "Always", Restarts(1, NOW - 1), broken, NOW)

    assert found is not None
    assert found.at == NOW + 9


def crash_loop(seconds: float) -> Iterator[float]:
    """Yield when a pod is started that ends a second after each start."""
    now, restarts = 0.0, Restarts(0, 0)
    while now < seconds:
        found = again(ended(1, at=now), "Always", restarts, LOOPING, now)
        assert found is not None
        assert found.at is not None
        started = max(found.at, now)
        restarts = Restarts(restarts.count + 1, started)
        yield started
        now = started + 1


def test_an_hour_of_a_crash_loop_has_seventeen_starts() -> None:
    starts = list(crash_loop(3600))
    waits = [later - earlier for earlier, later in pairwise(starts)]

    assert waits[:6] == [10, 20, 40, 80, 160, 300]
    assert set(waits[6:]) == {300}
    assert len(starts) == 17
