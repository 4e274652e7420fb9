import threading
from collections.abc import Iterator
from dataclasses import replace

import pytest

from runtime.engine import EngineError
from runtime.prober import Prober, ProbingStopped
from runtime.records import Readiness
from tests.machine.engine import until
from tests.runtime.probe_material import free_port, pod_here, saying

PATIENCE = 20.0  # seconds
EXEC = {"exec": {"command": ["test"]}}


class Town:
    """What runs commands for a prober, and answers as it was told."""

    def __init__(self) -> None:
        self.code = 0
        self.asked = 0
        self.trouble: Exception | None = None

    def __call__(self, *_: object) -> int:
        self.asked += 1
        if self.trouble:
            raise self.trouble
        return self.code


@pytest.fixture
def town() -> Town:
    return Town()


@pytest.fixture
def prober(town: Town) -> Iterator[Prober]:
    prober = Prober(town, clock=lambda: 1000.0, lived=lambda _: 0.0)
    yield prober
    prober.close()


def is_ready(prober: Prober, id_: str = "1") -> bool:
    return prober.readiness()[id_].ready


def test_a_pod_becomes_ready_when_its_probe_passes(prober: Prober) -> None:
    with saying(b"HTTP/1.1 200 OK\r\n\r\n") as port:
        prober.follow([pod_here(readiness={"httpGet": {"port": port}}, started=1000)], {})

        assert prober.wait(PATIENCE)
        assert is_ready(prober)


def test_readiness_is_known_as_soon_as_a_pod_is_followed(prober: Prober) -> None:
    slow = {**EXEC, "initialDelaySeconds": 1000}
    prober.follow([pod_here(readiness=slow, started=1000)], {})

    assert prober.readiness() == {"1": Readiness(False, 1000)}


def test_why_a_pod_isnt_ready_is_told(prober: Prober) -> None:
    port = free_port()
    prober.follow([pod_here(readiness={"tcpSocket": {"port": port}}, started=1000)], {})

    until(lambda: bool(prober.why()))
    assert prober.why() == {"1": f"Readiness probe failed: dial tcp :{port}: connection refused"}


def test_a_pod_that_fails_goes_and_comes_back(prober: Prober, town: Town) -> None:
    prober.follow([pod_here(readiness=EXEC, started=1000)], {})
    assert prober.wait(PATIENCE)
    assert is_ready(prober)

    town.code = 1
    assert prober.wait(PATIENCE)
    assert not is_ready(prober)

    town.code = 0
    assert prober.wait(PATIENCE)
    assert is_ready(prober)


def test_a_pod_that_doesnt_live_has_to_be_restarted_and_is_asked_no_more(prober: Prober, town: Town) -> None:
    town.code = 1
    prober.follow([pod_here(liveness=EXEC, started=1000)], {})

    assert prober.wait(PATIENCE)
    assert prober.unwell() == {"1": 'Liveness probe failed: command "test" exited with 1'}
    assert not prober.wait(0.1)
    assert town.asked == 3


def test_a_probe_that_begins_to_fail_wavers_until_it_has_decided(prober: Prober, town: Town) -> None:
    patient = {**EXEC, "periodSeconds": 1, "failureThreshold": 2}
    prober.follow([pod_here(liveness=patient, started=1000)], {})
    until(prober.heard)
    assert not prober.wavering()

    town.code = 1

    until(lambda: prober.wavering() == {"1": 'Liveness probe failed: command "test" exited with 1'})
    until(lambda: bool(prober.unwell()))
    assert not prober.wavering()


def test_nobody_was_heard_before_the_first_answer(prober: Prober, town: Town) -> None:
    slow = {**EXEC, "initialDelaySeconds": 1000}
    prober.follow([pod_here(readiness=slow, started=1000)], {})

    assert not prober.heard()
    assert town.asked == 0


def test_a_pod_that_only_seems_old_is_new_and_is_given_its_delay(town: Town) -> None:
    prober = Prober(town, clock=lambda: 1000.0, lived=lambda _: 0.5)  # the clock was put forward since
    slow = {**EXEC, "initialDelaySeconds": 300}
    prober.follow(
        [pod_here("1", readiness=EXEC, started=400), pod_here("2", readiness=slow, started=400)], {}
    )

    assert not is_ready(prober, "2")
    assert prober.wait(PATIENCE)
    assert (is_ready(prober, "1"), is_ready(prober, "2"), town.asked) == (True, False, 1)
    prober.close()


