"""What is said of the kinds that have no model: literal tables."""

from difflib import get_close_matches

from schemas.kinds import KINDS
from schemas.model import Mark, Noted, Refused

_LATER = "not supported by this version"
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
    ("v1", "ResourceQuota"): Noted(_ONE_MACHINE),
    ("apiextensions.k8s.io/v1", "CustomResourceDefinition"): Noted("objects of such a kind would be refused"),
    ("apiregistration.k8s.io/v1", "APIService"): Noted(_ACCESS),
    ("certificates.k8s.io/v1", "CertificateSigningRequest"): Noted(_ONE_MACHINE),
    ("coordination.k8s.io/v1", "Lease"): Noted(_ONE_MACHINE),
    ("flowcontrol.apiserver.k8s.io/v1", "FlowSchema"): Noted(_ACCESS),
    ("flowcontrol.apiserver.k8s.io/v1", "PriorityLevelConfiguration"): Noted(_ACCESS),
    ("networking.k8s.io/v1", "IngressClass"): Noted(_ONE_MACHINE),
    ("node.k8s.io/v1", "RuntimeClass"): Noted(_ONE_MACHINE),
    ("policy/v1", "PodDisruptionBudget"): Noted("nobody drains the only machine"),
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
    ("networking.k8s.io/v1", "NetworkPolicy"): Refused(
        "it would not be enforced: leave it out, each namespace has a network of its own"
    ),
    ("v1", "LimitRange"): Refused("it would not be enforced: write the limits into the pods"),
    ("v1", "PodTemplate"): Refused("write the template inside a Deployment"),
    ("v1", "ReplicationController"): Refused("write a Deployment (apps/v1) instead"),
    ("v1", "Endpoints"): Refused(_LATER),
    ("discovery.k8s.io/v1", "EndpointSlice"): Refused(_LATER),
    ("v1", "PersistentVolume"): Refused(f"{_LATER}: use a claim or a hostPath volume"),
    ("apps/v1", "DaemonSet"): Refused(f"{_LATER}: write a Deployment with one replica"),
    ("apps/v1", "ReplicaSet"): Refused(f"{_LATER}: write a Deployment"),
    ("apps/v1", "StatefulSet"): Refused(_LATER),
    ("autoscaling/v1", "HorizontalPodAutoscaler"): Refused(_LATER),
    ("autoscaling/v2", "HorizontalPodAutoscaler"): Refused(_LATER),
    ("batch/v1", "CronJob"): Refused(_LATER),
    ("batch/v1", "Job"): Refused(_LATER),
    ("networking.k8s.io/v1", "Ingress"): Refused(_LATER),
    ("kustomize.config.k8s.io/v1beta1", "Kustomization"): Refused(
        "kustomizations are not rendered yet: commit what `kubectl kustomize` prints, in another directory"
    ),
}

_REMOVED = {
    "extensions/v1beta1": "1.22",
    "apps/v1beta1": "1.16",
    "apps/v1beta2": "1.16",
    "admissionregistration.k8s.io/v1beta1": "1.22",
    "apiextensions.k8s.io/v1beta1": "1.22",
    "apiregistration.k8s.io/v1beta1": "1.22",
    "autoscaling/v2beta1": "1.25",
    "autoscaling/v2beta2": "1.26",
    "batch/v1beta1": "1.25",
    "batch/v2alpha1": "1.21",
    "certificates.k8s.io/v1beta1": "1.22",
    "coordination.k8s.io/v1beta1": "1.22",
    "discovery.k8s.io/v1beta1": "1.25",
    "flowcontrol.apiserver.k8s.io/v1beta1": "1.26",
    "flowcontrol.apiserver.k8s.io/v1beta2": "1.29",
    "flowcontrol.apiserver.k8s.io/v1beta3": "1.32",
    "networking.k8s.io/v1beta1": "1.22",
    "node.k8s.io/v1beta1": "1.25",
    "policy/v1beta1": "1.25",
    "rbac.authorization.k8s.io/v1alpha1": "1.22",
    "rbac.authorization.k8s.io/v1beta1": "1.22",
    "scheduling.k8s.io/v1beta1": "1.22",
    "storage.k8s.io/v1beta1": "1.22",
}
_KNOWN = (*KINDS, *NAMED)


def verdict(api_version: str, kind: str) -> Mark:
    """Return what is said of a kind that has no model."""
    named = NAMED.get((api_version, kind))
    return named or Refused(_removed(api_version, kind) or _elsewhere(kind) or _unknown(api_version, kind))


def _versions(kind: str) -> list[str]:
    return [version for version, known in _KNOWN if known == kind]


def _removed(api_version: str, kind: str) -> str:
    release = _REMOVED.get(api_version)
    if release is None:
        return ""
    gone = f"{api_version} {kind} left Kubernetes in {release}"
    if kind == "PodSecurityPolicy":
        return f"{gone}, with nothing in its place: leave it out"
    versions = _versions(kind)
    return f"{gone}: write `apiVersion: {versions[-1]}`" if versions else ""


def _elsewhere(kind: str) -> str:
    versions = _versions(kind)
    return f"{kind} is of another version: write `apiVersion: {versions[-1]}`" if versions else ""


def _unknown(api_version: str, kind: str) -> str:
    spellings = [f"{version}/{known}" for version, known in _KNOWN]
    near = get_close_matches(f"{api_version}/{kind}", spellings, n=1, cutoff=0.75) or _same_letters(kind)
    return f"unknown kind {api_version}/{kind}" + (f" (did you mean `{near[0]}`?)" if near else "")


def _same_letters(kind: str) -> list[str]:
    kinds = {known.lower(): f"{version}/{known}" for version, known in _KNOWN}
    return [kinds[near] for near in get_close_matches(kind.lower(), kinds, n=1, cutoff=0.8)]
