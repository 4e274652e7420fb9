"""What a container, or a claim, asks for and may use (core/v1)."""

from collections.abc import Mapping
from typing import Annotated

from pydantic import Field

from schemas.model import Many, Model, Noted, Opaque, Refused
from schemas.quantity import Amount

_HONOURED = frozenset({"cpu", "memory"})
_NOTED = frozenset({"ephemeral-storage", "storage"})


def _is_noted(name: str) -> bool:
    return name in _NOTED


def _is_unknown(name: str) -> bool:
    return name not in _HONOURED | _NOTED


Amounts = Annotated[
    Mapping[str, Amount],
    Noted("the size of files isn't limited: they may grow as far as the disk allows", key=_is_noted),
    Refused("only cpu and memory are supported: leave it out, devices come by hostPath", key=_is_unknown),
]


class Resources(Model):
    """Amounts by the name of what they measure: ``limits["cpu"].millicores``, ``limits["memory"].bytes``."""

    limits: Amounts = Field(default_factory=dict)
    requests: Amounts = Field(default_factory=dict)
    claims: Annotated[
        Many[Opaque], Refused("devices can't be claimed here: leave it out, devices come by hostPath")
    ] = ()
