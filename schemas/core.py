"""The kinds of the core group (v1)."""

import base64
import binascii
from collections.abc import Iterator, Mapping
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from schemas.meta import ClusterMeta, ObjectMeta
from schemas.model import Fault, Many, Model, Noted, Opaque, Texts, complain
from schemas.names import DNS_LABEL, DataKey
from schemas.pod import PodSpec
from schemas.volumes import CLUSTER_WRITES, NO_MODES, ClaimSpec

_LARGEST = 2**20

Status = Annotated[Opaque | None, Noted(CLUSTER_WRITES)]


def _base64(text: str) -> str:
    try:
        base64.b64decode("".join(text.splitlines()), validate=True)
    except (binascii.Error, ValueError):
        raise ValueError("must be base64: use stringData for plain text") from None
    return text


Base64 = Annotated[str, AfterValidator(_base64)]


def _decoded(data: Mapping[str, str]) -> dict[str, bytes]:
    return {key: base64.b64decode("".join(text.splitlines())) for key, text in data.items()}


def _encoded(data: Mapping[str, str]) -> dict[str, bytes]:
    return {key: text.encode() for key, text in data.items()}


class NamespaceSpec(Model):
    """What a cluster keeps about a namespace."""

    finalizers: Annotated[Many[str], Noted("nothing waits for finalizers here")] = ()


class Namespace(Model):
    """A namespace: names resolve inside it."""

    api_version: Literal["v1"]
    kind: Literal["Namespace"]
    metadata: ClusterMeta
    spec: NamespaceSpec = Field(default_factory=NamespaceSpec)
    status: Status = None

    @model_validator(mode="after")
    def _rules(self) -> Self:
        complaint = DNS_LABEL.complaint(self.metadata.name)
        if complaint:
            complain([Fault(("metadata", "name"), complaint)])
        return self


class Pod(Model):
    """A pod that stands by itself."""

    api_version: Literal["v1"]
    kind: Literal["Pod"]
    metadata: ObjectMeta
    spec: PodSpec
    status: Status = None


class ConfigMap(Model):
    """Configuration: texts and bytes by key."""

    api_version: Literal["v1"]
    kind: Literal["ConfigMap"]
    metadata: ObjectMeta
    data: Texts[DataKey, str] = Field(default_factory=dict)
    binary_data: Texts[DataKey, Base64] = Field(default_factory=dict)
    immutable: bool = False

    @property
    def values(self) -> Mapping[str, bytes]:
        """The bytes of every key."""
        return _encoded(self.data) | _decoded(self.binary_data)

    @model_validator(mode="after")
    def _rules(self) -> Self:
        complain(_config_faults(self))
        return self


class Secret(Model):
    """Secret texts and bytes by key; neither ``repr`` nor ``str`` shows them."""

    api_version: Literal["v1"]
    kind: Literal["Secret"]
    metadata: ObjectMeta = Field(repr=False)
    data: Texts[DataKey, Base64] = Field(default_factory=dict, repr=False)
    string_data: Texts[DataKey, str] = Field(default_factory=dict, repr=False)
    type: str = "Opaque"
    immutable: bool = False

    @property
    def values(self) -> Mapping[str, bytes]:
        """The bytes of every key; ``stringData`` wins over ``data``, as in Kubernetes."""
        return _decoded(self.data) | _encoded(self.string_data)

    @model_validator(mode="after")
    def _rules(self) -> Self:
        complain(_size_faults(self.values))
        return self


class PersistentVolumeClaim(Model):
    """A volume that survives the pods that use it."""

    api_version: Literal["v1"]
    kind: Literal["PersistentVolumeClaim"]
    metadata: ObjectMeta
    spec: ClaimSpec
    status: Status = None

    @model_validator(mode="after")
    def _rules(self) -> Self:
        if not self.spec.access_modes:
            complain([Fault(("spec", "accessModes"), NO_MODES)])
        return self


def _config_faults(config: ConfigMap) -> Iterator[Fault]:
    for key in config.data.keys() & config.binary_data.keys():
        yield Fault(("binaryData", key), "data has the same key")
    yield from _size_faults(config.values)


def _size_faults(values: Mapping[str, bytes]) -> Iterator[Fault]:
    if sum(map(len, values.values())) > _LARGEST:
        yield Fault((), "more than 1 MiB, which is all that Kubernetes allows")
