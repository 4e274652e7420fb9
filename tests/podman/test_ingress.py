"""Ingresses on a real Podman: whoever asks for a host and a path is led to its Service, whatever changes."""

import json
import re
import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from runtime.certificates import VOLUME
from tests.machine import certificates
from tests.machine.acme_server import acme_server
from tests.machine.certificates import names_of
from tests.podman.load import loading
from tests.podman.manifests import ONE, SERVE, TWO, Object, deployment, named, service
from tests.podman.program import Program, until
from tests.podman.reaching import HTTP, HTTPS
from tests.podman.watching import fetched
from tests.reconcilers.haproxying import Asking

TABLE = json.loads((Path(__file__).parents[1] / "kubernetes/ingress.json").read_text())
REST = 8100  # the port to which all leads that nothing else matches
MACHINE = Asking(HTTP, HTTPS)
SECURE = "" if HTTPS == 443 else f":{HTTPS}"
HERE = f"127.0.0.1:{HTTP}"
PROBE = {"readinessProbe": {"httpGet": {"port": 8000, "path": "/passwd"}, "periodSeconds": 1}}


def ingress(name: str, *rules: Object, annotations: Mapping[str, str] | None = None, **spec: Any) -> Object:
    """Return an Ingress."""
    head = named("Ingress", name, api="networking.k8s.io/v1", annotations=annotations)
    return {**head, "spec": {**({"rules": list(rules)} if rules else {}), **spec}}


def rule(host: str, *paths: Object) -> Object:
    """Return a rule."""
    return {"host": host, "http": {"paths": list(paths)}}


def path(text: str = "/", kind: str = "Prefix", port: int = 80) -> Object:
    """Return a path that leads to a port of the Service ``web``."""
    return {"path": text, "pathType": kind, "backend": to(port)}


def to(port: int = 80) -> Object:
    """Return a port of the Service ``web``."""
    return {"service": {"name": "web", "port": {"number": port}}}


def tls(name: str, made: certificates.Made) -> Object:
    """Return a Secret with a certificate."""
    return {
        **named("Secret", name),
        "type": "kubernetes.io/tls",
        "stringData": {"tls.crt": made.pem, "tls.key": made.key},
    }


def web(image: str = ONE, replicas: int = 2) -> Object:
    """Return a Deployment whose pods answer HTTP."""
    return deployment(image=image, replicas=replicas, command=SERVE, **PROBE)


def applied(program: Program, *objects: Object, **environment: str) -> str:
    """Commit these objects, apply them, find all well, and return what was said."""
    program.commit("Next", *objects)
    said = program.run("apply", **environment)
    assert said.code == 0, said
    return said.out


def status(program: Program, which: str, **environment: str) -> tuple[str, str]:
    """Return how an object fares, and why."""
    said = program.run("-o", "json", "status", which, **environment)
    (one,) = said.document["objects"]
    return one["health"], one["reason"]


def of_row(number: int, row: Mapping[str, Any]) -> Object:
    """Return a row of the table as an Ingress, each of whose paths leads to a port of its own."""
    listed = []
    for place, written in enumerate(row["paths"]):
        text, _, kind = written.partition(" ")
        listed.append(path(text, kind.strip("()") or row["pathType"], 8000 + place))
    return ingress(f"row-{number}", rule(f"row-{number}.example.com", *listed))


def port_of(row: Mapping[str, Any]) -> int:
    """Return the port to which a row's requests are to be led."""
    match row["match"]:
        case bool(holds):
            return 8000 if holds else REST
        case of_it:
            return 8000 + int(row["paths"].index(of_it))


def asked(requests: Iterable[tuple[str, str]]) -> int:
    """Ask for paths of hosts, and return how many they were."""
    return len([MACHINE.get(host, text) for host, text in requests])


def led(program: Program) -> list[str]:
    """Return the ports to which requests were led, from the proxy's log."""
    lines = program.run("logs", "ingressclass/sloop").out.splitlines()
    return [line.rpartition(":")[2] for line in lines if " HTTP/1.1" in line]


def test_kubernetes_table_holds_for_the_proxy_that_runs(program: Program) -> None:
    ports = [{"name": f"p{port}", "port": port, "targetPort": 8000} for port in (8000, 8001, 8002, REST)]
    rows = [of_row(number, row) for number, row in enumerate(TABLE["path"])]
    hosts = ingress("hosts", rule("*.foo.com", path(port=8001)))
    rest = ingress("rest", defaultBackend=to(REST))
    applied(program, service(ports=ports), web(replicas=1), *rows, hosts, rest)
    requests = [
        (f"row-{number}.example.com", text, port_of(row))
        for number, row in enumerate(TABLE["path"])
        for text in row["requests"]
    ]
    requests += [(row["header"], "/", 8001 if row["match"] else REST) for row in TABLE["host"]]

    count = asked((host, text) for host, text, _ in requests)

    until(lambda: len(led(program)) == count)
    found = led(program)
    assert [
        (request, port) for request, port in zip(requests, found, strict=True) if port != str(request[2])
    ] == []
    assert status(program, "ingressclass/sloop") == ("Healthy", "")


