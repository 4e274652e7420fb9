"""Environment of a container (core/v1)."""

import re
from collections.abc import Iterator
from typing import Annotated, Any, Self

from pydantic import AfterValidator, model_validator

from schemas.model import Fault, Many, Model, Refused, complain
from schemas.names import DataKey, EnvName
from schemas.quantity import Amount

_OWN = frozenset({"metadata.name", "metadata.namespace", "metadata.uid"})
ADDRESSES = frozenset({"status.podIP", "status.podIPs"})
_KNOWN = _OWN | {"spec.nodeName", "spec.serviceAccountName", "status.hostIP", "status.hostIPs"} | ADDRESSES
_WHOLE = frozenset({"metadata.labels", "metadata.annotations"})
_SUBSCRIPT = re.compile(r"metadata\.(?:labels|annotations)\['.+'\]")
_AMOUNTS = tuple(f"{kind}.{name}" for kind in ("limits", "requests") for name in ("cpu", "memory"))
_ENDLESS = tuple(
    f"{kind}.{name}"
    for kind in ("limits", "requests")
    for name in ("ephemeral-storage", "hugepages-2Mi", "hugepages-1Gi")
)


def _is_unlimited(resource: Any) -> bool:
    return resource in _ENDLESS


def _known(path: str) -> str:
    return _field_among(path, _KNOWN, shown=_KNOWN)


def _of_a_file(path: str) -> str:
    return _field_among(path, _OWN | _WHOLE, shown=_OWN | _WHOLE)


def _field_among(path: str, known: frozenset[str], *, shown: frozenset[str]) -> str:
    if path in known or _SUBSCRIPT.fullmatch(path):
        return path
    names = ", ".join(sorted(shown))
    raise ValueError(f"no such field: write one of {names}, metadata.labels['x'], metadata.annotations['x']")


def _resource(name: str) -> str:
    if name in (*_AMOUNTS, *_ENDLESS):
        return name
    raise ValueError(f"no such amount: write one of {', '.join(_AMOUNTS)}")


class KeySelector(Model):
    """One key of a ConfigMap or Secret."""

    name: str
    key: DataKey
    optional: bool = False


class FieldRef(Model):
    """A field of the pod itself."""

    api_version: str = "v1"
    field_path: Annotated[str, AfterValidator(_known)]


class FileFieldRef(Model):
    """A field of the pod itself, that becomes a file; labels and annotations may be written whole."""

    api_version: str = "v1"
    field_path: Annotated[str, AfterValidator(_of_a_file)]


class ResourceFieldRef(Model):
    """What a container asks for or may use, in units of ``divisor``, rounded up."""

    container_name: str | None = None
    resource: Annotated[
        str,
        AfterValidator(_resource),
        Refused("only limits and requests of cpu and memory are known here", when=_is_unlimited),
    ]
    divisor: Amount | None = None


class EnvSource(Model):
    """Where a variable's value comes from."""

    config_map_key_ref: KeySelector | None = None
    secret_key_ref: KeySelector | None = None
    field_ref: FieldRef | None = None
    resource_field_ref: ResourceFieldRef | None = None

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
