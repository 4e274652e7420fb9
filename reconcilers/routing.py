"""Which host and path leads to which Service, from all Ingresses together; and whose a contested one is."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import field
from itertools import groupby
from typing import Literal

from runtime.certificates import Hosts, Issued, name_of
from runtime.dataclass import dataclass
from runtime.resources import Owner
from schemas.backends import port_of
from schemas.certificates import CERTIFICATE, KEY
from schemas.core import Secret
from schemas.ingress_wishes import Wishes
from schemas.networking import HttpIngressPath, Ingress, IngressBackend, IngressRule
from schemas.service import Service

Name = tuple[str, str]  # namespace and name
Kind = Literal["Exact", "Regex", "Prefix", "Rest"]
Told = tuple[Owner, str]  # who has to be told what
EVERY = ""  # the host of a rule that names none


@dataclass(frozen=True, slots=True)
class Backend:
    """A Service's port as one Ingress leads to it; ``port`` 0 where the Service isn't there.

    ``pattern`` is the regular expression of the path, where ``wishes.rewrite`` takes parts of it.
    """

    ingress: Owner
    service: str
    port: int
    wishes: Wishes
    redirect: bool = False
    pattern: str = ""


@dataclass(frozen=True, slots=True, order=True)
class Claim:
    """A host and a path, which lead to one place; the kind ``Rest`` is all of a host that no path claims."""

    host: str
    path: str
    kind: Kind

    def __str__(self) -> str:
        return (
            f"{self.host or '*'}{self.path} ({self.kind})" if self.path else self.host or "every other host"
        )


@dataclass(frozen=True, slots=True)
class Certificate:
    """A certificate with its key, and the hosts for which it is shown; none means those that it names."""

    name: str
    hosts: tuple[str, ...]
    pem: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Routing:
    """All that the proxy of the Ingresses has to know, and what each Ingress has to be told.

    ``classes`` are those that are served; ``asked`` tells by Ingress for which hosts it wants certificates
    that are in no Secret; ``faults`` tell what doesn't lead where its Ingress says,
    ``remarks`` what is only worth knowing.
    """

    classes: frozenset[str] = frozenset()
    routes: Mapping[Claim, Backend] = field(default_factory=dict)
    certificates: tuple[Certificate, ...] = ()
    asked: Mapping[Owner, tuple[Hosts, ...]] = field(default_factory=dict)
    faults: Mapping[Owner, tuple[str, ...]] = field(default_factory=dict)
    remarks: Mapping[Owner, tuple[str, ...]] = field(default_factory=dict)

    @property
    def claims(self) -> Mapping[str, str]:
        """Who has which claim, as it is remembered from one moment to the next."""
        return {"\t".join((one.host, one.path, one.kind)): str(to.ingress) for one, to in self.routes.items()}


@dataclass(frozen=True, slots=True)
class Given:
    """What routes are made of: all Ingresses, the classes that are served, and what they name, of one commit.

    ``closed`` are Services that a policy closes, ``held`` is who had which claim until now, ``issued`` what
    was obtained for which hosts.
    """

    classes: frozenset[str]
    ingresses: Sequence[Ingress]
    services: Mapping[Name, Service]
    secrets: Mapping[Name, Secret]
    closed: Mapping[Name, str] = field(default_factory=dict)
    held: Mapping[str, str] = field(default_factory=dict)
    issued: Mapping[Hosts, Issued] = field(default_factory=dict)


def owner_of(one: Ingress) -> Owner:
    """Return what tells an Ingress from others."""
    return Owner("Ingress", one.metadata.namespace, one.metadata.name)


def routing(given: Given) -> Routing:
    """Return where everything leads.  Who had a claim before keeps it, else the first by name gets it."""
    chosen = sorted((one for one in given.ingresses if one.class_name in given.classes), key=owner_of)
    certificates, remarks = _certificates(chosen, given)
    secure = frozenset(host for one in certificates for host in one.hosts)
    wanted = sorted(
        (pair for one in chosen for pair in _routes(one, given, secure)), key=lambda pair: pair[0]
    )
    routes: dict[Claim, Backend] = {}
    faults: list[Told] = []
    for claim, pairs in groupby(wanted, key=lambda pair: pair[0]):
        backends = [backend for _, backend in pairs]
        routes[claim] = _first(claim, backends, given.held)
        faults += [told for one in backends for told in _faults(claim, one, routes[claim], given)]
    asked = {owner_of(one): tuple(_asked(one, given)) for one in chosen if one.wishes.acme}
    told = _by_owner(faults), _by_owner(remarks)
    return Routing(given.classes, routes, tuple(certificates), asked, *told)


def _faults(claim: Claim, one: Backend, winner: Backend, given: Given) -> Iterator[Told]:
    if one.ingress != winner.ingress:
        yield one.ingress, f"{claim} was claimed first by {winner.ingress}"
    elif policy := given.closed.get((one.ingress.namespace, one.service)):
        yield one.ingress, f"Service {one.service} is closed by NetworkPolicy {policy}, to Ingresses as well"
    elif not one.port:
        yield one.ingress, f"there is no Service {one.service} with the port that it names"


def secured(one: Ingress) -> Iterator[tuple[str, Hosts]]:
    """Yield the names of an Ingress's Secrets, each with its hosts: where none is given, all of its own."""
    own = tuple(dict.fromkeys(rule.host for rule in one.spec.rules if rule.host))
    for tls in one.spec.tls:
        yield tls.secret_name or "", tuple(dict.fromkeys(tls.hosts)) or own
    if one.wishes.acme and not one.spec.tls:
        yield "", own


