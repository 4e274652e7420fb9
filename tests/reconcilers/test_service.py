"""What a Service wants of its proxy: who is led to, from when and until when, and what HAProxy is told."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import pytest

from reconcilers.kinds import catalog, reconcile
from reconcilers.places import Ground
from reconcilers.wanted import Health, Past, Wanted
from reconcilers.world import Machine, World
from runtime.records import Failure, Readiness
from runtime.resources import Configuration, Image, Label, Pod, Port
from runtime.seen import Seen, SeenPod, SeenVolume
from tests.reconcilers.given import NOW, SOURCE, deployment, manifests, running

HTTP = ", readinessProbe: {httpGet: {path: /ready, port: 8080}}, ports: [{name: http, containerPort: 8080}]"
EXEC = ', readinessProbe: {exec: {command: ["true"]}}'
OTHER_PORT = HTTP.replace("8080", "9090")
NAME = "shop.web__service"


def service(name: str = "web", **spec: object) -> str:
    fields = {"selector": {"app": "web"}, "ports": [{"port": 80, "targetPort": 8080}], **spec}
    return f"{{apiVersion: v1, kind: Service, metadata: {{name: {name}, namespace: shop}}, spec: {fields}}}"


def ready(pods: Iterable[SeenPod], *, but: str = "-") -> dict[str, Readiness]:
    return {pod.id: Readiness(not pod.name.endswith(but), pod.started) for pod in pods}


def wanted(
    *documents: str,
    pods: Iterable[SeenPod] = (),
    known: Iterable[str] = (),
    past: Past | None = None,
    **fields: Any,
) -> Wanted:
    """Return what the last document, a Service, wants; ``known`` are the members of its proxy's note."""
    pods, objects = list(pods), manifests(*documents)
    note = '{"members": [' + ", ".join(f'"{name}"' for name in known) + "]}"
    volume = SeenVolume(NAME, {Label.SOURCE: SOURCE, Label.KIND: "proxy"}, "1:0", note)
    proxy = SeenPod(
        "p", NAME, {Label.OWNER: "Service/shop/web", Label.POD: NAME}, "running", "i", "i", ("sloop-shop",)
    )
    world = World(
        SOURCE,
        "c0ffee",
        NOW,
        b"the key of tests",
        Seen(pods=(*pods, *([proxy] if known else [])), volumes=(volume,) if known else ()),
        catalog=catalog(objects),
        past=past or Past(readiness=ready(pods)),
        ground=Ground({"shop": "10.144.0.0/20"}),
        **fields,
    )
    return reconcile(objects, world)[-1]


def configuration(answer: Wanted) -> Configuration:
    (one,) = (one for one in answer.resources if isinstance(one, Configuration))
    return one


def text(answer: Wanted) -> str:
    return configuration(answer).files[0].content.decode()


def proxy(answer: Wanted) -> Pod:
    (one,) = (one for one in answer.resources if isinstance(one, Pod))
    return one


def names(pods: Iterable[SeenPod]) -> list[str]:
    return sorted(pod.name for pod in pods)


def test_only_ready_pods_are_led_to() -> None:
    pods = running(deployment(container=HTTP))

    answer = wanted(
        deployment(container=HTTP), service(), pods=pods, past=Past(readiness=ready(pods, but="-1"))
    )

    assert list(configuration(answer).members) == names(pods)[:1]


def test_a_pod_that_is_not_ready_is_led_to_where_that_is_asked_for() -> None:
    pods = running(deployment(container=HTTP))
    past = Past(readiness=ready(pods, but=""))

    answer = wanted(deployment(container=HTTP), service(publishNotReadyAddresses=True), pods=pods, past=past)

    assert list(configuration(answer).members) == names(pods)


def test_a_service_is_healthy_when_its_proxy_leads_not_as_soon_as_it_runs() -> None:
    pods = running(deployment(container=HTTP))

    for answers, health in ((False, Health.PROGRESSING), (True, Health.HEALTHY)):
        past = Past(readiness=ready(pods), serving={NAME: answers})
        answer = wanted(deployment(container=HTTP), service(), pods=pods, known=names(pods), past=past)
        assert answer.status.health is health


def test_what_is_about_to_stop_is_left_in_the_same_pass() -> None:
    pods = running(deployment(container=HTTP, replicas=3))

    answer = wanted(deployment(container=HTTP, replicas=1), service(), pods=pods)

    assert len(configuration(answer).members) == 1


def test_a_known_pod_stays_while_the_proxy_itself_can_see_whether_it_serves() -> None:
    pods = running(deployment(container=HTTP))
    past = Past(readiness=ready(pods, but=""), unready={pod.id: "it fails" for pod in pods})

    answer = wanted(deployment(container=HTTP), service(), pods=pods, known=names(pods), past=past)

    assert list(configuration(answer).members) == names(pods)


def test_a_known_pod_that_only_sloop_can_ask_stays_until_its_probe_has_failed() -> None:
    pods = running(deployment(container=EXEC))
    lost = Past(readiness=ready(pods, but=""))  # as after a lost ledger: nothing has been asked yet
    failed = replace(lost, unready={pods[0].id: "Readiness probe failed: exit code 1"})

    before = wanted(deployment(container=EXEC), service(), pods=pods, known=names(pods), past=lost)
    after = wanted(deployment(container=EXEC), service(), pods=pods, known=names(pods), past=failed)

    assert list(configuration(before).members) == names(pods)
    assert list(configuration(after).members) == [pods[1].name]


