"""What Ingresses ask for is what a real HAProxy does with the configuration that is made of them."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from reconcilers.ingress_text import Front
from schemas.core import Secret
from schemas.networking import Ingress
from schemas.service import Service
from tests.machine import certificates
from tests.machine.certificates import names_of
from tests.reconcilers.haproxying import routed, told

TABLE = json.loads((Path(__file__).parents[1] / "kubernetes/ingress.json").read_text())
NGINX = "nginx.ingress.kubernetes.io/"


def ingress(
    *rules: Mapping[str, Any], name: str = "site", annotations: Mapping[str, str] | None = None, **spec: Any
) -> Ingress:
    """Return an Ingress in the namespace shop."""
    metadata = {"name": name, "namespace": "shop", "annotations": dict(annotations or {})}
    body = {"rules": list(rules), **spec}
    head = {"apiVersion": "networking.k8s.io/v1", "kind": "Ingress"}
    return Ingress.model_validate({**head, "metadata": metadata, "spec": body})


def to(service: str, port: int | str = 80) -> dict[str, Any]:
    """Return a backend."""
    named = {"number": port} if isinstance(port, int) else {"name": port}
    return {"service": {"name": service, "port": named}}


def rule(host: str = "", **paths: str) -> dict[str, Any]:
    """Return a rule with a prefix for each Service: ``web="/"``."""
    listed = [{"path": path, "pathType": "Prefix", "backend": to(name)} for name, path in paths.items()]
    return {**({"host": host} if host else {}), "http": {"paths": listed}}


def service(name: str, *ports: int) -> Service:
    """Return a Service in the namespace shop."""
    listed = [{"name": f"port-{port}", "port": port} for port in ports or (80,)]
    metadata = {"name": name, "namespace": "shop"}
    return Service.model_validate(
        {"apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": {"ports": listed}}
    )


def certificate(*names: str) -> Secret:
    """Return a Secret, called as the first of the names, with a certificate for them."""
    made = certificates.certificate(*names)
    metadata = {"name": names[0].replace("*", "any"), "namespace": "shop"}
    data = {"tls.crt": made.pem, "tls.key": made.key}
    return Secret.model_validate(
        {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "stringData": data}
    )


def _rows() -> tuple[list[Mapping[str, Any]], list[Ingress]]:
    """Return the table's rows about paths, and an Ingress for each, with a host of its own."""
    rows = TABLE["path"]
    return rows, [_of_row(number, row) for number, row in enumerate(rows)]


def _of_row(number: int, row: Mapping[str, Any]) -> Ingress:
    paths = []
    for place, written in enumerate(row["paths"]):
        path, _, kind = written.partition(" ")
        kind = kind.strip("()") or row["pathType"]
        paths.append({"path": path, "pathType": kind, "backend": to(f"s{place}")})
    return ingress({"host": f"row-{number}.example.com", "http": {"paths": paths}}, name=f"row-{number}")


def _expected(number: int, row: Mapping[str, Any]) -> str:
    match row["match"]:
        case False:
            return "shop:zz:rest:80"
        case True:
            return f"shop:row-{number}:s0:80"
        case path:
            return f"shop:row-{number}:s{row['paths'].index(path)}:80"


def test_every_row_of_kubernetes_table_of_paths_holds(tmp_path: Path) -> None:
    rows, ingresses = _rows()
    everything = ingress(name="zz", defaultBackend=to("rest"))
    services = [service(name) for name in ("s0", "s1", "s2", "rest")]

    with told(tmp_path, routed([*ingresses, everything], services)) as asking:
        for number, row in enumerate(rows):
            for path in row["requests"]:
                got = asking.get(f"row-{number}.example.com", path).seen["headers"]["backend"]
                assert got == _expected(number, row), (row, path)


def test_every_row_of_kubernetes_table_of_hosts_holds(tmp_path: Path) -> None:
    where = routed([ingress(rule("*.foo.com", web="/"))], [service("web")])

    with told(tmp_path, where) as asking:
        for row in TABLE["host"]:
            assert (asking.get(row["header"], "/").status == 200) is row["match"], row


