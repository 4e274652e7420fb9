"""What Kubernetes takes as a name: one literal table of rules, and the types made of them."""

import re
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address
from typing import Annotated

from pydantic import AfterValidator


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule for names: calling it returns a name that keeps it, and raises ValueError otherwise."""

    words: str
    pattern: re.Pattern[str]
    limit: int

    def complaint(self, name: str) -> str:
        """Return what is wrong with a name, "" where nothing is."""
        if len(name) > self.limit:
            return f"must be at most {self.limit} characters"
        return "" if self.pattern.fullmatch(name) else self.words

    def allows(self, name: str) -> bool:
        """Say whether a name keeps the rule."""
        return not self.complaint(name)

    def __call__(self, name: str) -> str:
        """Return the name, if it keeps the rule."""
        complaint = self.complaint(name)
        if complaint:
            raise ValueError(complaint)
        return name


_LABEL = r"[a-z0-9]([-a-z0-9]*[a-z0-9])?"
_SUBDOMAIN = rf"{_LABEL}(\.{_LABEL})*"
_WORD = r"[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?"
_LONG = 253

DNS_LABEL = Rule("must be lower-case letters, digits and inner '-'", re.compile(_LABEL), 63)
DNS_SUBDOMAIN = Rule("must be lower-case letters, digits, inner '-' and '.'", re.compile(_SUBDOMAIN), _LONG)
SERVICE_NAME = Rule(
    "must begin with a lower-case letter, then lower-case letters, digits and inner '-'",
    re.compile(r"[a-z]([-a-z0-9]*[a-z0-9])?"),
    63,
)
WILDCARD_SUBDOMAIN = Rule(
    "must be '*.' and a DNS name in lower case", re.compile(rf"\*\.{_SUBDOMAIN}"), _LONG
)
LABEL_VALUE = Rule("must be empty, or letters, digits, inner '-', '_' and '.'", re.compile(f"({_WORD})?"), 63)
LABEL_NAME = Rule("must be letters, digits, inner '-', '_' and '.'", re.compile(_WORD), 63)
ENV_NAME = Rule("must be printable ASCII characters other than '='", re.compile(r"[ -<>-~]+"), 2**20)
DATA_KEY = Rule(
    "must be letters, digits, '-', '_' and '.', and neither '.' nor begin with '..'",
    re.compile(r"(?!\.\.)(?!\.\Z)[-._a-zA-Z0-9]+"),
    _LONG,
)
PORT_NAME = Rule(
    "must be lower-case letters, digits and single inner '-', with a letter in it",
    re.compile(r"(?=.*[a-z])(?!.*--)[a-z0-9]([-a-z0-9]*[a-z0-9])?"),
    15,
)


def label_key(key: str) -> str:
    """Return a label's or annotation's key if it is a name, or a DNS name, ``/`` and a name.

    Raises ValueError otherwise. Source: Kubernetes' IsQualifiedName.
    """
    prefix, slash, name = key.rpartition("/")
    complaint = DNS_SUBDOMAIN.complaint(prefix) if slash else ""
    if complaint:
        raise ValueError(f"key {key!r}: what stands before '/' {complaint}")
    complaint = LABEL_NAME.complaint(name)
    if complaint:
        raise ValueError(f"key {key!r}: the name {complaint}")
    return key


def annotation_key(key: str) -> str:
    """Return an annotation's key under the same rule; capitals before ``/`` are allowed."""
    label_key(key.lower())
    return key


def port_number(number: int) -> int:
    """Return a port from 1 to 65535; raises ValueError for another."""
    if not 1 <= number <= 65535:
        raise ValueError("must be a port from 1 to 65535")
    return number


def port_or_zero(number: int) -> int:
    """Return a port, or 0, which stands for none; raises ValueError for another number."""
    return number and port_number(number)


def ip_address(text: str) -> str:
    """Return an IPv4 or IPv6 address as it is; raises ValueError for anything else."""
    try:
        IPv6Address(text) if ":" in text else IPv4Address(text)
    except ValueError:
        raise ValueError("must be an IP address") from None
    return text


def inner_path(path: str) -> str:
    """Return a path that stays inside the directory it starts from; raises ValueError for another."""
    if path.startswith("/") or ".." in path.split("/"):
        raise ValueError("must be a relative path without '..'")
    return path


def absolute_path(path: str) -> str:
    """Return a container's path from its root; raises ValueError if it is empty or has a colon."""
    if not path or ":" in path:
        raise ValueError("must be a path without ':'")
    return path if path.startswith("/") else f"/{path}"


def _host_path(path: str) -> str:
    if not path.startswith("/") or ".." in path.split("/"):
        raise ValueError("must be an absolute path without '..'")
    return path


DnsLabel = Annotated[str, AfterValidator(DNS_LABEL)]
DnsSubdomain = Annotated[str, AfterValidator(DNS_SUBDOMAIN)]
ServiceName = Annotated[str, AfterValidator(SERVICE_NAME)]
LabelKey = Annotated[str, AfterValidator(label_key)]
LabelValue = Annotated[str, AfterValidator(LABEL_VALUE)]
AnnotationKey = Annotated[str, AfterValidator(annotation_key)]
EnvName = Annotated[str, AfterValidator(ENV_NAME)]
DataKey = Annotated[str, AfterValidator(DATA_KEY)]
PortName = Annotated[str, AfterValidator(PORT_NAME)]
PortNumber = Annotated[int, AfterValidator(port_number)]
PortNumberOrZero = Annotated[int, AfterValidator(port_or_zero)]
IpAddress = Annotated[str, AfterValidator(ip_address)]
InnerPath = Annotated[str, AfterValidator(inner_path)]
AbsolutePath = Annotated[str, AfterValidator(absolute_path)]
MachinePath = Annotated[str, AfterValidator(_host_path)]