def _asked(one: Ingress, given: Given) -> Iterator[Hosts]:
    """Yield the hosts for which certificates have to be obtained; a wildcard can't be proved by HTTP."""
    for secret, hosts in secured(one):
        if hosts and (one.metadata.namespace, secret) not in given.secrets:
            yield hosts


def _first(claim: Claim, backends: Sequence[Backend], held: Mapping[str, str]) -> Backend:
    before = held.get("\t".join((claim.host, claim.path, claim.kind)))
    return next((one for one in backends if str(one.ingress) == before), backends[0])


def _routes(one: Ingress, given: Given, secure: frozenset[str]) -> Iterator[tuple[Claim, Backend]]:
    for rule in one.spec.rules:
        for path in rule.paths:
            kind, text = _compared(path, one.wishes)
            pattern = text if kind == "Regex" else ""
            yield (
                Claim(rule.host or EVERY, text, kind),
                _backend(one, path.backend, given, rule, secure, pattern),
            )
    rest = one.spec.default_backend
    if rest:
        for host in {EVERY, *(rule.host or EVERY for rule in one.spec.rules)}:
            rule = IngressRule(host=host or None)
            yield Claim(host, "", "Rest"), _backend(one, rest, given, rule, secure)


def _compared(path: HttpIngressPath, wishes: Wishes) -> tuple[Kind, str]:
    """Return how a path is compared.  What is up to the implementation is a prefix, as in ingress-nginx."""
    text = path.path or "/"
    if path.path_type == "Exact":
        return "Exact", text
    if wishes.regex and path.path_type == "ImplementationSpecific":
        return "Regex", text
    return "Prefix", text.rstrip("/") + "/"


def _backend(
    one: Ingress,
    to: IngressBackend,
    given: Given,
    rule: IngressRule,
    secure: frozenset[str],
    pattern: str = "",
) -> Backend:
    service = given.services.get((one.metadata.namespace, to.service.name))
    port = port_of(service, to.service.port) if service else None
    wishes = one.wishes
    redirect = wishes.redirect and covered(rule.host or EVERY, secure)
    number = port.port if port and (one.metadata.namespace, to.service.name) not in given.closed else 0
    return Backend(owner_of(one), to.service.name, number, wishes, redirect=redirect, pattern=pattern)


def covered(host: str, names: frozenset[str]) -> bool:
    """Say whether one of these names, perhaps with a wildcard, is that of a host."""
    return bool(host) and (host in names or f"*.{host.partition('.')[2]}" in names)


def _certificates(chosen: Iterable[Ingress], given: Given) -> tuple[list[Certificate], list[Told]]:
    """Return the certificates that are there, each host's from the first Ingress that has one for it."""
    found: list[Certificate] = []
    untold: list[Told] = []
    taken: dict[str, str] = {}
    for one in chosen:
        for secret, hosts in secured(one):
            name, pem = _pem(one, secret, hosts, given)
            mine = tuple(host for host in hosts if taken.setdefault(host, name) == name)
            if not pem and not one.wishes.acme:
                untold.append((owner_of(one), _missing(secret, hosts)))
            elif pem and (mine or not hosts):
                found.append(Certificate(name, mine, pem))
    return found, untold


def _pem(one: Ingress, secret: str, hosts: Hosts, given: Given) -> tuple[str, bytes]:
    """Return a certificate's name and content: the Secret's, else the one that was obtained for the hosts."""
    kept = given.secrets.get((one.metadata.namespace, secret))
    if kept is not None:
        values = kept.values
        whole = values.get(CERTIFICATE, b"").rstrip() + b"\n" + values.get(KEY, b"")
        return f"{one.metadata.namespace}.{secret}", whole
    issued = given.issued.get(hosts) if one.wishes.acme else None
    return (name_of(issued.hosts), issued.pem.value) if issued else ("", b"")


def _missing(secret: str, hosts: Hosts) -> str:
    told = ", ".join(hosts) or "its hosts"
    if not secret:
        return f'no https for {told}: name a Secret, or annotate `sloop/acme: "true"`'
    return f"no https for {told}: there is no Secret {secret}"


def _by_owner(told: Iterable[Told]) -> Mapping[Owner, tuple[str, ...]]:
    remarks: dict[Owner, dict[str, None]] = {}
    for owner, text in told:
        remarks.setdefault(owner, {})[text] = None
    return {owner: tuple(texts) for owner, texts in remarks.items()}