def test_no_request_fails_while_all_around_changes_and_a_new_certificate_cuts_nobody_off(
    program: Program,
) -> None:
    old, new = certificates.certificate("a.org"), certificates.certificate("a.org", "www.a.org")
    secure = [{"hosts": ["a.org"], "secretName": "a"}]
    site = ingress("site", rule("localhost", path()), rule("a.org", path()), tls=secure)
    applied(program, service(), web(), site, tls("a", old))
    until(lambda: fetched(f"http://localhost:{HTTP}/passwd"))
    held = MACHINE.secure("a.org")
    held.request("GET", "/passwd", headers={"Host": "a.org"})
    before = held.getresponse().read()

    with (
        loading(f"http://localhost:{HTTP}/passwd") as anew,
        loading(f"http://localhost:{HTTP}/passwd", keep_alive=True) as kept,
    ):
        applied(program, service(), web(TWO), site, tls("a", new))
        other = ingress("other", rule("b.org", path("/b")))
        said = applied(program, service(), web(TWO, 3), site, tls("a", new), other)
        applied(program, service(), web(TWO, 1), site, tls("a", new))
        counts = anew.answered, kept.answered
        until(lambda: anew.answered > counts[0] + 50 and kept.answered > counts[1] + 50)

    held.request("GET", "/passwd", headers={"Host": "a.org"})
    assert held.getresponse().read() == before != b""
    held.close()
    assert (anew.failed, kept.failed) == ([], [])
    assert names_of(MACHINE.certificate("a.org")) == ["a.org", "www.a.org"]
    assert "create Ingress default/other" in said
    assert "drift" not in said
    assert program.run("diff").code == 0
    everything = json.dumps([program.things(), program.json("history"), program.json("describe", "secret/a")])
    assert new.key.splitlines()[1] not in everything + program.run("logs", "ingressclass/sloop").out
    assert new.key.splitlines()[1].encode() not in (program.state / "ledger.sqlite3").read_bytes()


def test_who_came_first_keeps_a_path_though_the_ledger_is_lost(program: Program) -> None:
    first, second = ingress("zz-first", rule("a.org", path())), ingress("aa-second", rule("a.org", path()))
    applied(program, service(), first)
    program.commit("Another", service(), first, second)
    shutil.rmtree(program.state)

    said = program.run("apply")

    assert said.code == 1
    health, reason = status(program, "ingress/aa-second")
    assert health == "Degraded"
    assert reason.startswith("a.org/ (Prefix) was claimed first by Ingress/default/zz-first (written by ")
    assert status(program, "ingress/zz-first") == ("Healthy", "")
    applied(program, service(), second)
    name, kind, host, _, port = program.run("get", "ingress").out.split()[6:11]
    assert (name, kind, host, port) == ("aa-second", "sloop", "a.org", str(HTTP))


def test_a_proxy_that_is_killed_or_that_a_hand_has_spoilt_leads_as_before(program: Program) -> None:
    applied(program, service(), web(replicas=1), ingress("site", defaultBackend=to()))
    until(lambda: fetched(f"http://{HERE}/passwd"))
    inside = program.inspect("sloop__ingress")
    mount = Path(inside["Mounts"][0]["Source"], "sloop/current")

    told = program.json("describe", "ingress/site")["backends"]
    assert re.fullmatch(r"[1-9]\d* requests so far, [1-9]\d* 2xx, 0 failed", told["web:80"])

    program.do("sloop__ingress", "kill", "-9", "1")
    (mount / "haproxy.cfg").write_text("nonsense")
    said = program.run("apply")

    assert said.code == 0, said
    assert "drift  IngressClass sloop" in said.out
    until(lambda: fetched(f"http://{HERE}/passwd"))
    assert inside["Config"]["User"] == "65534:0"
    assert inside["HostConfig"]["ReadonlyRootfs"]
    assert inside["EffectiveCaps"] in ([], None)


def test_a_certificate_is_obtained_and_outlives_the_ledger(program: Program, tmp_path: Path) -> None:
    site = ingress("site", rule("a.example.com", path()), annotations={"sloop/acme": "true"})
    program.commit("One", service(), web(replicas=1), site)
    unagreed = program.run("apply")

    with acme_server(tmp_path, HTTP) as server:
        known = {
            "SLOOP_ACME_AGREE": "true",
            "SLOOP_ACME_DIRECTORY": server.directory,
            "REQUESTS_CA_BUNDLE": str(server.trust),
        }
        said = program.run("apply", **known)
        shown = MACHINE.certificate("a.example.com")
        shutil.rmtree(program.state)
        again = program.run("apply", **known)

    assert unagreed.code == 1
    assert "agree to the terms of the ACME server" in unagreed.out
    assert (said.code, again.code) == (0, 0), (said, again)
    assert names_of(shown) == ["a.example.com"]
    assert MACHINE.certificate("a.example.com") == shown
    assert (
        MACHINE.get("a.example.com", "/passwd").headers["location"] == f"https://a.example.com{SECURE}/passwd"
    )
    assert MACHINE.get("a.example.com", "/passwd", secure=True).status == 200
    assert status(program, "ingress/site", **known) == ("Healthy", "")
    applied(program, web(replicas=1), service(), **known)
    assert VOLUME in program.things()["volumes"]


def test_what_is_not_of_the_class_is_left_alone_until_the_class_is_served(program: Program) -> None:
    site = ingress("site", defaultBackend=to(), ingressClassName="nginx")
    applied(program, service(), web(replicas=1), site)
    alone = status(program, "ingress/site")

    assert alone[1].startswith("left alone: nobody serves the class nginx here")
    assert fetched("http://127.0.0.1:8080/passwd") == b""
    ports = {"SLOOP_INGRESS_CLASSES": "nginx", "SLOOP_INGRESS_HTTP": "8080", "SLOOP_INGRESS_HTTPS": "8443"}
    assert program.run("apply", **ports, SLOOP_INGRESS_ADDRESS="127.0.0.1").code == 0
    until(lambda: fetched("http://127.0.0.1:8080/passwd"))
    bound = program.inspect("sloop__ingress")["HostConfig"]["PortBindings"]
    assert {one["HostIp"] for each in bound.values() for one in each} == {"127.0.0.1"}
