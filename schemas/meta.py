"""Object metadata (meta/v1)."""

from typing import Annotated

from pydantic import AfterValidator, Field

from schemas.model import Many, Model, Natural, Noted, Opaque, Refused, Texts
from schemas.names import AnnotationKey, DnsLabel, DnsSubdomain, LabelKey, LabelValue

_SERVER = "a cluster's API server writes it"
_OWNER = "who owns what is known from git and from labels"
_ELSEWHERE = "it is Podman's own, or of an older Kubernetes: write the field of the pod, where it has one"
_PREFIXES = (
    "io.podman.annotations.",
    "volume.podman.io/",
    "container.apparmor.security.beta.kubernetes.io/",
    "container.seccomp.security.alpha.kubernetes.io/",
    "seccomp.security.alpha.kubernetes.io/",
)
_TEMPLATE = "pods get their names and namespace from the object that makes them"


def _is_read_elsewhere(annotation: str) -> bool:
    return annotation.startswith(_PREFIXES)


def _nowhere(namespace: str) -> str:  # noqa: ARG001 (whatever was written)
    return ""


Labels = Texts[LabelKey, LabelValue]
Annotations = Texts[AnnotationKey, str]


class OwnerReference(Model):
    """Who owns an object, in a cluster."""

    api_version: str
    kind: str
    name: str
    uid: str
    controller: bool = False
    block_owner_deletion: bool = False


class TemplateMeta(Model):
    """The metadata of a template: labels and annotations."""

    labels: Labels = Field(default_factory=dict)
    annotations: Annotated[Annotations, Noted(_ELSEWHERE, key=_is_read_elsewhere)] = Field(
        default_factory=dict
    )
    name: Annotated[str | None, Noted(_TEMPLATE)] = None
    namespace: Annotated[str | None, Noted(_TEMPLATE)] = None
    generate_name: Annotated[str | None, Noted(_TEMPLATE)] = None
    creation_timestamp: Annotated[str | None, Noted(_SERVER)] = None
    deletion_timestamp: Annotated[str | None, Noted(_SERVER)] = None
    deletion_grace_period_seconds: Annotated[Natural | None, Noted(_SERVER)] = None
    finalizers: Annotated[Many[str], Noted("nothing waits for finalizers here")] = ()
    generation: Annotated[int | None, Noted(_SERVER)] = None
    managed_fields: Annotated[Many[Opaque], Noted(_SERVER)] = ()
    owner_references: Annotated[Many[OwnerReference], Noted(_OWNER)] = ()
    resource_version: Annotated[str | None, Noted(_SERVER)] = None
    self_link: Annotated[str | None, Noted(_SERVER)] = None
    uid: Annotated[str | None, Noted(_SERVER)] = None


class ObjectMeta(TemplateMeta):
    """The metadata of an object; ``load`` fills in the default namespace."""

    name: DnsSubdomain
    namespace: DnsLabel = "default"
    generate_name: Annotated[
        str | None, Refused("a generated name would be another in each pass: write metadata.name")
    ] = None


class ClusterMeta(ObjectMeta):
    """The metadata of an object that is in no namespace itself."""

    namespace: Annotated[str, AfterValidator(_nowhere), Noted("such an object is in no namespace")] = ""