def test_a_restarted_pod_begins_anew(prober: Prober, town: Town) -> None:
    pod = pod_here(readiness=EXEC, liveness=EXEC, started=1000)
    prober.follow([pod], {})
    until(lambda: is_ready(prober))
    town.code = 1
    until(lambda: bool(prober.unwell()))

    prober.follow([replace(pod, started=1001)], {})

    assert prober.unwell() == {}
    assert not is_ready(prober)


def test_following_a_pod_again_changes_nothing(prober: Prober) -> None:
    pod = pod_here(readiness=EXEC, started=1000)
    prober.follow([pod], {})
    assert prober.wait(PATIENCE)

    prober.follow([pod], {"1": Readiness(False, 1000)})

    assert is_ready(prober)
    assert not prober.wait(0)


def test_a_pod_that_is_gone_is_forgotten(prober: Prober) -> None:
    pod = pod_here(readiness=EXEC, started=1000)
    prober.follow([pod], {})
    assert prober.wait(PATIENCE)

    prober.follow([replace(pod, state="exited")], {})
    assert prober.readiness() == {}

    prober.follow([replace(pod, id="2")], {})
    assert prober.wait(PATIENCE)
    assert set(prober.readiness()) == {"2"}


def test_pods_without_probes_are_nobodys_business(prober: Prober) -> None:
    prober.follow([pod_here()], {})

    assert prober.readiness() == {}


def test_a_pod_that_starts_up_late_becomes_ready(prober: Prober) -> None:
    with saying(b"HTTP/1.1 500 no\r\n\r\n", b"HTTP/1.1 500 no\r\n\r\n", b"HTTP/1.1 200 OK\r\n\r\n") as port:
        startup = {"httpGet": {"port": port}, "failureThreshold": 10}
        prober.follow([pod_here(startup=startup, readiness=EXEC, started=1000)], {})

        assert prober.wait(PATIENCE)
        assert is_ready(prober)


def test_recorded_readiness_is_taken_over(prober: Prober) -> None:
    slow = {**EXEC, "initialDelaySeconds": 1000}
    recorded = {"1": Readiness(True, 500, successes=9), "2": Readiness(False, 500, failures=4)}
    prober.follow(
        [pod_here("1", readiness=slow, started=400), pod_here("2", readiness=slow, started=400)], recorded
    )

    assert prober.readiness() == recorded


def test_podman_out_of_reach_takes_no_pod_out(prober: Prober, town: Town) -> None:
    pod = pod_here(readiness=EXEC, liveness=EXEC, started=1000)
    prober.follow([pod], {})
    assert prober.wait(PATIENCE)

    town.trouble = EngineError("nobody answers")
    asked = town.asked
    until(lambda: town.asked > asked + 10)

    assert is_ready(prober)
    assert prober.unwell() == {}


def test_two_hundred_pods_are_all_asked(prober: Prober) -> None:
    with saying(b"") as port:
        often = {"tcpSocket": {"port": port}, "periodSeconds": 0.5}
        prober.follow([pod_here(str(id_), readiness=often, started=1000) for id_ in range(200)], {})

        until(lambda: all(one.successes > 2 for one in prober.readiness().values()))
        assert all(one.ready for one in prober.readiness().values())


def test_pods_that_count_as_ready_are_not_all_asked_at_once(prober: Prober, town: Town) -> None:
    seldom = {**EXEC, "periodSeconds": 10_000}
    recorded = {str(id_): Readiness(True, 500) for id_ in range(100)}
    prober.follow([pod_here(id_, readiness=seldom, started=400) for id_ in recorded], recorded)

    assert not prober.wait(0.1)
    assert town.asked < 10


def test_pods_come_and_go_while_they_are_asked(prober: Prober) -> None:
    pods = [pod_here(str(id_), readiness=EXEC, started=1000) for id_ in range(20)]
    for at in range(100):
        prober.follow(pods[at % 20 :], {})

    assert set(prober.readiness()) == {"19"}


def test_a_defect_is_told_to_whoever_asks(town: Town) -> None:
    prober = Prober(town, lived=lambda _: 0.0)
    town.trouble = KeyError("a defect")
    prober.follow([pod_here(readiness=EXEC)], {})

    with pytest.raises(ProbingStopped, match="a defect"):
        prober.wait(PATIENCE)
    with pytest.raises(ProbingStopped):
        prober.follow([], {})
    prober.close()


def test_close_ends_the_thread_whatever_it_is_doing(town: Town) -> None:
    before = threading.active_count()
    prober = Prober(town, lived=lambda _: 0.0)
    prober.follow([pod_here(readiness=EXEC, liveness={"tcpSocket": {"port": free_port()}})], {})
    prober.close()
    prober.close()

    assert threading.active_count() == before
