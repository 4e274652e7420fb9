"""Ingresses and their classes (networking.k8s.io/v1): which host and path leads to which Service."""

import re
from collections.abc import Iterable, Iterator
from ipaddress import ip_address
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from schemas.core import Status
from schemas.ingress_wishes import CLASS, Wishes, wish_faults, wishes_of, without_meaning
from schemas.meta import Annotations, ClusterMeta, ObjectMeta
from schemas.model import Fault, Many, Model, Noted, Opaque, Refused, complain
from schemas.names import DNS_SUBDOMAIN, WILDCARD_SUBDOMAIN, DnsLabel, DnsSubdomain, PortName, PortNumber

OURS = "sloop"  # the class that is meant where none is named
CONTROLLER = "sloop/ingress"  # what an IngressClass of another name says to be ours as well
_ESCAPES = ("//", "/./", "/../", "%2f", "%2F")
_NOBODY = "no other controller runs here; what sloop understands is in the documentation, under Ingress"
_NO_PROOF = "no certificate can be obtained for every name: write the hosts, or leave `sloop/acme` out"
_NO_STORAGE = "a backend is a Service here, nothing else can answer"


def host_name(host: str) -> str:
    """Return a DNS name, or ``*.`` and one; raises ValueError for anything else."""
    try:
        ip_address(host)
    except ValueError:
        return WILDCARD_SUBDOMAIN(host) if host.startswith("*") else DNS_SUBDOMAIN(host)
    raise ValueError("must be a DNS name, not an IP address: leave host out to mean every name")


Host = Annotated[str, AfterValidator(host_name)]


class ServiceBackendPort(Model):
    """A port of a Service, by its name or its number."""

    name: PortName | None = None
    number: PortNumber | None = None

    def __str__(self) -> str:
        return self.name or str(self.number)

    @model_validator(mode="after")
    def _rules(self) -> Self:
        if (self.name is None) == (self.number is None):
            complain([Fault((), "exactly one of name and number is needed")])
        return self


class IngressServiceBackend(Model):
    """A Service of the same namespace, and which of its ports."""

    name: DnsLabel
    port: ServiceBackendPort


class IngressBackend(Model):
    """Who answers."""

    service: IngressServiceBackend
    resource: Annotated[Opaque | None, Refused(_NO_STORAGE)] = None


class HttpIngressPath(Model):
    """A path, how it is compared, and who answers."""

    path: str | None = None
    path_type: Literal["Exact", "Prefix", "ImplementationSpecific"]
    backend: IngressBackend

    @model_validator(mode="after")
    def _rules(self) -> Self:
        complain(_path_faults(self))
        return self


class HttpIngressRuleValue(Model):
    """The paths of a host."""

    paths: Many[HttpIngressPath]

    @model_validator(mode="after")
    def _rules(self) -> Self:
        if not self.paths:
            complain([Fault(("paths",), "at least one is needed")])
        return self


class IngressRule(Model):
    """A host, or every one, and its paths; without paths all of it goes to the default backend."""

    host: Host | None = None
    http: HttpIngressRuleValue | None = None

    @property
    def paths(self) -> tuple[HttpIngressPath, ...]:
        """The paths, none where the rule has none."""
        return self.http.paths if self.http else ()


class IngressTls(Model):
    """The hosts that a Secret's certificate is for; without a Secret there has to be another way to one."""

    hosts: Many[Host] = ()
    secret_name: DnsSubdomain | None = None


class IngressSpec(Model):
    """Which host and path leads to which Service."""

    ingress_class_name: DnsSubdomain | None = None
    default_backend: IngressBackend | None = None
    rules: Many[IngressRule] = ()
    tls: Many[IngressTls] = ()

    @model_validator(mode="after")
    def _rules(self) -> Self:
        if not self.rules and self.default_backend is None:
            complain([Fault((), "rules or defaultBackend is needed")])
        return self


class IngressMeta(ObjectMeta):
    """The metadata of an Ingress."""

    annotations: Annotated[Annotations, Noted(_NOBODY, key=without_meaning)] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _rules(self) -> Self:
        complain(Fault(("annotations", *fault.at), fault.message) for fault in wish_faults(self.annotations))
        return self


class Ingress(Model):
    """Hosts and paths by which this machine's Services are reached from outside."""

    api_version: Literal["networking.k8s.io/v1"]
    kind: Literal["Ingress"]
    metadata: IngressMeta
    spec: IngressSpec
    status: Status = None

    @property
    def class_name(self) -> str:
        """The class that is named, the older way too, or ours."""
        return self.spec.ingress_class_name or self.metadata.annotations.get(CLASS) or OURS

    @property
    def wishes(self) -> Wishes:
        """What its annotations ask for."""
        return wishes_of(self.metadata.annotations)

    @model_validator(mode="after")
    def _rules(self) -> Self:
        if self.wishes.regex:
            complain(_regex_faults(self.spec.rules))
        if self.wishes.acme:
            complain(_acme_faults(self.spec))
        return self


class IngressClassSpec(Model):
    """Whose task the Ingresses of a class are."""

    controller: str = ""
    parameters: Annotated[Opaque | None, Noted("no class has parameters here")] = None


class IngressClass(Model):
    """A class of Ingresses: ours where its controller is ``sloop/ingress``."""

    api_version: Literal["networking.k8s.io/v1"]
    kind: Literal["IngressClass"]
    metadata: ClusterMeta
    spec: IngressClassSpec = Field(default_factory=IngressClassSpec)


def _path_faults(one: HttpIngressPath) -> Iterator[Fault]:
    path = one.path or ""
    if one.path_type != "ImplementationSpecific" and not path:
        yield Fault(("path",), f"is required where pathType is {one.path_type}")
    elif path and not path.startswith("/"):
        yield Fault(("path",), "must begin with '/'")
    if any(ord(letter) <= 32 or ord(letter) == 127 for letter in path):
        yield Fault(("path",), "must have no spaces")
    if one.path_type == "ImplementationSpecific":
        return
    for part in _ESCAPES:
        if part in path:
            yield Fault(("path",), f"must not contain '{part}'")
    if path.endswith(("/.", "/..")):
        yield Fault(("path",), "must not end with '/.' or '/..'")


def _acme_faults(spec: IngressSpec) -> Iterator[Fault]:
    """Yield what no ACME server gives a certificate for where hosts are proved by HTTP."""
    for number, tls in enumerate(spec.tls):
        for place, host in enumerate(tls.hosts):
            if host.startswith("*"):
                yield Fault(("spec", "tls", number, "hosts", place), _NO_PROOF)
    for number, rule in enumerate(() if spec.tls else spec.rules):
        if (rule.host or "*").startswith("*"):
            yield Fault(("spec", "rules", number), _NO_PROOF)


def _regex_faults(rules: Iterable[IngressRule]) -> Iterator[Fault]:
    for number, rule in enumerate(rules):
        for place, one in enumerate(rule.paths):
            try:
                re.compile(one.path or "/")
            except re.error as error:
                at = ("spec", "rules", number, "http", "paths", place, "path")
                yield Fault(at, f"is no regular expression, which its annotations make of it: {error}")
