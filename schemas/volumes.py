"""Volumes of a pod, one model per source (core/v1), and claims."""

from collections.abc import Iterator
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from schemas.env import FileFieldRef, ResourceFieldRef
from schemas.image import PullPolicy, default_policy, named
from schemas.meta import Annotations, TemplateMeta
from schemas.model import Fault, Many, Model, Noted, Opaque, Refused, among, complain
from schemas.names import DataKey, DnsLabel, InnerPath, MachinePath
from schemas.quantity import Amount
from schemas.resources import Resources
from schemas.selectors import LabelSelector

_CLOUD = "a cloud or network volume can't be reached from here: use a persistentVolumeClaim or a hostPath"
_TOKEN = "there is no cluster whose API a pod could call: leave it out"
_CLASS = "it only chooses a PersistentVolume; where none has it, a claim is a Podman volume of this machine"
CLUSTER_WRITES = "a cluster writes it, and what is in a manifest is ignored"
NO_MODES = "at least one is needed, such as ReadWriteOnce"
EXISTING = "sloop/volume"  # on a claim: a Podman volume that is used as it is, and never made or removed


def _mode(number: int) -> int:
    if not 0 <= number <= 0o777:
        raise ValueError("must be a mode from 0 to 0777, in octal with a leading 0")
    return number


Mode = Annotated[int, AfterValidator(_mode)]
HostPathType = Literal[
    "", "DirectoryOrCreate", "Directory", "FileOrCreate", "File", "Socket", "CharDevice", "BlockDevice"
]


AccessMode = Literal["ReadWriteOnce", "ReadOnlyMany", "ReadWriteMany", "ReadWriteOncePod"]
Cloud = Annotated[Opaque | None, Refused(_CLOUD)]


class KeyToPath(Model):
    """A key of a ConfigMap or Secret, and the file it becomes."""

    key: DataKey
    path: InnerPath
    mode: Mode | None = None


class EmptyDir(Model):
    """A directory that lives as long as the pod."""

    medium: Literal["", "Memory"] = ""
    size_limit: Amount | None = None


class HostPath(Model):
    """A path of this machine."""

    path: MachinePath
    type: HostPathType = ""


class ConfigMapVolume(Model):
    """The keys of a ConfigMap as files."""

    name: str
    items: Many[KeyToPath] = ()
    default_mode: Mode = 0o644
    optional: bool = False


class SecretVolume(Model):
    """The keys of a Secret as files."""

    secret_name: str
    items: Many[KeyToPath] = ()
    default_mode: Mode = 0o644
    optional: bool = False


class DownwardFile(Model):
    """What a pod knows of itself, as one file."""

    path: InnerPath
    field_ref: FileFieldRef | None = None
    resource_field_ref: ResourceFieldRef | None = None
    mode: Mode | None = None

    @model_validator(mode="after")
    def _rules(self) -> Self:
        if (self.field_ref is None) == (self.resource_field_ref is None):
            complain([Fault((), "exactly one of fieldRef and resourceFieldRef is needed")])
        return self


class DownwardVolume(Model):
    """What a pod knows of itself, as files that stay as they were when it was made."""

    items: Many[DownwardFile] = ()
    default_mode: Mode = 0o644


class DownwardProjection(Model):
    """What a pod knows of itself, beside other sources."""

    items: Many[DownwardFile] = ()


class Projection(Model):
    """The keys of a ConfigMap or Secret, beside other sources."""

    name: str
    items: Many[KeyToPath] = ()
    optional: bool = False


class ProjectedSource(Model):
    """One of the sources of a projected volume."""

    config_map: Projection | None = None
    secret: Projection | None = None
    downward_api: DownwardProjection | None = None
    service_account_token: Annotated[Opaque | None, Refused(_TOKEN)] = None
    cluster_trust_bundle: Annotated[Opaque | None, Refused(_TOKEN)] = None
    pod_certificate: Annotated[Opaque | None, Refused(_TOKEN)] = None

    @model_validator(mode="after")
    def _rules(self) -> Self:
        if len(self.model_fields_set) != 1:
            complain([Fault((), "exactly one of configMap, secret and downwardAPI is needed")])
        return self


class ProjectedVolume(Model):
    """Several sources in one directory; where two have a path in common, the later one wins."""

    sources: Many[ProjectedSource] = ()
    default_mode: Mode = 0o644