def test_the_same_pods_give_the_same_configuration_in_whatever_order() -> None:
    pods = running(deployment(container=HTTP, replicas=3))
    documents = (deployment(container=HTTP, replicas=3), service())

    assert configuration(wanted(*documents, pods=pods)) == configuration(wanted(*documents, pods=pods[::-1]))


def test_a_named_port_is_that_of_each_pod() -> None:
    old, new = running(deployment(container=HTTP))[0], running(deployment("app:2", container=OTHER_PORT))[0]

    answer = wanted(
        deployment("app:2", container=OTHER_PORT),
        service(ports=[{"port": 80, "targetPort": "http"}]),
        pods=[old, new],
    )

    assert f"server {old.name} {old.name}:8080 check" in text(answer)
    assert f"server {new.name} {new.name}:9090 check" in text(answer)


def test_the_proxy_asks_what_the_probe_asks() -> None:
    told = text(wanted(deployment(container=HTTP), service(), pods=running(deployment(container=HTTP))))

    assert "http-check send meth GET uri '/ready' ver HTTP/1.1" in told


@pytest.mark.parametrize(
    ("path", "word"), [("/it's", "'/it'\\''s'"), ("/%41", "'/%41'"), ("/a b", None), ("/\\n", "'/\\n'")]
)
def test_a_probe_cannot_write_into_the_configuration(path: str, word: str | None) -> None:
    odd = HTTP.replace("/ready", '"' + path.replace("\\", "\\\\") + '"')
    told = text(wanted(deployment(container=odd), service(), pods=running(deployment(container=odd))))

    assert (f"uri {word} ver" in told) if word else ("http-check send" not in told)


def test_nobody_behind_a_port_is_nobody_who_listens() -> None:
    assert "bind :80" not in text(wanted(deployment(), service()))


def test_a_service_that_selects_nobody_is_well_and_says_so() -> None:
    status = wanted(service(), known=["gone"]).status

    assert (status.health, status.reason) == (Health.HEALTHY, "it selects no pod")


def test_a_service_waits_for_pods_that_come_and_is_lost_with_them() -> None:
    coming = wanted(deployment(), service(), known=["gone"]).status
    failures = {"image/app:1": Failure(1, NOW, "no such image")}
    lost = wanted(deployment(), service(), known=["gone"], past=Past(failures=failures)).status

    assert (coming.health, coming.reason) == (Health.PROGRESSING, "none of 2 pods is ready")
    assert lost.health is Health.DEGRADED


def test_affinity_is_kept_for_as_long_as_is_said() -> None:
    affine = service(sessionAffinity="ClientIP", sessionAffinityConfig={"clientIP": {"timeoutSeconds": 60}})

    told = text(wanted(deployment(), affine, pods=running(deployment())))

    assert "stick-table type ip size 100k expire 60s" in told
    assert "stick on src" in told


def test_a_load_balancer_is_on_the_machine_and_lets_in_its_ranges_only() -> None:
    one = service(type="LoadBalancer", loadBalancerSourceRanges=["192.0.2.0/24"])

    answer = wanted(deployment(), one, pods=running(deployment()))

    assert proxy(answer).ports == (Port(20000, 80),)
    assert "bind :20000\n    tcp-request connection reject if !{ src 192.0.2.0/24 }" in text(answer)


def test_ranges_are_refused_where_nobody_knows_where_connections_come_from() -> None:
    one = service(type="LoadBalancer", loadBalancerSourceRanges=["192.0.2.0/24"])

    answer = wanted(deployment(), one, machine=Machine(rootless=True))

    assert answer.status.health is Health.DEGRADED
    assert "rootless" in answer.status.reason
    assert not any(isinstance(made, Pod) for made in answer.resources)


def test_endpoints_that_are_written_are_led_to() -> None:
    written = """{apiVersion: v1, kind: Endpoints, metadata: {name: web, namespace: shop},
      subsets: [{addresses: [{ip: 192.0.2.7}], ports: [{port: 5432}]}]}"""
    sliced = """{apiVersion: discovery.k8s.io/v1, kind: EndpointSlice, addressType: IPv4,
      metadata: {name: web-1, namespace: shop, labels: {kubernetes.io/service-name: web}},
      endpoints: [{addresses: [192.0.2.8]}, {addresses: [192.0.2.9], conditions: {ready: false}}],
      ports: [{port: 5432}]}"""

    told = text(wanted(written, sliced, service(selector={}, ports=[{"port": 5432}])))

    servers = [line.split()[1:3] for line in told.splitlines() if line.startswith("    server ")]
    assert servers == [["192.0.2.7", "192.0.2.7:5432"], ["192.0.2.8", "192.0.2.8:5432"]]


def test_an_external_name_is_led_to_on_the_ports_that_it_lists() -> None:
    told = text(wanted(service(type="ExternalName", externalName="db.example.org", selector={})))

    assert "server external db.example.org:8080 check" in told


def test_the_image_is_made_here_once_the_official_one_could_not_be_had() -> None:
    (first,) = (one for one in wanted(service()).resources if isinstance(one, Image))
    failures = {first.key: Failure(1, NOW, "no registry")}
    (second,) = (
        one for one in wanted(service(), past=Past(failures=failures)).resources if isinstance(one, Image)
    )

    assert (first.reference.partition("@")[0], first.built) == ("docker.io/library/haproxy", "")
    assert second.reference == "localhost/sloop/haproxy:built"
    assert "can't be had" in second.built
