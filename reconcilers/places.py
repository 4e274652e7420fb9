"""Where Services are: the address of each in its namespace's network, and its ports on the machine."""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import field
from ipaddress import IPv4Address, IPv4Network
from itertools import chain
from typing import Any, TypeVar

from runtime.dataclass import dataclass
from schemas.service import Service

NODE_PORTS = (30000, 32767)  # Kubernetes' own

Name = tuple[str, str]  # namespace and name
Known = Callable[[Name], Mapping[str, Any]]
Key = TypeVar("Key", bound=tuple[str, ...])


@dataclass(frozen=True, slots=True)
class Place:
    """Where a Service is: its address, "" for none, and by its ports' labels their numbers on the machine.

    ``trouble`` tells why it can't be where it should.
    """

    address: str = ""
    node_ports: Mapping[str, int] = field(default_factory=dict)
    trouble: str = ""


@dataclass(frozen=True, slots=True)
class Ground:
    """What there is to choose from, and what is taken.

    ``subnets`` go by namespace; the upper half of each is for Services, and for pods that are told their
    address.  ``taken`` are addresses of others and of such pods,
    ``ports`` the first and last number of node ports.
    """

    subnets: Mapping[str, str] = field(default_factory=dict)
    taken: frozenset[str] = frozenset()
    ports: tuple[int, int] = NODE_PORTS


def has_proxy(service: Service) -> bool:
    """Say whether a Service is an address of its own, which a proxy has."""
    return not service.spec.headless


def places(services: Iterable[Service], ground: Ground, known: Known) -> Mapping[Name, Place]:
    """Return where each Service is.

    What is written comes first, then what its proxy's note says (``known``), and what is new is found by a
    digest of its name, or the next that is free: so the same Services are at the same places on another
    machine, and nobody moves because somebody else came.
    """
    mine = [one for one in services if has_proxy(one)]
    addresses = _addresses(mine, ground, known)
    numbers = _node_ports(mine, ground, known)
    return {_name(one): _place(one, addresses, numbers, ground) for one in mine}


def address_for(key: Name, ground: Ground, others: frozenset[str]) -> str:
    """Return the address to which a digest of a name leads, or the next that is free, "" for none."""
    found: dict[Name, int] = {}
    if subnet := ground.subnets.get(key[0]):
        _fill(found, {key: _upper_half(subnet)}, ground.taken | others)
    return _address(found[key]) if key in found else ""


def _name(service: Service) -> Name:
    return service.metadata.namespace, service.metadata.name


def _place(
    one: Service, addresses: Mapping[Name, str], numbers: Mapping[Name, Mapping[str, int]], ground: Ground
) -> Place:
    name, written = _name(one), one.spec.cluster_ip
    address = addresses.get(name, "")
    return Place(address, numbers[name], "" if address else _trouble(ground.subnets.get(name[0]), written))


def _trouble(subnet: str | None, written: str | None) -> str:
    if not subnet:
        return "its namespace has no subnet yet"
    span = _upper_half(subnet)
    if not written:
        return f"no address is left in {subnet}"
    between = f"{_address(span[0])} and {_address(span[-1])}"
    return f"clusterIP {written} can't be had: it must be between {between}, and no other Service's"


def _addresses(services: Sequence[Service], ground: Ground, known: Known) -> dict[Name, str]:
    spans = {namespace: _upper_half(subnet) for namespace, subnet in ground.subnets.items()}
    written = [(_name(one), _number(str(one.spec.cluster_ip))) for one in services if one.spec.cluster_ip]
    free = sorted(_name(one) for one in services if not one.spec.cluster_ip)
    kept = [(name, _number(str(known(name).get("address", "")))) for name in free]
    wishes = [(name, number) for name, number in [*written, *kept] if number in spans.get(name[0], ())]
    found = _first_come(wishes, {_number(one) for one in ground.taken})
    _fill(found, {name: spans[name[0]] for name in free if spans.get(name[0])}, ground.taken)
    return {name: _address(number) for name, number in found.items()}


def _node_ports(services: Sequence[Service], ground: Ground, known: Known) -> dict[Name, dict[str, int]]:
    span = range(ground.ports[0], ground.ports[1] + 1)
    ports = [(one, port) for one in sorted(services, key=_name) for port in one.spec.ports]
    written = [((*_name(one), port.label), port.node_port) for one, port in ports if port.node_port]
    free = [(*_name(one), port.label) for one, port in ports if one.spec.type == "NodePort"]
    kept = [(key, _kept(known(key[:2]), key[2])) for key in free]
    found = _first_come([*written, *((key, number) for key, number in kept if number in span)], set())
    _fill(found, dict.fromkeys(free, span), ())
    return {_name(one): {k[2]: n for k, n in found.items() if k[:2] == _name(one)} for one in services}


def _kept(note: Mapping[str, Any], label: str) -> int:
    """Return a port's number on the machine as a note has it, 0 for none."""
    numbers = note.get("nodePorts")
    number = numbers.get(label) if isinstance(numbers, dict) else None
    return number if isinstance(number, int) else 0


def _first_come(wishes: Iterable[tuple[Key, int]], taken: set[int]) -> dict[Key, int]:
    """Give numbers to those who wish for them; a number is had once, and the first has it."""
    found: dict[Key, int] = {}
    for key, number in wishes:
        if key not in found and number not in taken | set(found.values()):
            found[key] = number
    return found


def _fill(found: dict[Key, int], spans: Mapping[Key, range], others: Iterable[str]) -> None:
    """Give to who has none yet the number to which a digest leads, or the next that is free."""
    taken = {*found.values(), *(_number(one) for one in others)}
    for key, span in spans.items():
        if key not in found:
            number = next((each for each in _from_digest(span, key) if each not in taken), None)
            found |= {} if number is None else {key: number}
            taken.add(number or 0)


def _from_digest(span: range, words: Sequence[str]) -> Iterator[int]:
    """Return all of a span, beginning where the digest of some words leads."""
    start = int.from_bytes(hashlib.sha256("/".join(words).encode()).digest()[:8], "big") % len(span)
    return chain(span[start:], span[:start])


def _upper_half(subnet: str) -> range:
    if not subnet:
        return range(0)
    network = IPv4Network(subnet)
    middle = int(network.network_address) + network.num_addresses // 2
    return range(middle, int(network.broadcast_address))


def _address(number: int) -> str:
    return str(IPv4Address(number))


def _number(address: str) -> int:
    """Return an address as a number, 0 for what is none."""
    try:
        return int(IPv4Address(address))
    except ValueError:
        return 0
