"""Whoever is in a network finds its gateway, which is Podman's resolver too, while neighbours come and go."""

from collections.abc import Iterator
from ipaddress import ip_network

import pytest

from runtime.podman import PodmanEngine
from tests.podman.conftest import Podman
from tests.podman.hands import Hands
from tests.podman.making import TOWN, pod
from tests.podman.program import until

GATEWAY = str(ip_network(TOWN.subnet)[1])


@pytest.fixture
def engine(empty_podman: Podman) -> Iterator[PodmanEngine]:
    engine = PodmanEngine(empty_podman.url)
    engine.create_network(TOWN)
    yield engine


@pytest.fixture
def hands(empty_podman: Podman) -> Hands:
    return Hands(empty_podman)


def gateway(hands: Hands, name: str) -> str:
    """Return the hardware address of the gateway, as a pod that asks it for its own name learns it.

    What a command says that ends quickly is lost now and then (seen with Podman 4.3, on a busy machine).
    """
    rows: list[list[str]] = []

    def is_told() -> bool:
        table = hands.do("exec", name, "sh", "-c", f"nslookup {name} {GATEWAY} && cat /proc/net/arp")
        rows.extend(line.split() for line in table.splitlines() if line.startswith(f"{GATEWAY} "))
        return bool(rows)

    until(is_told)
    return rows[0][3]


def test_a_bridge_keeps_its_address_when_the_first_of_its_pods_goes(
    engine: PodmanEngine, hands: Hands
) -> None:
    engine.create_pod(pod("town.first"))
    before = gateway(hands, "town.first")
    engine.create_pod(pod("town.second"))
    engine.remove_pod("town.first", 0)

    assert gateway(hands, "town.second") == before


def test_a_bridge_that_came_anew_keeps_its_address_too(engine: PodmanEngine, hands: Hands) -> None:
    engine.create_pod(pod("town.first"))
    engine.create_pod(pod("town.second"))
    for name in ("town.first", "town.second"):
        engine.stop_pod(name, 0)

    engine.start_pod("town.first")
    before = gateway(hands, "town.first")
    engine.start_pod("town.second")
    engine.remove_pod("town.first", 0)

    assert gateway(hands, "town.second") == before


def test_a_bridge_that_a_pod_joins_later_keeps_its_address(engine: PodmanEngine, hands: Hands) -> None:
    engine.create_pod(pod("town.first"))
    hands.disconnect("town.first", TOWN.name)
    engine.connect_pod("town.first", TOWN.name, ())
    before = gateway(hands, "town.first")
    engine.create_pod(pod("town.second"))
    engine.remove_pod("town.first", 0)

    assert gateway(hands, "town.second") == before
