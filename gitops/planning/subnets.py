"""Which subnet a new network gets."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from ipaddress import IPv4Network, ip_network

from gitops.planning.scene import Draft
from gitops.planning.steps import Create
from reconcilers.template import network_name
from runtime.resources import Network
from runtime.seen import Seen

SIZE = 20  # bits: 2,046 pods below, as many Services above


def with_subnets(drafts: Iterable[Draft], seen: Seen, pool: str) -> list[Draft]:
    """Give each network that is about to be made and has no subnet yet the first free one of the pool.

    A network for which none is left keeps the empty subnet; the engine then says what is wrong.
    """
    drafts = list(drafts)
    made = (draft.action.resource for draft in drafts if isinstance(draft.action, Create))
    foreseen = (ip_network(one.subnet) for one in made if isinstance(one, Network) and one.subnet)
    taken = [*_taken(seen), *(one for one in foreseen if isinstance(one, IPv4Network))]
    given = []
    for draft in drafts:
        match draft.action:
            case Create(Network(subnet="") as network):
                chosen = _free(pool, taken)
                taken += [chosen] if chosen else []
                given.append(replace(draft, action=Create(replace(network, subnet=str(chosen or "")))))
            case _:
                given.append(draft)
    return given


def subnets(namespaces: Iterable[str], seen: Seen, pool: str) -> Mapping[str, str]:
    """Return the subnet of each namespace's network: the one that it has, or the one that it will have."""
    there = {network.name: network.subnets for network in seen.networks}
    taken, found = list(_taken(seen)), dict[str, str]()
    for namespace in sorted(set(namespaces)):
        has = there.get(network_name(namespace))
        if has is None and (chosen := _free(pool, taken)):
            taken.append(chosen)
            has = (str(chosen),)
        found |= {namespace: has[0]} if has else {}
    return found


def _taken(seen: Seen) -> Iterator[IPv4Network]:
    texts = [*seen.routes, *(subnet for network in seen.networks for subnet in network.subnets)]
    parsed = (ip_network(text, strict=False) for text in texts)
    return (subnet for subnet in parsed if isinstance(subnet, IPv4Network))


def _free(pool: str, taken: Sequence[IPv4Network]) -> IPv4Network | None:
    start, end = IPv4Network(pool).network_address, IPv4Network(pool).broadcast_address
    for number in range(int(start), int(end), 1 << (32 - SIZE)):
        subnet = IPv4Network((number, SIZE))
        if not any(subnet.overlaps(other) for other in taken):
            return subnet
    return None
