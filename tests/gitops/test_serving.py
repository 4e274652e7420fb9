"""Which proxies are asked, and what becomes of what they answer."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, cast

from gitops.serving import FRESH, serving
from runtime.engine import EngineError
from runtime.resources import Label
from runtime.seen import Seen, SeenPod, SeenServer, SeenVolume

if TYPE_CHECKING:
    from runtime.engine import Engine

NOW = 1000.0
SERVICE, INGRESS, POD = "shop.web__service", "sloop__ingress", "shop.web-1-0"
UNKNOWN = "MAINT (resolution)"


@dataclass
class Proxies:
    """Answers for proxies, and notes which were asked; those that it doesn't know are silent."""

    known: Mapping[str, Sequence[SeenServer]]
    asked: list[str] = field(default_factory=list)

    def servers(self, name: str) -> Sequence[SeenServer]:
        self.asked.append(name)
        if name not in self.known:
            raise EngineError(f"the proxy {name} doesn't answer")
        return self.known[name]


def pod(name: str, started: float = 1) -> SeenPod:
    labels = {Label.POD: name, Label.OWNER: f"Some/shop/{name}"}
    return SeenPod(name, name, labels, "running", "i", "i", ("sloop-shop",), started, started)


def volume(name: str, *members: str, told: float = 1) -> SeenVolume:
    listed = ", ".join(f'"{one}"' for one in members)
    return SeenVolume(name, {Label.KIND: "proxy"}, "1:0", f'{{"members": [{listed}]}}', told)


def found(proxies: Proxies, *things: SeenPod | SeenVolume) -> Mapping[str, bool]:
    pods = tuple(one for one in things if isinstance(one, SeenPod))
    volumes = tuple(one for one in things if isinstance(one, SeenVolume))
    return serving(cast("Engine", proxies), Seen(pods=pods, volumes=volumes), NOW)


def test_where_nothing_is_fresh_nobody_is_asked() -> None:
    proxies = Proxies({})

    assert found(proxies, pod(SERVICE), pod(POD), volume(SERVICE, POD, told=NOW - FRESH)) == {}
    assert proxies.asked == []


def test_a_proxy_that_has_just_started_or_was_told_anew_is_ready_once_it_answers() -> None:
    silent, answers = Proxies({}), Proxies({SERVICE: [SeenServer("port-80", POD, "UP")]})

    for proxy, told in ((pod(SERVICE, NOW), 1), (pod(SERVICE), NOW)):
        assert found(silent, proxy, pod(POD), volume(SERVICE, POD, told=told)) == {SERVICE: False}
        assert found(answers, proxy, pod(POD), volume(SERVICE, POD, told=told)) == {SERVICE: True}


def test_a_pod_that_has_just_come_is_served_when_its_proxy_finds_it_up() -> None:
    for status, is_up in (("UP", True), ("DOWN", False), (UNKNOWN, False)):
        proxies = Proxies({SERVICE: [SeenServer("port-80", POD, status)]})

        assert found(proxies, pod(SERVICE), pod(POD, NOW), volume(SERVICE, POD)) == {POD: is_up}


def test_what_isnt_a_pod_has_to_be_up_before_its_proxy_is_ready() -> None:
    for status, ready in ((UNKNOWN, False), ("UP", True), ("DOWN", False)):
        proxies = Proxies({SERVICE: [SeenServer("port-80", "external", status)]})

        assert found(proxies, pod(SERVICE, NOW), volume(SERVICE)) == {SERVICE: ready}


def test_ingresses_wait_for_services_that_run_and_for_no_others() -> None:
    proxies = Proxies({INGRESS: [SeenServer("shop:site:web:80", "service", UNKNOWN)]})

    assert found(proxies, pod(INGRESS, NOW), volume(INGRESS)) == {INGRESS: True}
    assert found(proxies, pod(INGRESS, NOW), pod(SERVICE), volume(INGRESS)) == {INGRESS: False}
