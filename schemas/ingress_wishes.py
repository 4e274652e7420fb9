"""What annotations of an Ingress ask for: our own, and those of ingress-nginx that are met most often."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from schemas.model import Fault
from schemas.quantity import parse

OURS = "sloop/"
NGINX = "nginx.ingress.kubernetes.io/"
CLASS = "kubernetes.io/ingress.class"  # what said the class before there was spec.ingressClassName
TLS_ACME = "kubernetes.io/tls-acme"
_OTHERS = (
    *(NGINX, "cert-manager.io/", "acme.cert-manager.io/", "traefik.ingress.kubernetes.io/"),
    *("haproxy.org/", "haproxy-ingress.github.io/", "alb.ingress.kubernetes.io/"),
    *("networking.gke.io/", "kubernetes.io/ingress.global-static-ip-name", "konghq.com/"),
)
_DURATION = re.compile(r"(\d{1,7})(s|m|h|)")
_SECONDS = {"": 1, "s": 1, "m": 60, "h": 3600}
_SIZE = re.compile(r"(\d{1,12})([kKmMgG]?)")
_FACTORS = {"": 0, "k": 10, "m": 20, "g": 30}
_TARGET = re.compile(r"/[-A-Za-z0-9._~/$@:+=&,;!*()]*")


@dataclass(frozen=True, slots=True)
class Wishes:
    """What an Ingress asks for beside its rules.

    ``redirect`` says whether http leads to https where there is a certificate.  ``body`` is the most
    bytes of a request, 0 for any number; ``timeout`` and ``connect`` are seconds, 0 for the usual ones.
    ``rewrite`` is the path that the Service sees; with ``regex``, paths are regular expressions, and it may
    hold ``$1``.  ``acme`` asks for a certificate.
    """

    redirect: bool = True
    body: int = 0
    timeout: int = 0
    connect: int = 0
    rewrite: str = ""
    regex: bool = False
    acme: bool = False


def wishes_of(annotations: Mapping[str, str]) -> Wishes:
    """Return what annotations without a fault ask for; our own win over those of ingress-nginx."""
    said = {name: READERS[key](text) for key, name in NAMES if (text := annotations.get(key)) is not None}
    if "$" in said.get("rewrite", ""):
        said["regex"] = True
    return Wishes(**said)


def wish_faults(annotations: Mapping[str, str]) -> Iterator[Fault]:
    """Yield what is wrong with the annotations that have a meaning here."""
    for key, read in READERS.items():
        if key in annotations:
            try:
                read(annotations[key])
            except ValueError as error:
                yield Fault((key,), str(error))
    yield from (
        Fault((key,), f"unknown annotation: known are {', '.join(sorted(OWN))}")
        for key in annotations
        if key.startswith(OURS) and key not in OWN
    )


def without_meaning(key: str) -> bool:
    """Say whether an annotation is one that another controller would heed, and nobody does here."""
    return key.startswith(_OTHERS) and key not in READERS


def _truth(text: str) -> bool:
    if text not in ("true", "false"):
        raise ValueError('must be "true" or "false"')
    return text == "true"


def _duration(text: str) -> int:
    matched = _DURATION.fullmatch(text)
    if not matched or not int(matched[1]):
        raise ValueError('must be a time such as "90s" or "5m"')
    return int(matched[1]) * _SECONDS[matched[2]]


def _amount(text: str) -> int:
    """Read a Kubernetes quantity of bytes."""
    try:
        size = parse(text).bytes
    except ValueError:
        size = -1
    if size < 0:
        raise ValueError('must be a size such as "8Mi", or "0" for any')
    return size


def _nginx_size(text: str) -> int:
    matched = _SIZE.fullmatch(text)
    if not matched:
        raise ValueError('must be a size such as "8m", or "0" for any')
    return int(matched[1]) << _FACTORS[matched[2].lower()]


def _target(text: str) -> str:
    if not _TARGET.fullmatch(text):
        raise ValueError('must be a path such as "/" or "/$2", of letters, digits and -._~/@:+=&,;!*()')
    return text


OWN: Mapping[str, Callable[[str], Any]] = {
    "sloop/acme": _truth,
    "sloop/body-size": _amount,
    "sloop/ssl-redirect": _truth,
    "sloop/timeout": _duration,
}
READERS: Mapping[str, Callable[[str], Any]] = {
    TLS_ACME: _truth,
    NGINX + "force-ssl-redirect": _truth,
    NGINX + "proxy-body-size": _nginx_size,
    NGINX + "proxy-connect-timeout": _duration,
    NGINX + "proxy-read-timeout": _duration,
    NGINX + "rewrite-target": _target,
    NGINX + "ssl-redirect": _truth,
    NGINX + "use-regex": _truth,
    **OWN,
}
NAMES = (  # of two that say the same, the later wins
    (TLS_ACME, "acme"),
    (NGINX + "proxy-body-size", "body"),
    (NGINX + "proxy-connect-timeout", "connect"),
    (NGINX + "proxy-read-timeout", "timeout"),
    (NGINX + "rewrite-target", "rewrite"),
    (NGINX + "ssl-redirect", "redirect"),
    (NGINX + "use-regex", "regex"),
    ("sloop/acme", "acme"),
    ("sloop/body-size", "body"),
    ("sloop/ssl-redirect", "redirect"),
    ("sloop/timeout", "timeout"),
)
