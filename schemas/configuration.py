"""sloop's own configuration (``sloop.yaml``), typed; what is wrong with it is told as it is for manifests.

A field of a group has the setting ``GROUP_FIELD``, so that a new one is a line here and one in the settings.
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from ipaddress import IPv4Network
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, ValidationError, model_validator

from schemas.documents import Document, documents
from schemas.durations import seconds
from schemas.meta import Labels
from schemas.model import Fault, Many, Model, complain
from schemas.names import DnsLabel, DnsSubdomain, IpAddress, LabelValue, PortNumber
from schemas.positions import Origin
from schemas.problems import Problem
from schemas.words import problems_of


def _network(text: str) -> str:
    try:
        return str(IPv4Network(text))
    except ValueError as error:
        raise ValueError(f"must be an IPv4 network such as 10.144.0.0/12: {error}") from error


def _some(value: str) -> str:
    if not value:
        raise ValueError("must not be empty")
    return value


def _ports(text: str) -> str:
    first, _, last = text.partition("-")
    if not (first.isdecimal() and last.isdecimal() and 0 < int(first) <= int(last) < 65536):
        raise ValueError("must be a range of ports such as 30000-32767")
    return text


PortRange = Annotated[str, AfterValidator(_ports)]
Duration = Annotated[float, BeforeValidator(seconds)]
Text = Annotated[str, AfterValidator(_some)]
GUARDS = ("LimitRange", "NetworkPolicy", "ResourceQuota")  # honoured kinds that only restrict others
Forbidden = Literal["hostIPC", "hostNetwork", "hostPID", "hostPath", "hostPort", "privileged"]
Pool = Annotated[str, AfterValidator(_network)]


class Ssh(Model):
    """How to get in over ssh: a private key, and who the other side is.  Files."""

    key: Text | None = None
    known_hosts: Text | None = None


class Login(Model):
    """How to get in over https; a token is a password, and needs a user too."""

    user: Text
    password_file: Text


class SignedBy(Model):
    """Whose signature a commit needs: a file of git's allowedSigners, or one of public GPG keys."""

    allowed_signers: Text | None = None
    gpg_keys: Text | None = None

    @model_validator(mode="after")
    def _check(self) -> "SignedBy":
        if not (self.allowed_signers or self.gpg_keys):
            complain([Fault((), "names no file: write allowedSigners or gpgKeys")])
        return self


class Formerly(Model):
    """Where a source was when it came to this machine: another address, another path in it, or both."""

    url: Text | None = None
    path: str | None = None

    @model_validator(mode="after")
    def _check(self) -> "Formerly":
        if self.url is None and self.path is None:
            complain([Fault((), "says nothing: write the url or the path that it had")])
        return self


class Source(Model):
    """One repository that is kept on this machine.  Times are in seconds."""

    name: DnsLabel
    url: Text
    ref: Text | None = None
    path: str = ""
    interval: Duration = 30.0
    timeout: Duration = 300.0
    suspended: bool = False
    prune: bool = True
    render: Literal["auto", "kustomize", "helm"] | None = None
    on_failure: Literal["hold", "rollback", "revert"] = "hold"
    ssh: Ssh | None = None
    login: Login | None = None
    signed_by: SignedBy | None = None
    formerly: Formerly | None = None

    @model_validator(mode="after")
    def _check(self) -> "Source":
        complain(self._misplaced())
        return self

    def _misplaced(self) -> Iterator[Fault]:
        web = re.match(r"https?://", self.url, re.IGNORECASE)
        if re.match(r"\w+://[^/@]*:[^/@]*@", self.url):
            yield Fault(("url",), "must not hold a password: write `login` with a user and a passwordFile")
        if self.login and not web:
            yield Fault(("login",), "is for http:// and https://: write `ssh` with a key")
        if self.ssh and (web or ":" not in self.url):
            yield Fault(("ssh",), "is for ssh:// and user@host:path")


class Proxy(Model):
    """What leads to the pods of Services."""

    image: Text | None = None
    node_ports: PortRange | None = None


class Ingress(Model):
    """How Ingresses are reached: at which address and ports, under which classes beside ``sloop``."""

    address: IpAddress | None = None
    http: PortNumber | None = None
    https: PortNumber | None = None
    classes: Many[DnsSubdomain] = ()


class Acme(Model):
    """The ACME server that certificates are obtained of, once its terms are agreed to."""

    directory: Text | None = None
    email: Text | None = None
    agree: bool = False