def test_the_nearest_host_wins_and_then_the_longest_path(tmp_path: Path) -> None:
    where = routed(
        [
            ingress(rule("a.example.com", exact="/x"), name="a", defaultBackend=to("rest")),
            ingress(rule("*.example.com", wild="/"), rule(every="/", deep="/x/y/z"), name="b"),
        ],
        [service(name) for name in ("exact", "wild", "every", "deep", "rest")],
    )
    asked = {
        ("a.example.com", "/x/y/z"): "exact",
        ("A.Example.COM:8080", "/x"): "exact",
        ("a.example.com.", "/x"): "exact",
        ("a.example.com", "/"): "wild",
        ("b.example.com", "/x/y/z"): "wild",
        ("b.c.example.com", "/x/y/z"): "deep",
        ("example.org", "/xy"): "every",
        ("example.org", "/?x=/x/y/z"): "every",
    }

    with told(tmp_path, where) as asking:
        for (host, path), name in asked.items():
            backend = asking.get(host, path).seen["headers"]["backend"]
            assert backend.split(":")[2] == name, (host, path)


def test_a_default_backend_takes_what_no_rule_of_its_own_hosts_or_of_any_takes(tmp_path: Path) -> None:
    where = routed(
        [
            ingress(
                rule("a.example.com", web="/web"), {"host": "c.example.com"}, name="a", defaultBackend=to("a")
            ),
            ingress(rule("b.example.com", web="/web"), name="b", defaultBackend=to("b")),
        ],
        [service(name) for name in ("web", "a", "b")],
    )
    asked = {"a.example.com": "a", "b.example.com": "b", "c.example.com": "a", "elsewhere.org": "a"}

    with told(tmp_path, where) as asking:
        for host, name in asked.items():
            assert asking.get(host, "/").seen["headers"]["backend"].split(":")[2] == name, host


def test_where_nothing_leads_the_answer_says_so(tmp_path: Path) -> None:
    where = routed([ingress(rule("a.example.com", web="/web", gone="/gone"))], [service("web")])

    with told(tmp_path, where) as asking:
        assert (asking.get("b.example.com", "/web").status, asking.get("a.example.com", "/").status) == (
            404,
            404,
        )
        assert asking.get("a.example.com", "/gone").status == 503


def test_a_service_is_told_who_asks_for_what_and_nobody_can_pretend(tmp_path: Path) -> None:
    lie = {"X-Forwarded-For": "1.2.3.4", "X-Forwarded-Proto": "gopher", "X-Real-IP": "1.2.3.4", "Proxy": "x"}
    cert = certificate("a.example.com")
    tls = [{"hosts": ["a.example.com"], "secretName": cert.metadata.name}]
    off = {"sloop/ssl-redirect": "false"}
    where = routed(
        [ingress(rule("a.example.com", web="/"), annotations=off, tls=tls)], [service("web")], secrets=[cert]
    )

    with told(tmp_path, where, Front(8080, 8443)) as asking:
        plain = asking.get("a.example.com:8080", "/p?q=1", **lie).seen
        secure = asking.get("a.example.com", "/", secure=True, **lie).seen["headers"]

    assert plain["path"] == "/p?q=1"
    assert plain["headers"]["x-forwarded-for"] == plain["headers"]["x-real-ip"] == "127.0.0.1"
    assert plain["headers"]["x-forwarded-host"] == "a.example.com:8080"
    assert (plain["headers"]["x-forwarded-proto"], plain["headers"]["x-forwarded-port"]) == ("http", "8080")
    assert (secure["x-forwarded-proto"], secure["x-forwarded-port"]) == ("https", "8443")
    assert "proxy" not in plain["headers"]


def test_each_host_is_shown_its_own_certificate_and_http_leads_to_https(tmp_path: Path) -> None:
    one, wild = certificate("a.example.com"), certificate("*.example.org")
    tls = [
        {"hosts": ["a.example.com"], "secretName": one.metadata.name},
        {"hosts": ["*.example.org"], "secretName": wild.metadata.name},
    ]
    rules = [rule("a.example.com", web="/"), rule("b.example.org", web="/"), rule("c.example.net", web="/")]
    where = routed([ingress(*rules, tls=tls)], [service("web")], secrets=[one, wild])

    with told(tmp_path, where, Front(8080, 8443)) as asking:
        assert names_of(asking.certificate("a.example.com")) == ["a.example.com"]
        assert names_of(asking.certificate("b.example.org")) == ["*.example.org"]
        led = asking.get("a.example.com:8080", "/p?q=1")
        assert (led.status, led.headers["location"]) == (308, "https://a.example.com:8443/p?q=1")
        assert asking.get("b.example.org", "/").status == 308
        assert asking.get("c.example.net", "/").status == 200
        assert asking.get("b.example.org", "/", secure=True).status == 200


