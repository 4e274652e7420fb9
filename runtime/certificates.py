"""Certificates that were obtained from an ACME server, and the account for that, as files of a volume."""

import json
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import asdict, field
from typing import Any

from runtime.dataclass import dataclass
from runtime.resources import NOTHING, File, Hidden, digest, short

VOLUME = "sloop__certificates"  # it survives the ledger, and everything but a hand
KIND = "certificates"
ACCOUNT = "account.json"
MODE = 0o600

Hosts = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Account:
    """Who we are to an ACME server; ``thumbprint`` is what proves to it that a host is ours."""

    directory: str
    thumbprint: str
    key: Hidden = NOTHING
    uri: str = ""


@dataclass(frozen=True, slots=True)
class Issued:
    """A certificate with its key, and how obtaining the next one goes.  Times are seconds since 1970.

    ``pem`` is empty as long as there is none; ``failures`` counts the attempts since one succeeded, ``tried``
    is when the last one ended and ``why`` how it failed.
    """

    hosts: Hosts
    directory: str
    pem: Hidden = NOTHING
    begins: float = 0
    ends: float = 0
    failures: int = 0
    tried: float = 0
    why: str = ""


@dataclass(frozen=True, slots=True)
class Kept:
    """All that the volume holds."""

    account: Account | None = None
    issued: Mapping[Hosts, Issued] = field(default_factory=dict)


def name_of(hosts: Hosts) -> str:
    """Return what a certificate is called; no Secret is called so."""
    return f"_{hosts[0]}-{short(digest(list(hosts)))}"


def kept(files: Iterable[File]) -> Kept:
    """Return what was written; a file that a hand has spoilt counts as none."""
    account, issued = None, {}
    for file in files:
        with suppress(ValueError, TypeError, KeyError):
            data = json.loads(file.content)
            if file.path == ACCOUNT:
                account = Account(**{**data, "key": Hidden(data["key"].encode())})
            elif file.path.endswith(".json"):
                one = Issued(**{**data, "hosts": tuple(data["hosts"]), "pem": Hidden(data["pem"].encode())})
                issued[one.hosts] = one
    return Kept(account, issued)


def account_file(account: Account) -> File:
    """Return an account as it is kept."""
    return _file(ACCOUNT, {**asdict(account), "key": account.key.value.decode()})


def issued_file(issued: Issued) -> File:
    """Return a certificate as it is kept."""
    return _file(f"{name_of(issued.hosts)}.json", {**asdict(issued), "pem": issued.pem.value.decode()})


def _file(path: str, data: Mapping[str, Any]) -> File:
    return File(path, json.dumps(data).encode(), MODE)
