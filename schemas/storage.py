"""PersistentVolumes (v1): places of this machine that claims may be bound to."""

from collections.abc import Iterator, Mapping
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from schemas.core import Status
from schemas.meta import ClusterMeta
from schemas.model import Fault, Many, Model, Noted, Opaque, Refused, among, complain
from schemas.names import MachinePath
from schemas.quantity import Amount
from schemas.volumes import AccessMode, Cloud, HostPath

_ONE_MACHINE = "there is one machine to run on"


class LocalVolume(Model):
    """A directory of this machine, that must be there."""

    path: MachinePath
    fs_type: Annotated[str | None, Noted("nothing is formatted or mounted here")] = None


class ClaimReference(Model):
    """The one claim that a volume is kept for."""

    namespace: str = "default"
    name: str
    api_version: str | None = None
    kind: str | None = None
    field_path: str | None = None
    resource_version: str | None = None
    uid: str | None = None


class PersistentVolumeSpec(Model):
    """A place of this machine, and which claims it suits."""

    capacity: Mapping[str, Amount] = Field(default_factory=dict)
    access_modes: Many[AccessMode] = ()
    storage_class_name: str = ""
    claim_ref: ClaimReference | None = None
    host_path: HostPath | None = None
    local: LocalVolume | None = None
    persistent_volume_reclaim_policy: Annotated[
        Literal["Retain", "Delete", "Recycle"] | None,
        Noted("what is in it always stays", when=among("Delete", "Recycle")),
    ] = None
    volume_mode: Annotated[
        Literal["Filesystem", "Block"] | None,
        Refused("only Filesystem is supported", when=among("Block")),
    ] = None
    mount_options: Annotated[Many[str], Noted("nothing is formatted or mounted here")] = ()
    node_affinity: Annotated[Opaque | None, Noted(_ONE_MACHINE)] = None
    volume_attributes_class_name: Annotated[str | None, Noted("it tunes a cloud's storage")] = None
    aws_elastic_block_store: Cloud = None
    azure_disk: Cloud = None
    azure_file: Cloud = None
    cephfs: Cloud = None
    cinder: Cloud = None
    csi: Cloud = None
    fc: Cloud = None
    flex_volume: Cloud = None
    flocker: Cloud = None
    gce_persistent_disk: Cloud = None
    glusterfs: Cloud = None
    iscsi: Cloud = None
    nfs: Cloud = None
    photon_persistent_disk: Cloud = None
    portworx_volume: Cloud = None
    quobyte: Cloud = None
    rbd: Cloud = None
    scale_io: Cloud = None
    storageos: Cloud = None
    vsphere_volume: Cloud = None

    @property
    def place(self) -> HostPath:
        """The path of this machine, and what must be there."""
        if self.local:
            return HostPath(path=self.local.path, type="Directory")
        return self.host_path or HostPath(path="/")

    @model_validator(mode="after")
    def _rules(self) -> Self:
        complain(_faults(self))
        return self


class PersistentVolume(Model):
    """A place of this machine that outlives every claim."""

    api_version: Literal["v1"]
    kind: Literal["PersistentVolume"]
    metadata: ClusterMeta
    spec: PersistentVolumeSpec
    status: Status = None


def _faults(spec: PersistentVolumeSpec) -> Iterator[Fault]:
    if (spec.host_path is None) == (spec.local is None):
        yield Fault((), "exactly one of hostPath and local is needed")
    if not spec.access_modes:
        yield Fault(("accessModes",), "at least one is needed, such as ReadWriteOnce")
    if "storage" not in spec.capacity:
        yield Fault(("capacity",), "its storage is needed, such as 1Gi")
