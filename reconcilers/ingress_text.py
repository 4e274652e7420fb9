"""HAProxy's configuration for Ingresses: a frontend, maps from hosts and paths to backends, certificates."""

import re
from collections.abc import Iterable, Iterator

from reconcilers.routing import EVERY, Backend, Certificate, Claim, Routing
from runtime.dataclass import dataclass
from runtime.resources import File, digest, short

MODE = 0o640  # its group may read it, which is the proxy's; keys are in it
HTTP, HTTPS = 80, 443  # the ports inside of the proxy
CERTIFICATES = "certificates.list"
TUNNEL = 3600  # seconds that a WebSocket may be silent
MAPS = {
    "Exact": ("exact.map", "map_str"),
    "Regex": ("regex.map", "map_reg"),
    "Prefix": ("prefix.map", "map_beg"),
}
REST = "rest.map"
UNROUTED, UNAVAILABLE = "unrouted", "unavailable"
CHALLENGE = "/.well-known/acme-challenge/"

DEFAULTS = """\
defaults
    mode http
    log global
    option dontlognull
    option http-ignore-probes
    load-server-state-from-file global
    timeout connect 2s
    timeout client 60s
    timeout server 60s
    timeout queue 5s
    timeout http-request 10s
    timeout http-keep-alive 60s
    timeout tunnel 1h
    retries 2
    retry-on conn-failure empty-response
    default-server init-addr last,none resolvers pods resolve-prefer ipv4
"""
LOG = '''"%ci [%tr] %{+Q}[var(txn.host)] %{+Q}r %ST %B %Ta %ts %b"'''
# Every request passes through this: what few need stands behind a cheap condition, nothing is asked twice.
HEAD = """\
    option forwardfor
    http-request set-var(txn.host) req.hdr(host),host_only,lower
    http-request set-var(txn.host) var(txn.host),regsub(\\.$,) if { var(txn.host) -m end . }
    http-request set-var(txn.path) path
    http-request del-header Proxy
    http-request del-header X-Forwarded- -m beg
    http-request set-header X-Real-IP %[src]
    http-request add-header X-Forwarded-Host %[req.hdr(host)]
"""
TAIL = f"""\
backend {UNROUTED}
    http-request return status 404 content-type text/plain string "No Ingress leads there.\\n"
backend {UNAVAILABLE}
    http-request return status 503 content-type text/plain string "The Service is not there.\\n"
"""


@dataclass(frozen=True, slots=True)
class Front:
    """How the machine is reached: by which ports; and who may be asked for what by an ACME server.

    ``thumbprint`` is the digest of the account's public key, ``challenged`` the hosts.
    """

    http: int = HTTP
    https: int = HTTPS
    thumbprint: str = ""
    challenged: tuple[str, ...] = ()


def text(routing: Routing, front: Front) -> str:
    """Return the configuration, after what every proxy of ours has."""
    backends = {backend_name(one): one for one in routing.routes.values() if one.port}
    whole = [DEFAULTS, *_frontend(routing, front)]
    whole += [line for name in sorted(backends) for line in _backend(name, backends[name], front)]
    return "".join([*whole, TAIL])


def files(routing: Routing) -> tuple[File, ...]:
    """Return the maps and certificates that the configuration names."""
    maps = {REST: _lines(routing, "Rest")} | {name: _lines(routing, kind) for kind, (name, _) in MAPS.items()}
    found = [File(name, "".join(lines).encode(), MODE) for name, lines in maps.items() if lines]
    if routing.certificates:
        found.append(File(CERTIFICATES, "".join(_listed(routing.certificates)).encode(), MODE))
    bundles = {one.name: one.pem for one in routing.certificates}
    return (*found, *(File(f"{name}.pem", pem, MODE) for name, pem in sorted(bundles.items())))


def backend_name(one: Backend) -> str:
    """Return what a backend is called, in statistics too."""
    if not one.port:
        return UNAVAILABLE
    whole = f"{one.ingress.namespace}:{one.ingress.name}:{one.service}:{one.port}"
    marks = ["tls"] if one.redirect else []
    marks += [short(digest(one.pattern))] if one.pattern and one.wishes.rewrite else []
    return ":".join([whole, *marks])


def _frontend(routing: Routing, front: Front) -> Iterator[str]:
    yield "frontend ingress\n"
    yield f"    bind :{HTTP}\n"
    if routing.certificates:
        yield f"    bind :{HTTPS} ssl crt-list {CERTIFICATES} alpn h2,http/1.1 ssl-min-ver TLSv1.2\n"
    yield "    option idle-close-on-response\n"  # who is silent while a new worker takes over is not cut off
    yield "    log stdout format raw local0 info\n"
    yield f"    log-format {LOG}\n"
    yield HEAD
    for name, secure, plain in (("Proto", "https", "http"), ("Port", front.https, front.http)):
        value = f"%[ssl_fc,iif({secure},{plain})]" if routing.certificates else plain
        yield f"    http-request add-header X-Forwarded-{name} {value}\n"
    yield from _challenge(front)
    yield from _lookups(routing.routes)
    yield "    use_backend %[var(txn.backend)] if { var(txn.backend) -m found }\n"
    rest = routing.routes.get(Claim(EVERY, "", "Rest"))
    yield f"    default_backend {backend_name(rest) if rest else UNROUTED}\n"