class Notification(Model):
    """Where some events are told, of all sources or of some."""

    url: Text | None = None
    url_file: Text | None = None
    token_file: Text | None = None
    events: Many[Literal["failed", "rolledBack", "recovered"]] = ("failed", "rolledBack", "recovered")
    sources: Many[DnsLabel] = ()

    @model_validator(mode="after")
    def _check(self) -> "Notification":
        if bool(self.url) == bool(self.url_file):
            complain([Fault((), "write either url or urlFile, the address that is told")])
        if self.url and not re.match(r"https?://", self.url):
            complain([Fault(("url",), "must begin with http:// or https://")])
        return self


class Policy(Model):
    """What no commit may ask of this machine, and of which kinds what would be refused is left out."""

    forbid: Many[Forbidden] = ()
    ignore: Many[Text] = ()

    @model_validator(mode="after")
    def _check(self) -> "Policy":
        if self.ignore:
            complain(self._missed())
        return self

    def _missed(self) -> Iterator[Fault]:
        from schemas.kinds import KINDS  # all models, which an idle pass needs not

        honoured = {kind for _, kind in KINDS} - set(GUARDS)
        for index, kind in enumerate(self.ignore):
            if kind in honoured:
                words = f"can't be ignored: one {kind} with a mistake would be taken away from what runs"
                yield Fault(("ignore", index), words)


class Configuration(Model):
    """The whole file."""

    sources: Many[Source] = ()
    repo: Text | None = None
    ref: Text | None = None
    path: str | None = None
    state: Text | None = None
    podman: Text | None = None
    pool: Pool | None = None
    node: LabelValue | None = None
    node_labels: Labels = Field(default_factory=dict)
    proxy: Proxy = Field(default_factory=Proxy)
    listen: Text | None = None
    webhook_secret_file: Text | None = None
    ingress: Ingress = Field(default_factory=Ingress)
    acme: Acme = Field(default_factory=Acme)
    policy: Policy = Field(default_factory=Policy)
    notifications: Many[Notification] = ()

    @model_validator(mode="after")
    def _check(self) -> "Configuration":
        complain([*self._repeated(), *self._both(), *self._unknown()])
        return self

    def _unknown(self) -> Iterator[Fault]:
        names = {source.name for source in self.sources}
        for index, one in enumerate(self.notifications):
            for place, name in enumerate(one.sources):
                if name not in names:
                    yield Fault(("notifications", index, "sources", place), "there is no source of this name")

    def _repeated(self) -> Iterator[Fault]:
        names = Counter[str]()
        for index, source in enumerate(self.sources):
            if names[source.name]:
                yield Fault(("sources", index, "name"), "another source has this name")
            names[source.name] += 1

    def _both(self) -> Iterator[Fault]:
        for name in ("repo", "ref", "path"):
            if self.sources and getattr(self, name) is not None:
                yield Fault((name,), "stands beside `sources`: write it as one of them")


@dataclass(frozen=True, slots=True)
class Read:
    """A file as plain settings (``value``), or all that is wrong with it; ``origin`` finds its lines."""

    value: Mapping[str, Any] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()
    origin: Origin | None = None


def read(file: str, content: bytes) -> Read:
    """Read a configuration; never raises for what is in it."""
    found = list(documents(file, content))
    problems = tuple(one for one in found if isinstance(one, Problem))
    written = [one for one in found if isinstance(one, Document) and one.data is not None]
    if problems or not written:
        return Read(problems=problems)
    first, *more = written
    if more:
        return Read(problems=(more[0].origin.problem((), "a configuration is one document, not several"),))
    if not isinstance(first.data, dict):
        words = "must be a mapping, such as `repo: https://example.org/shop.git`"
        return Read(problems=(first.origin.problem((), words),))
    return _typed(first.origin, first.data)


def _typed(origin: Origin, data: Any) -> Read:
    try:
        value = Configuration.model_validate(data)
    except ValidationError as error:
        return Read(problems=tuple(sorted(problems_of(error, origin, Configuration))), origin=origin)
    return Read(_flat(value), origin=origin)


def _flat(value: Model) -> dict[str, Any]:
    """Return what was written, by the names of the settings; what wasn't is left out."""
    flat: dict[str, Any] = {}
    for name in value.model_fields_set:
        match getattr(value, name):
            case Model() as group:
                flat |= {f"{name}_{key}": one for key, one in _flat(group).items()}
            case tuple() as items:
                flat[name] = [_flat(one) if isinstance(one, Model) else one for one in items]
            case Mapping() as texts:
                flat[name] = dict(texts)
            case None:
                pass
            case plain:
                flat[name] = plain
    return flat
