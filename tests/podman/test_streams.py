"""What lasts: WebSockets, events and plain connections, while everything around them changes."""

import socket
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace
from http.client import HTTPException

import pytest

from runtime.podman import PodmanEngine
from tests.machine import certificates
from tests.machine.certificates import names_of
from tests.podman.hands import Hands
from tests.podman.keeping import keeping
from tests.podman.manifests import Object, namespace, service, within
from tests.podman.program import Program, until
from tests.podman.streaming import GRACE, Held, ended, events, streaming, talk, websocket
from tests.podman.streaming import program as served
from tests.podman.test_ingress import MACHINE, ingress, tls
from tests.reconcilers.haproxying import Asking

PORTS = {"stays": 30080, "goes": 30081}


def site(name: str) -> list[Object]:
    """Return a Service with a port of the machine, and the Ingress that leads to it, plain and secure."""
    port = {"port": 80, "targetPort": 8000, "nodePort": PORTS[name]}
    to = {"service": {"name": name, "port": {"number": 80}}}
    rule = {"host": f"{name}.org", "http": {"paths": [{"path": "/", "pathType": "Prefix", "backend": to}]}}
    open_too = {"sloop/ssl-redirect": "false"}
    secure = [{"hosts": [f"{name}.org"], "secretName": "certificate"}]
    led = ingress(name, rule, annotations=open_too, tls=secure)
    return [service(name, name, type="NodePort", ports=[port]), led]


def house(certificate: certificates.Made, *pods: Object) -> list[Object]:
    """Return all that there is, with these pods."""
    return [served(), tls("certificate", certificate), *site("stays"), *site("goes"), *pods]


def beside() -> list[Object]:
    """Return a Service and an Ingress in a namespace that wasn't there before, and more namespaces."""
    to = {"service": {"name": "new", "port": {"number": 80}}}
    rule = {"host": "new.org", "http": {"paths": [{"path": "/", "pathType": "Prefix", "backend": to}]}}
    there = [within("new", service("new", "new")), within("new", ingress("new", rule))]
    return [*map(namespace, ("new", "newer", "newest")), *there]


@contextmanager
def streams(name: str) -> Iterator[Mapping[str, Held]]:
    """Hold connections of every kind to a workload, each on every way that there is to it."""
    host = f"{name}.org"
    with ExitStack() as stack:
        held = {
            "events, Service": events(_service(name), host),
            "events, Ingress": events(_plain(), host),
            "events, Ingress with TLS": events(_secure(host), host),
            "WebSocket, Ingress": websocket(_plain(), host),
            "WebSocket, Ingress with TLS": websocket(_secure(host), host),
            "connection, Service": talk(_service(name)),
        }
        yield {what: stack.enter_context(one) for what, one in held.items()}


def _service(name: str) -> socket.socket:
    return socket.create_connection(("127.0.0.1", PORTS[name]), 10)


def _is_served(way: Asking, host: str) -> bool:
    with suppress(OSError, HTTPException):
        return way.get(host, "/ready").status == 200
    return False


def _plain() -> socket.socket:
    return socket.create_connection(("127.0.0.1", MACHINE.http), 10)


def _secure(host: str) -> socket.socket:
    connection = MACHINE.secure(host)
    connection.connect()
    return connection.sock


def go_on(held: Mapping[str, Held], more: int = 5) -> None:
    """Wait until so much more has come on each connection; none is cut meanwhile."""
    before = {what: one.ticks for what, one in held.items()}
    until(lambda: all(one.ticks > before[what] + more or ended(one) for what, one in held.items()))
    assert {what: one.cut for what, one in held.items() if ended(one)} == {}


def outcome(program: Program) -> tuple[str, str]:
    """Return the subject of the newest commit that came here, and how that ended."""
    newest = program.json("history")[0]
    return newest["subject"], newest["outcome"]


def test_what_lasts_is_never_cut_where_a_pod_stays_and_by_its_grace_alone_where_it_goes(
    program: Program,
) -> None:
    old, new = certificates.certificate("stays.org", "goes.org"), certificates.certificate("stays.org")
    program.deploy(*house(old, streaming("stays"), streaming("goes")))

    with streams("stays") as stay, streams("goes") as go:
        with keeping(program, "--interval", "1s"):
            go_on(stay)
            go_on(go)
            program.commit("Two", *house(old, streaming("stays"), streaming("goes", "two")))
            until(lambda: all(map(ended, go.values())))
            go_on(stay)
        program.commit(
            "More", *house(new, streaming("stays", replicas=2), streaming("goes", "two")), *beside()
        )
        assert program.run("apply").code == 0
        go_on(stay)
        with keeping(program, "--interval", "1s"):
            program.commit(
                "Again", *house(new, streaming("stays", replicas=3), streaming("goes", "two")), *beside()
            )
            until(lambda: outcome(program) == ("Again", "Synced"))
            go_on(stay)

    assert {what for what, one in go.items() if one.well} == {what for what in go if "events" in what}
    last = {what: one.last for what, one in go.items()}
    begun = last["events, Service"]
    assert all(moment > begun + GRACE - 2 for what, moment in last.items() if "events" not in what), last
    assert names_of(MACHINE.certificate("stays.org")) == ["stays.org"]


@pytest.mark.parametrize("proxy", ["new", "stopped", "restarted"])
def test_a_namespace_that_leaves_cuts_nobody_off(program: Program, proxy: str) -> None:
    """Whichever of its networks the proxy would lead its port through, had it the choice."""
    staying = house(certificates.certificate("stays.org"), streaming("stays"))
    program.deploy(*staying, *beside())
    if proxy == "stopped":
        Hands(program.podman).do("stop", "default.stays__service")
        assert program.run("apply").code == 0
    elif proxy == "restarted":
        PodmanEngine(program.podman.url).restart_pod("default.stays__service", 1)
    ways = (replace(MACHINE, http=PORTS["stays"]), MACHINE)
    until(lambda: all(_is_served(way, "stays.org") for way in ways))

    with streams("stays") as stay:
        go_on(stay)
        program.deploy(*staying)
        go_on(stay)