def _challenge(front: Front) -> Iterator[str]:
    """Answer an ACME server: it wants back its token, with the digest of the account's public key."""
    if front.thumbprint and front.challenged:
        hosts = " ".join(front.challenged)
        answer = f"%[var(txn.path),field(-1,/)].{front.thumbprint}"
        asked = f"{{ path_reg ^{CHALLENGE}[A-Za-z0-9_-]+$ }} {{ var(txn.host) -m str {hosts} }}"
        yield f'    http-request return status 200 content-type text/plain lf-string "{answer}" if {asked}\n'


def _lookups(routes: Iterable[Claim]) -> Iterator[str]:
    """Yield what finds the backend: of the host, of its wildcard, of every host; the longest path each."""
    found = {(_tier(one.host), one.kind) for one in routes}
    if any(tier == "wild" for tier, _ in found):
        yield "    http-request set-var(txn.wild) var(txn.host),regsub(^[^.]*,*)\n"
    unless = ""
    for tier in ("host", "wild", "path"):
        for kind, (name, by) in MAPS.items():
            if (tier, kind) in found:
                slash = ",/" if kind == "Prefix" else ""
                key = f"var(txn.{tier}),concat(,txn.path{slash})" if tier != "path" else "var(txn.path)"
                key += ",concat(/)" if tier == "path" and slash else ""
                yield f"    http-request set-var(txn.backend) {key},{by}({name}){unless}\n"
                unless = " unless { var(txn.backend) -m found }"
    for tier in ("host", "wild"):
        if (tier, "Rest") in found:
            yield f"    http-request set-var(txn.backend) var(txn.{tier}),map_str({REST}){unless}\n"
            unless = " unless { var(txn.backend) -m found }"


def _tier(host: str) -> str:
    if host == EVERY:
        return "path"
    return "wild" if host.startswith("*") else "host"


def _lines(routing: Routing, kind: str) -> list[str]:
    """Return a map's lines; of regular expressions the longest is tried first, as in ingress-nginx."""
    found = [(one, to) for one, to in routing.routes.items() if one.kind == kind and (one.host or one.path)]
    found.sort(key=lambda pair: (-len(pair[0].path), pair[0]) if kind == "Regex" else (0, pair[0]))
    return [f"{_key(one)} {backend_name(to)}\n" for one, to in found]


def _key(one: Claim) -> str:
    return f"(?i)^{re.escape(one.host)}{one.path}" if one.kind == "Regex" else f"{one.host}{one.path}"


def _listed(certificates: Iterable[Certificate]) -> Iterator[str]:
    for one in certificates:
        yield " ".join([f"{one.name}.pem", *one.hosts]) + "\n"


def _backend(name: str, one: Backend, front: Front) -> Iterator[str]:
    wishes = one.wishes
    yield f"backend {name}\n"
    if one.redirect:
        port = f":{front.https}" if front.https != HTTPS else ""
        prefix = f"https://%[var(txn.host)]{port}"
        plain = "if { var(txn.host) -m found } !{ ssl_fc }"
        yield f"    http-request redirect prefix {prefix} code 308 {plain}\n"
    if wishes.body:
        yield f"    http-request deny deny_status 413 if {{ req.hdr_val(content-length) gt {wishes.body} }}\n"
        told = 'content-type text/plain string "The request must tell its length.\\n"'
        yield f"    http-request return status 411 {told} if {{ req.hdr(transfer-encoding) -m found }}\n"
    yield "    http-request disable-l7-retry unless { method GET HEAD OPTIONS }\n"
    yield from _rewrite(one)
    if wishes.timeout:
        yield f"    timeout server {wishes.timeout}s\n"
        yield f"    timeout tunnel {max(wishes.timeout, TUNNEL)}s\n"
    if wishes.connect:
        yield f"    timeout connect {wishes.connect}s\n"
    host = f"{one.service}.{one.ingress.namespace}.svc.cluster.local"
    yield f"    server service {host}:{one.port}\n"


def _rewrite(one: Backend) -> Iterator[str]:
    target = one.wishes.rewrite.replace("%", "%%")
    if target and one.pattern:
        parts = re.sub(r"\$(\d)", r"\\\1", target)
        yield f"    http-request replace-path {_quoted(f'(?i)^{one.pattern}')} {_quoted(parts)}\n"
    elif target:
        yield f"    http-request set-path {_quoted(target)}\n"


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "'\\''") + "'"
