"""Steps, commits and objects for the tests of the ledger."""

from dataclasses import dataclass

from runtime.resources import Owner

WEB = Owner("Deployment", "shop", "web")
API = Owner("Deployment", "shop", "api")


@dataclass(frozen=True)
class Commit:
    sha: str = "c0ffee"
    author: str = "Ada"
    subject: str = "Two more replicas"


@dataclass(frozen=True)
class Step:
    number: int
    verb: str = "create"
    resource: str = "pod/shop.web-1"
    owner: Owner | None = WEB
    reason: str = "web needs 3 pods"


COMMIT = Commit()
