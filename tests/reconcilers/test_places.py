"""Where Services are: as is written, then as it was, then where a digest leads; nobody is moved by others."""

from collections.abc import Mapping
from dataclasses import replace
from ipaddress import IPv4Address
from typing import Any

import pytest

from reconcilers.places import Ground, Place, address_for, places
from schemas.service import Service
from tests.reconcilers.given import manifests

GROUND = Ground({"shop": "10.144.0.0/20"})
LOWEST, HIGHEST = "10.144.8.0", "10.144.15.254"


def service(name: str = "web", **spec: object) -> Service:
    fields = {"ports": [{"port": 80}], **spec}
    (one,) = manifests(
        f"{{apiVersion: v1, kind: Service, metadata: {{name: {name}, namespace: shop}}, spec: {fields}}}"
    )
    assert isinstance(one.object, Service)
    return one.object


def placed(
    *services: Service, notes: Mapping[str, Mapping[str, Any]] | None = None, ground: Ground = GROUND
) -> dict[str, Place]:
    found = places(services, ground, lambda name: (notes or {}).get(name[1], {}))
    return {name: place for (_, name), place in found.items()}


def test_the_same_services_have_the_same_addresses_whoever_else_comes() -> None:
    alone = placed(service("web"))["web"].address

    together = placed(*(service(f"other-{number}") for number in range(50)), service("web"))

    assert together["web"].address == alone
    assert len({one.address for one in together.values()}) == 51
    assert all(one.address.startswith("10.144.") for one in together.values())


def test_what_a_note_says_stays_even_where_a_digest_leads_elsewhere() -> None:
    assert placed(service(), notes={"web": {"address": "10.144.9.9"}})["web"].address == "10.144.9.9"


@pytest.mark.parametrize("note", ["10.144.0.9", "10.200.0.1", "nonsense", 7, None])
def test_a_note_of_an_address_that_cannot_be_is_not_believed(note: object) -> None:
    assert placed(service(), notes={"web": {"address": note}}) == placed(service())


def test_a_written_address_is_had_before_all_others() -> None:
    taken = placed(service("web"))["web"].address

    both = placed(service("web"), service("first", clusterIP=taken))

    assert both["first"].address == taken
    assert both["web"].address not in {"", taken}


@pytest.mark.parametrize("address", ["10.144.0.9", "10.144.15.255", "192.0.2.1"])
def test_an_address_outside_of_the_range_is_told_with_the_range(address: str) -> None:
    place = placed(service(clusterIP=address))["web"]

    assert place.address == ""
    assert f"clusterIP {address} can't be had" in place.trouble
    assert f"between {LOWEST} and {HIGHEST}" in place.trouble


def test_an_address_is_had_once_and_never_one_of_another_source() -> None:
    both = placed(service("a", clusterIP="10.144.9.9"), service("b", clusterIP="10.144.9.9"))
    other = placed(
        service("a", clusterIP="10.144.9.9"), ground=Ground(GROUND.subnets, frozenset({"10.144.9.9"}))
    )

    assert (both["a"].address, both["b"].address) == ("10.144.9.9", "")
    assert other["a"].trouble


def test_where_no_address_is_left_that_is_told() -> None:
    tiny = Ground({"shop": "10.0.0.0/29"})

    several = placed(*(service(f"s{number}") for number in range(5)), ground=tiny)

    assert sorted(bool(one.address) for one in several.values()) == [False, False, True, True, True]
    assert "no address is left in 10.0.0.0/29" in {one.trouble for one in several.values()}


def test_node_ports_are_written_or_kept_or_found_and_each_had_once() -> None:
    several = placed(
        service("a", type="NodePort", ports=[{"port": 80, "nodePort": 30080}]),
        service("b", type="NodePort"),
        service("c", type="NodePort"),
        service("d"),
        notes={"b": {"nodePorts": {"80": 30123}}, "c": {"nodePorts": {"80": 30080}}},
    )

    assert several["a"].node_ports == {"80": 30080}
    assert several["b"].node_ports == {"80": 30123}
    assert several["c"].node_ports["80"] not in {30080, 30123}
    assert 30000 <= several["c"].node_ports["80"] <= 32767
    assert several["d"].node_ports == {}


def test_a_headless_service_is_nowhere() -> None:
    assert placed(service(clusterIP="None")) == {}


def test_a_pod_has_the_address_to_which_its_name_leads_or_the_next_that_is_free() -> None:
    ground = Ground({"shop": "10.144.0.0/20"})
    first = address_for(("shop", "shop.web"), ground, frozenset())
    second = address_for(("shop", "shop.web"), ground, frozenset({first}))
    third = address_for(("shop", "shop.web"), replace(ground, taken=frozenset({first})), frozenset())

    assert first == address_for(("shop", "shop.web"), ground, frozenset())
    assert first != address_for(("shop", "shop.api"), ground, frozenset())
    assert IPv4Address("10.144.8.0") <= IPv4Address(first) < IPv4Address("10.144.15.255")
    assert second == third == str(IPv4Address(first) + 1)
    assert address_for(("elsewhere", "web"), ground, frozenset()) == ""
