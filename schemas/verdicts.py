"""What is said of the kinds that have no model: literal tables."""

from typing import Literal, NamedTuple

from schemas.kinds import KINDS
from schemas.model import Mark, Noted, Refused
from schemas.nearest import did_you_mean

_ACCESS = "there is no cluster whose API anybody could call"
_ONE_MACHINE = "it concerns a cluster, and there is one machine"
_ADMISSION = "there is no API server that would ask it: leave it out"

NAMED: dict[tuple[str, str], Mark] = {
    ("v1", "ServiceAccount"): Noted(_ACCESS),
    ("rbac.authorization.k8s.io/v1", "ClusterRole"): Noted(_ACCESS),
    ("rbac.authorization.k8s.io/v1", "ClusterRoleBinding"): Noted(_ACCESS),
    ("rbac.authorization.k8s.io/v1", "Role"): Noted(_ACCESS),
    ("rbac.authorization.k8s.io/v1", "RoleBinding"): Noted(_ACCESS),
    ("v1", "Event"): Noted(_ONE_MACHINE),
    ("v1", "Node"): Noted(_ONE_MACHINE),
    ("apiextensions.k8s.io/v1", "CustomResourceDefinition"): Noted("objects of such a kind would be refused"),
    ("apiregistration.k8s.io/v1", "APIService"): Noted(_ACCESS),
    ("certificates.k8s.io/v1", "CertificateSigningRequest"): Noted(_ONE_MACHINE),
    ("coordination.k8s.io/v1", "Lease"): Noted(_ONE_MACHINE),
    ("flowcontrol.apiserver.k8s.io/v1", "FlowSchema"): Noted(_ACCESS),
    ("flowcontrol.apiserver.k8s.io/v1", "PriorityLevelConfiguration"): Noted(_ACCESS),
    ("node.k8s.io/v1", "RuntimeClass"): Noted(_ONE_MACHINE),
    ("scheduling.k8s.io/v1", "PriorityClass"): Noted("no pod makes room for another here"),
    ("storage.k8s.io/v1", "CSIDriver"): Noted(_ONE_MACHINE),
    ("storage.k8s.io/v1", "CSINode"): Noted(_ONE_MACHINE),
    ("storage.k8s.io/v1", "CSIStorageCapacity"): Noted(_ONE_MACHINE),
    ("storage.k8s.io/v1", "StorageClass"): Noted("every volume is a Podman volume of this machine"),
    ("storage.k8s.io/v1", "VolumeAttachment"): Noted(_ONE_MACHINE),
    ("admissionregistration.k8s.io/v1", "MutatingWebhookConfiguration"): Refused(_ADMISSION),
    ("admissionregistration.k8s.io/v1", "ValidatingAdmissionPolicy"): Refused(_ADMISSION),
    ("admissionregistration.k8s.io/v1", "ValidatingAdmissionPolicyBinding"): Refused(_ADMISSION),
    ("admissionregistration.k8s.io/v1", "ValidatingWebhookConfiguration"): Refused(_ADMISSION),
    ("v1", "PodTemplate"): Refused("write the template inside a Deployment"),
    ("kustomize.config.k8s.io/v1beta1", "Kustomization"): Refused(
        "what it stands for is read where sloop.yaml says `render: kustomize` of the source, and its path is "
        "this directory"
    ),
}

_FOREIGN = "a custom resource, for which only its own controller in a cluster would do anything: leave it out"
_GATEWAY = "gateway.networking.k8s.io"
_REMOVED = frozenset(
    {
        "extensions/v1beta1",
        "apps/v1beta1",
        "apps/v1beta2",
        "admissionregistration.k8s.io/v1beta1",
        "apiextensions.k8s.io/v1beta1",
        "apiregistration.k8s.io/v1beta1",
        "autoscaling/v2beta1",
        "autoscaling/v2beta2",
        "batch/v1beta1",
        "batch/v2alpha1",
        "certificates.k8s.io/v1beta1",
        "coordination.k8s.io/v1beta1",
        "discovery.k8s.io/v1beta1",
        "flowcontrol.apiserver.k8s.io/v1beta1",
        "flowcontrol.apiserver.k8s.io/v1beta2",
        "flowcontrol.apiserver.k8s.io/v1beta3",
        "networking.k8s.io/v1beta1",
        "node.k8s.io/v1beta1",
        "policy/v1beta1",
        "rbac.authorization.k8s.io/v1alpha1",
        "rbac.authorization.k8s.io/v1beta1",
        "scheduling.k8s.io/v1beta1",
        "storage.k8s.io/v1beta1",
    }
)
_PODS = frozenset({"DaemonSet", "Deployment", "ReplicaSet", "StatefulSet"})
_KNOWN = (*KINDS, *NAMED)


class Verdict(NamedTuple):
    """What is said of a kind, and of which field it is said."""

    field: Literal["apiVersion", "kind"]
    mark: Mark


def verdict(api_version: str, kind: str) -> Verdict:
    """Return what is said of a kind that has no model."""
    named = NAMED.get((api_version, kind))
    if named is not None:
        return Verdict("kind", named)
    if said := _custom(api_version.partition("/")[0]):
        return Verdict("kind", Refused(f"unknown kind {api_version}/{kind}: {said}"))
    other = _other_version(api_version, kind)
    if other:
        return Verdict("apiVersion", Refused(other))
    return Verdict("kind", Refused(_unknown(api_version, kind)))


def _custom(group: str) -> str:
    """Return what to do with the kinds of a group that isn't Kubernetes' own, "" for any other group."""
    if group == _GATEWAY:
        return "the Gateway API is not served here: write an Ingress (networking.k8s.io/v1), or a Service"
    return _FOREIGN if "." in group and not group.endswith(".k8s.io") else ""


def _other_version(api_version: str, kind: str) -> str:
    versions = [version for version, known in _KNOWN if known == kind]
    removed = api_version in _REMOVED
    if kind == "PodSecurityPolicy" and removed:
        return f"{api_version} {kind} is gone from Kubernetes, with nothing in its place: leave it out"
    if not versions:
        return ""
    why = f"{api_version} {kind} is gone from Kubernetes" if removed else f"{kind} is not of {api_version}"
    selector = ", with a spec.selector" if removed and kind in _PODS else ""
    return f"{why}: write `apiVersion: {versions[-1]}`{selector}"


def _unknown(api_version: str, kind: str) -> str:
    spellings = {f"{version}/{known}" for version, known in _KNOWN}
    whole = did_you_mean(f"{api_version}/{kind}", spellings, cutoff=0.85)
    return f"unknown kind {api_version}/{kind}" + (whole or _by_kind(kind))


def _by_kind(kind: str) -> str:
    near = did_you_mean(kind, {known for _, known in _KNOWN}, cutoff=0.8)
    return next(
        (near.replace(known, f"{version}/{known}") for version, known in _KNOWN if f"`{known}`" in near), ""
    )
