"""Probes of real pods: from inside their networks, as root and rootless alike."""

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from runtime.engine import EngineError
from runtime.podman import PodmanEngine
from runtime.podman_api import Api
from runtime.podman_exec import run_in
from runtime.podman_service import Address
from runtime.probe_results import Answer
from runtime.probe_sockets import place_of
from runtime.prober import Prober
from runtime.probes import Http, Question, Tcp
from runtime.resources import Label, Pod
from runtime.seen import SeenPod
from tests.machine.engine import until
from tests.podman.conftest import Podman
from tests.podman.hands import Hands
from tests.podman.making import TOWN, pod
from tests.runtime.probe_asked import answer_of

PATIENCE = 30.0  # seconds
SERVES = "mkdir -p /tmp/w && echo hi > /tmp/w/index.html && exec httpd -f -h /tmp/w -p"
OFTEN = {"periodSeconds": 0.1, "timeoutSeconds": 5}


class Street:
    """A real engine, what runs commands in its pods, and hands that meddle."""

    def __init__(self, podman: Podman, engine: PodmanEngine) -> None:
        self.engine = engine
        self.hands = Hands(podman)
        self.api = Api(Address(str(podman.socket)))

    def run(self, name: str, command: Any, timeout: float) -> int:
        return run_in(self.api, name, command, timeout)

    def start(self, script: str, name: str = "town.baker", **probes: Any) -> SeenPod:
        self.engine.create_pod(probed(name, script, probes))
        return self.seen(name)

    def seen(self, name: str = "town.baker") -> SeenPod:
        (found,) = [one for one in self.engine.look().pods if one.name == name]
        return found

    def answer(self, pod: SeenPod, question: Question) -> Answer:
        return answer_of(question, place=place_of(pod), run=self.run)

    def reaches(self, pod: SeenPod, question: Question) -> None:
        until(lambda: self.answer(pod, question).good is True)
        assert self.answer(pod, question) == Answer(True)


def probed(name: str, script: str, probes: dict[str, Any]) -> Pod:
    made = pod(name, command=("sh", "-ec", script))
    label = json.dumps({"main": {kind: {**OFTEN, **probe} for kind, probe in probes.items()}})
    return replace(made, labels={**made.labels, Label.PROBES: label})


@pytest.fixture
def street(empty_podman: Podman) -> Iterator[Street]:
    engine = PodmanEngine(empty_podman.url)
    engine.create_network(TOWN)
    street = Street(empty_podman, engine)
    yield street


@pytest.fixture
def prober(street: Street) -> Iterator[Prober]:
    prober = Prober(street.run)
    yield prober
    prober.close()


def test_a_port_on_all_addresses_is_reached(street: Street) -> None:
    pod = street.start(f"{SERVES} 8080")

    street.reaches(pod, Http(8080))
    assert street.answer(pod, Http(8080, "/nowhere")).words == "HTTP probe failed with statuscode: 404"


def test_a_port_that_is_open_for_the_pod_alone_is_reached(street: Street) -> None:
    street.reaches(street.start(f"{SERVES} 127.0.0.1:8080"), Http(8080))


def test_a_port_that_only_the_pods_address_has_is_reached(street: Street) -> None:
    script = f"{SERVES} $(hostname -i | cut -d ' ' -f 1):8080"

    street.reaches(street.start(script), Tcp(8080))


def test_a_port_of_another_pod_is_not_mistaken_for_ones_own(street: Street) -> None:
    street.reaches(street.start(f"{SERVES} 8080", "town.miller"), Tcp(8080))

    pod = street.start("exec sleep 1000")

    assert street.answer(pod, Tcp(8080)) == Answer(False, "dial tcp :8080: connection refused")


def test_a_command_in_the_pod_is_asked_by_its_exit_code(street: Street) -> None:
    street.start("exec sleep 1000")

    assert street.run("town.baker", ["true"], 30) == 0
    assert street.run("town.baker", ["sh", "-c", "echo talkative; exit 7"], 30) == 7
    assert street.run("town.baker", ["nobody-has-this"], 30) != 0


def test_a_command_that_takes_too_long_is_killed(street: Street) -> None:
    street.start("exec sleep 1000")

    with pytest.raises(TimeoutError):
        street.run("town.baker", ["sh", "-c", "yes & sleep 333"], 0.5)

    until(lambda: "sleep 333" not in street.hands.do("top", "town.baker", "args"))
    assert "sleep 333" not in street.hands.do("top", "town.baker", "args")


def test_a_command_in_a_pod_that_is_gone_is_podmans_error(street: Street) -> None:
    with pytest.raises(EngineError, match="cannot run a command in the pod nobody"):
        street.run("nobody", ["true"], 30)


def test_a_command_in_a_paused_pod_is_podmans_error(street: Street) -> None:
    street.start("exec sleep 1000")
    street.hands.do("pause", "town.baker")

    with pytest.raises(EngineError, match="cannot run a command in the pod"):
        street.run("town.baker", ["true"], 30)


def test_all_kinds_together_make_a_pod_ready(street: Street, prober: Prober) -> None:
    street.start(
        f"{SERVES} 8080",
        startup={"tcpSocket": {"port": 8080}, "failureThreshold": 300},
        readiness={"httpGet": {"port": 8080}},
        liveness={"exec": {"command": ["true"]}},
    )
    pod = street.seen()
    prober.follow([pod], {})

    until(lambda: prober.readiness()[pod.id].ready, patience=PATIENCE)
    assert prober.readiness()[pod.id].ready
    assert prober.unwell() == {}


def test_many_pods_are_probed_at_once(street: Street, prober: Prober) -> None:
    probe = {"httpGet": {"port": 8080}}
    for name in ("a", "b", "c", "d", "e", "f"):
        street.start(f"{SERVES} 8080", f"town.{name}", readiness=probe)
    prober.follow(street.engine.look().pods, {})

    until(lambda: all(one.ready for one in prober.readiness().values()), patience=PATIENCE)
    assert [one.ready for one in prober.readiness().values()] == [True] * 6


def test_a_pod_whose_process_vanishes_is_not_ready_and_begins_anew_when_it_is_started(
    street: Street, prober: Prober
) -> None:
    pod = street.start(f"{SERVES} 8080", readiness={"tcpSocket": {"port": 8080}})
    prober.follow([pod], {})
    until(lambda: prober.readiness()[pod.id].ready, patience=PATIENCE)

    street.hands.do("stop", "--time=0", "town.baker")
    until(lambda: not prober.readiness()[pod.id].ready, patience=PATIENCE)
    assert prober.why() == {pod.id: "Readiness probe failed: its process has ended"}

    street.engine.start_pod("town.baker")
    prober.follow([street.seen()], prober.readiness())
    until(lambda: prober.readiness()[pod.id].ready, patience=PATIENCE)
    assert prober.readiness()[pod.id].ready


def test_a_pod_that_hangs_is_unwell(street: Street, prober: Prober) -> None:
    probe = {"httpGet": {"port": 8080, "path": "/alive"}, "initialDelaySeconds": 0}
    script = SERVES.replace("&& exec", "&& echo yes > /tmp/w/alive && exec")
    pod = street.start(f"{script} 8080", startup={**probe, "failureThreshold": 300}, liveness=probe)
    prober.follow([pod], {})
    until(lambda: prober.readiness()[pod.id].ready, patience=PATIENCE)

    street.hands.do("exec", "town.baker", "rm", "/tmp/w/alive")
    until(lambda: bool(prober.unwell()), patience=PATIENCE)

    assert prober.unwell() == {pod.id: "Liveness probe failed: HTTP probe failed with statuscode: 404"}