class ClaimVolume(Model):
    """The volume of a PersistentVolumeClaim."""

    claim_name: str
    read_only: bool = False


class ClaimSpec(Model):
    """What a PersistentVolumeClaim asks for."""

    access_modes: Many[AccessMode] = ()
    resources: Annotated[
        Resources, Noted("the size of a volume isn't enforced: it may grow as far as the disk allows")
    ] = Field(default_factory=Resources)
    storage_class_name: Annotated[str | None, Noted(_CLASS, when=bool)] = None
    volume_mode: Annotated[
        Literal["Filesystem", "Block"] | None,
        Refused("only Filesystem is supported", when=among("Block")),
    ] = None
    volume_name: str | None = None
    selector: LabelSelector | None = None
    data_source: Annotated[Opaque | None, Refused("a volume can't be filled from another one")] = None
    data_source_ref: Annotated[Opaque | None, Refused("a volume can't be filled from another one")] = None
    volume_attributes_class_name: Annotated[str | None, Noted("it tunes a cloud's storage")] = None


class ClaimTemplate(Model):
    """A claim that is made together with a pod."""

    metadata: TemplateMeta = Field(default_factory=TemplateMeta)
    spec: ClaimSpec


class StatefulClaimMeta(TemplateMeta):
    """The metadata of a claim that is made for each pod of a StatefulSet."""

    name: DnsLabel
    annotations: Annotated[
        Annotations,
        Refused("all pods would write to one volume: write a claim of the pod's own", key=among(EXISTING)),
    ] = Field(default_factory=dict)


class StatefulClaim(Model):
    """A claim that is made for each pod of a StatefulSet, and found again by the pod's name."""

    api_version: Literal["v1"] = "v1"
    kind: Literal["PersistentVolumeClaim"] = "PersistentVolumeClaim"
    metadata: StatefulClaimMeta
    spec: ClaimSpec
    status: Annotated[Opaque | None, Noted(CLUSTER_WRITES)] = None

    @model_validator(mode="after")
    def _rules(self) -> Self:
        complain(_stateful_faults(self.spec))
        return self


class EphemeralVolume(Model):
    """A claim that lives as long as the pod."""

    volume_claim_template: ClaimTemplate | None = None


class ImageVolume(Model):
    """An image's files as a volume, which is read only."""

    reference: Annotated[str, AfterValidator(named)]
    pull_policy: PullPolicy | None = None

    @property
    def policy(self) -> PullPolicy:
        """When to pull, as for a container's image."""
        return self.pull_policy or default_policy(self.reference)


class Volume(Model):
    """A volume and its one source."""

    name: DnsLabel
    empty_dir: EmptyDir | None = None
    host_path: HostPath | None = None
    config_map: ConfigMapVolume | None = None
    secret: SecretVolume | None = None
    persistent_volume_claim: ClaimVolume | None = None
    projected: ProjectedVolume | None = None
    downward_api: DownwardVolume | None = None
    ephemeral: EphemeralVolume | None = None
    image: ImageVolume | None = None
    git_repo: Annotated[Opaque | None, Refused("Kubernetes itself gave it up: clone into an emptyDir")] = None
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
    def in_memory(self) -> bool:
        """Say whether it is scratch space in memory."""
        return self.empty_dir is not None and self.empty_dir.medium == "Memory"

    @property
    def source(self) -> str:
        """The attribute's name of the source, such as ``empty_dir``."""
        return next(iter(_sources(self)), "")

    @model_validator(mode="after")
    def _rules(self) -> Self:
        complain(_source_faults(self))
        return self


def _sources(volume: Volume) -> Iterator[str]:
    given = volume.model_fields_set - {"name"}
    return (name for name in Volume.model_fields if name in given and getattr(volume, name) is not None)


def _source_faults(volume: Volume) -> Iterator[Fault]:
    given = list(_sources(volume))
    if not given:
        yield Fault((), "a volume needs a source, such as emptyDir: {}")
    if len(given) > 1:
        yield Fault((), f"a volume has one source, and this one has {len(given)}")


def _stateful_faults(spec: ClaimSpec) -> Iterator[Fault]:
    own = "no PersistentVolume is bound to all pods' claims: write a claim of the pod's own"
    if not spec.access_modes:
        yield Fault(("spec", "accessModes"), NO_MODES)
    if spec.volume_name:
        yield Fault(("spec", "volumeName"), own)
    if spec.selector:
        yield Fault(("spec", "selector"), own)