def test_http_2_is_spoken_and_a_websocket_passes(tmp_path: Path) -> None:
    cert = certificate("a.org")
    tls = [{"hosts": ["a.org"], "secretName": cert.metadata.name}]
    rules = [rule("a.org", web="/"), rule("b.org", web="/")]
    where = routed([ingress(*rules, tls=tls)], [service("web")], secrets=[cert])

    with told(tmp_path, where) as asking:
        answer = asking.changed("b.org", b"hello")
        assert asking.protocol("a.org") == "h2"

    assert answer.startswith(b"HTTP/1.1 101 ")
    assert answer.endswith(b"\r\n\r\nhello")


def test_size_time_and_path_are_as_annotations_ask(tmp_path: Path) -> None:
    small = ingress(rule("small.org", web="/"), name="small", annotations={NGINX + "proxy-body-size": "1k"})
    root = ingress(rule("root.org", web="/a"), name="root", annotations={NGINX + "rewrite-target": "/"})
    chunk, chunked = b"1\r\nx\r\n0\r\n\r\n", {"Transfer-Encoding": "chunked"}
    path = {"path": "/api(/|$)(.*)", "pathType": "ImplementationSpecific", "backend": to("web", "port-80")}
    cut = ingress(
        {"host": "cut.org", "http": {"paths": [path]}},
        rule("cut.org", web="/"),
        name="cut",
        annotations={NGINX + "rewrite-target": "/$2"},
    )

    with told(tmp_path, routed([small, root, cut], [service("web")])) as asking:
        assert asking.get("small.org", "/", method="POST", body=b"x" * 1024).status == 200
        assert asking.get("small.org", "/", method="POST", body=b"x" * 1025).status == 413
        assert asking.get("small.org", "/", method="POST", body=chunk, **chunked).status == 411
        assert asking.get("root.org", "/a/b?c=d").seen["path"] == "/?c=d"
        assert asking.get("cut.org", "/api/v1/x?y=z").seen["path"] == "/v1/x?y=z"
        assert asking.get("cut.org", "/API").seen["path"] == "/"
        assert asking.get("cut.org", "/apis").seen["path"] == "/$2"


def test_an_acme_server_is_answered_for_the_hosts_that_ask_for_a_certificate(tmp_path: Path) -> None:
    where = routed([ingress(rule("a.org", web="/"), rule("b.org", web="/"))], [service("web")])
    front = Front(thumbprint="tHuMb-Pr_int", challenged=("a.org",))
    place = "/.well-known/acme-challenge/"

    with told(tmp_path, where, front) as asking:
        assert asking.get("a.org", f"{place}to-Ken_1").body == b"to-Ken_1.tHuMb-Pr_int"
        assert asking.get("b.org", f"{place}to-Ken_1").seen["path"] == f"{place}to-Ken_1"
        assert asking.get("a.org", f"{place}<script>").seen["path"] == f"{place}<script>"


@pytest.mark.parametrize("held", [{}, {"a.org\t/\tPrefix": "Ingress/shop/second"}], ids=["new", "held"])
def test_who_had_a_path_keeps_it_and_the_other_is_told(held: Mapping[str, str]) -> None:
    both = [ingress(rule("a.org", web="/"), name=name) for name in ("second", "first")]

    where = routed(both, [service("web")], held=held)

    winner, other = ("second", "first") if held else ("first", "second")
    assert [one.ingress.name for one in where.routes.values()] == [winner]
    assert {one.name: told for one, told in where.faults.items()} == {
        other: (f"a.org/ (Prefix) was claimed first by Ingress/shop/{winner}",)
    }
    assert where.claims == {"a.org\t/\tPrefix": f"Ingress/shop/{winner}"}
