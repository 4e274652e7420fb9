"""Ingresses: one proxy for all of them, which publishes two ports of this machine; and how each fares."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from reconcilers.certificates import asked, due_at, told
from reconcilers.contents import volume_labels
from reconcilers.ingress_text import HTTP, HTTPS, Front, files, text
from reconcilers.proxy import Proxy, proxy_resources
from reconcilers.routing import Given, Routing, owner_of, routing
from reconcilers.wanted import Health, Status, Wanted
from reconcilers.world import Entrance, World
from runtime.certificates import KIND, VOLUME, Hosts
from runtime.resources import (
    Configuration,
    Owner,
    Port,
    Resource,
    Volume,
    digest,
    digest_of_files,
    short,
)
from schemas.backends import ours
from schemas.networking import OURS, Ingress, IngressClass
from schemas.service import Service

CLASS = Owner("IngressClass", "", OURS)  # to whom the proxy belongs
NAME = "sloop__ingress"  # what Podman calls the proxy, and its volume
HOME = "ingress.sloop"  # its network's namespace, in which nothing else is: no real one has a dot
CLAIMS = "claims"  # in its note: who has which host and path


def led(objects: Sequence[Any], world: World) -> Routing:
    """Return where the Ingresses among a commit's objects lead."""
    ingresses = [one for one in objects if isinstance(one, Ingress)]
    services = {
        (one.metadata.namespace, one.metadata.name): one for one in objects if isinstance(one, Service)
    }
    issued = {hosts: one for hosts, one in world.kept.issued.items() if one.pem.value}
    served_here = classes(objects, world.entrance)
    given = Given(
        served_here,
        ingresses,
        services,
        world.catalog.secrets,
        world.catalog.closed,
        held=_held(world),
        issued=issued,
    )
    return routing(given)


def classes(objects: Iterable[Any], entered: Entrance) -> frozenset[str]:
    """Return the classes that are served: ours, what the configuration adds, what is declared ours."""
    declared = (one.metadata.name for one in objects if isinstance(one, IngressClass) and ours(one))
    return frozenset([OURS, *entered.classes, *declared])


def entrance(one: IngressClass, _: Mapping[str, Any], world: World) -> Wanted:
    """Return the proxy of all Ingresses, which belongs to our own class; other classes want nothing."""
    owner = Owner(one.kind, "", one.metadata.name)
    if owner != CLASS:
        return Wanted(
            owner, (), Status(Health.HEALTHY, "" if ours(one) else "another controller's: left alone")
        )
    if not world.routing.routes:
        return Wanted(owner, (), Status(Health.HEALTHY, "no Ingress of this class leads anywhere"))
    made, wanted = proxy_resources(world, _proxy(world)), asked(world)
    orders = (
        tuple(hosts for hosts in wanted if due_at(world, hosts) <= world.now) if _ready(world, made) else ()
    )
    volume = Volume(VOLUME, volume_labels(world, KIND, str(CLASS)))
    later = min((due_at(world, hosts) for hosts in wanted if hosts not in orders), default=None)
    return Wanted(
        owner,
        (*made, *([volume] if wanted else [])),
        _status(world, orders),
        settled=_runs(world),
        orders=orders,
        look_again=later if later is None or later > world.now else None,
    )


def ingress(one: Ingress, _: Mapping[str, Any], world: World) -> Wanted:
    """Return nothing but how an Ingress fares: its class has the proxy."""
    owner = owner_of(one)
    if not served(one, world):
        told_so = (
            f"left alone: nobody serves the class {one.class_name} here (see ingressClassName in the docs)"
        )
        return Wanted(owner, (), Status(Health.HEALTHY, told_so))
    found = [(Health.DEGRADED, text) for text in world.routing.faults.get(owner, ())]
    found += [*told(world, owner), *((Health.HEALTHY, text) for text in world.routing.remarks.get(owner, ()))]
    found += [(Health.PROGRESSING, lacking)] if (lacking := _lacking(world)) else []
    worst = max((health for health, _ in found), key=list(Health).index, default=Health.HEALTHY)
    return Wanted(owner, (), Status(worst, "; ".join(text for _, text in found)))


def served(one: Ingress, world: World) -> bool:
    """Say whether an Ingress is of a class that is served here."""
    return one.class_name in world.routing.classes


def _held(world: World) -> Mapping[str, str]:
    held = world.note(NAME).get(CLAIMS)
    return held if isinstance(held, dict) else {}


def _runs(world: World) -> bool:
    return any(pod.state == "running" for pod in world.pods_of(CLASS))


def _lacking(world: World) -> str:
    """Return what has to come before requests are led, "" where nothing has to."""
    if not _runs(world):
        return "the proxy does not run yet"
    silent = world.past.serving.get(NAME) is False
    return "the proxy doesn't answer yet, or doesn't find the Services yet" if silent else ""


def _status(world: World, orders: Sequence[Hosts]) -> Status:
    pods = tuple(world.pods_of(CLASS))
    if lacking := _lacking(world):
        return Status(Health.PROGRESSING, lacking, 0, 1, pods=pods)
    if orders:
        return Status(
            Health.PROGRESSING, f"obtaining a certificate for {', '.join(orders[0])}", 1, 1, pods=pods
        )
    return Status(Health.HEALTHY, "", 1, 1, pods=pods)


def _ready(world: World, made: Iterable[Resource]) -> bool:
    """Say whether an ACME server would be answered: the proxy runs, and has been told what it should be."""
    told_so = {one.name: one.content for one in world.seen.volumes}
    configured = all(told_so.get(one.name) == one.content for one in made if isinstance(one, Configuration))
    return _runs(world) and configured and VOLUME in world.volumes


def _proxy(world: World) -> Proxy:
    entered, account = world.entrance, world.kept.account
    known = account.thumbprint if account and account.directory == entered.directory else ""
    challenged = tuple(dict.fromkeys(host for hosts in asked(world) for host in hosts))
    said, listed = (
        text(world.routing, Front(entered.http, entered.https, known, challenged)),
        files(world.routing),
    )
    told_whole = short(digest([said, digest_of_files(listed)]))  # tells a change in git from one by a hand
    return Proxy(
        owner=CLASS,
        name=NAME,
        text=said,
        files=listed,
        note={CLAIMS: dict(sorted(world.routing.claims.items())), "told": told_whole},
        ports=tuple(
            Port(inside, port, address=entered.address)
            for inside, port in ((HTTP, entered.http), (HTTPS, entered.https))
        ),
        home=HOME,
    )
