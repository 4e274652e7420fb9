"""Which subnet a new network gets."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from ipaddress import IPv4Network, ip_network

from gitops.scene import Draft
from gitops.steps import Create
from runtime.resources import Network
from runtime.seen import Seen

SIZE = 20  # bits: 2,046 pods below, as many Services above


def with_subnets(drafts: Iterable[Draft], seen: Seen, pool: str) -> list[Draft]:
    """Give each network that is about to be made the first free subnet of the pool.

    A network for which none is left keeps the empty subnet; the engine then says what is wrong.
    """
    taken = [
        subnet for text in _taken(seen) if isinstance(subnet := ip_network(text, strict=False), IPv4Network)
    ]
    given = []
    for draft in drafts:
        match draft.action:
            case Create(Network() as network):
                chosen = _free(pool, taken)
                taken += [chosen] if chosen else []
                given.append(replace(draft, action=Create(replace(network, subnet=str(chosen or "")))))
            case _:
                given.append(draft)
    return given


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
