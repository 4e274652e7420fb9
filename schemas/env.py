"""Environment of a container (core/v1)."""

import re
from collections.abc import Iterator
from typing import Annotated, Any, Self

from pydantic import AfterValidator, model_validator

from schemas.model import Fault, Many, Model, Opaque, Refused, complain
from schemas.names import DataKey, EnvName

_KNOWN = frozenset({"metadata.name", "metadata.namespace", "spec.nodeName"})
_LATER = frozenset(
    {
        "metadata.uid",
        "spec.serviceAccountName",
        "status.hostIP",
        "status.hostIPs",
        "status.podIP",
        "status.podIPs",
    }
)
_SUBSCRIPT = re.compile(r"metadata\.(?:labels|annotations)\['.+'\]")


def _is_unsupported(path: Any) -> bool:
    return path in tuple(_LATER)


def _known(path: str) -> str:
    if path in _KNOWN | _LATER or _SUBSCRIPT.fullmatch(path):
        return path
    known = ", ".join(sorted(_KNOWN))
    raise ValueError(f"no such field: write one of {known}, metadata.labels['x'], metadata.annotations['x']")


class KeySelector(Model):
    """One key of a ConfigMap or Secret."""

    name: str
    key: DataKey
    optional: bool = False


class FieldRef(Model):
    """A field of the pod itself."""

    api_version: str = "v1"
    field_path: Annotated[
        str,
        AfterValidator(_known),
        Refused("not known when the container is made: not supported yet", when=_is_unsupported),
    ]


class EnvSource(Model):
    """Where a variable's value comes from."""

    config_map_key_ref: KeySelector | None = None
    secret_key_ref: KeySelector | None = None
    field_ref: FieldRef | None = None
    resource_field_ref: Annotated[
        Opaque | None, Refused("not supported yet: write the amount as the value")
    ] = None

    @model_validator(mode="after")
    def _rules(self) -> Self:
        if len(self.model_fields_set) != 1:
            complain(
                [
                    Fault(
                        (),
                        "exactly one of configMapKeyRef, secretKeyRef, fieldRef, resourceFieldRef is needed",
                    )
                ]
            )
        return self


class EnvVar(Model):
    """A variable: a value, in which ``$(NAME)`` is expanded, or where it comes from."""

    name: EnvName
    value: str | None = None
    value_from: EnvSource | None = None

    @model_validator(mode="after")
    def _rules(self) -> Self:
        if self.value and self.value_from:
            complain([Fault(("valueFrom",), "value and valueFrom exclude each other")])
        return self


class SourceRef(Model):
    """A ConfigMap or Secret by name."""

    name: str
    optional: bool = False


class EnvFrom(Model):
    """Every key of a ConfigMap or Secret as a variable."""

    prefix: str = ""
    config_map_ref: SourceRef | None = None
    secret_ref: SourceRef | None = None

    @model_validator(mode="after")
    def _rules(self) -> Self:
        complain(_source_faults(self))
        return self


def _source_faults(source: EnvFrom) -> Iterator[Fault]:
    if (source.config_map_ref is None) == (source.secret_ref is None):
        yield Fault((), "exactly one of configMapRef and secretRef is needed")


Env = Many[EnvVar]
