"""A source on its engine, with all that the settings say of the machine."""

import os
from dataclasses import replace
from typing import TYPE_CHECKING

from gitops.git.source import Source
from gitops.settings import Settings, SettingsError, rules

if TYPE_CHECKING:
    from gitops.issuing import Issuer
    from gitops.planning.house import House
    from reconcilers.world import Entrance
    from runtime.engine import Engine


def house_of(settings: Settings, source: Source, engine: "Engine") -> "House":
    """Return the source on the engine."""
    from gitops.beside import neighbours_of
    from gitops.machine import this_machine
    from gitops.node import node_labels
    from gitops.planning.house import House, Options

    labels = {**node_labels(settings.node), **settings.node_labels}
    machine = this_machine()
    entrance = entrance_of(settings, os.geteuid())
    made = Options(
        settings.pool,
        settings.node,
        machine,
        labels,
        settings.proxy_image,
        entrance=entrance,
        node_ports=node_ports(settings.proxy_node_ports),
        forbidden=settings.policy_forbid,
        ignored=settings.policy_ignore,
        prune=rules(settings).prune,
    )
    house = House(source, engine, made)
    return replace(house, neighbours=tuple(neighbours_of(settings, house)))


def issuer_of(settings: Settings) -> "Issuer":
    """Return whom certificates are asked of, nobody before its terms are agreed to."""
    from gitops.issuing import Issuer

    return Issuer(settings.acme_directory if settings.acme_agree else "", settings.acme_email)


def entrance_of(settings: Settings, user: int) -> "Entrance":
    """Return how the machine is entered; the usual ports are root's own."""
    from reconcilers.world import Entrance

    http, https = (80, 443) if user == 0 else (8080, 8443)
    return Entrance(
        settings.ingress_http or http,
        settings.ingress_https or https,
        frozenset(settings.ingress_classes),
        settings.acme_directory if settings.acme_agree else "",
        settings.ingress_address,
    )


def node_ports(text: str) -> tuple[int, int]:
    """Read ``30000-32767``; raises SettingsError."""
    first, _, last = text.partition("-")
    if first.isdecimal() and last.isdecimal() and 0 < int(first) <= int(last) < 65536:
        return int(first), int(last)
    raise SettingsError(f"SLOOP_PROXY_NODE_PORTS: {text!r} is no range of ports: write 30000-32767")
