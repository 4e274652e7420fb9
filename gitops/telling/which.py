"""Which object a person means by KIND/NAME, in kubectl's spellings."""

from collections.abc import Mapping
from typing import Any

SHORT = {
    "cj": "cronjob",
    "cm": "configmap",
    "deploy": "deployment",
    "ds": "daemonset",
    "hpa": "horizontalpodautoscaler",
    "endpoints": "endpoints",
    "ep": "endpoints",
    "ing": "ingress",
    "ingress": "ingress",
    "ingressclass": "ingressclass",
    "ingressclasses": "ingressclass",
    "ingresses": "ingress",
    "limits": "limitrange",
    "netpol": "networkpolicy",
    "networkpolicies": "networkpolicy",
    "ns": "namespace",
    "pdb": "poddisruptionbudget",
    "po": "pod",
    "pv": "persistentvolume",
    "pvc": "persistentvolumeclaim",
    "quota": "resourcequota",
    "rc": "replicationcontroller",
    "rs": "replicaset",
    "sts": "statefulset",
    "svc": "service",
}


class Missing(Exception):
    """What a person named isn't there; the message says so, and where else it may be."""


class Unaskable(Exception):
    """An object can't do what a person asks of it; the message says why, and the way out."""


def kind_of(word: str) -> str:
    """Return a kind's lower-case name for ``Deployment``, ``deployments`` or ``deploy``."""
    lower = word.lower()
    return SHORT.get(lower) or lower.removesuffix("s")


def only(document: Mapping[str, Any], which: str | None, namespace: str | None) -> Mapping[str, Any]:
    """Return a status with the objects that are meant; raises Missing where there is none."""
    found = [one for one in document["objects"] if _meant(one, which, namespace)]
    if which and not found:
        raise Missing(f"there is no {which}" + (f" in namespace {namespace}" if namespace else ""))
    return {**document, "objects": found}


def _meant(one: Mapping[str, Any], which: str | None, namespace: str | None) -> bool:
    if namespace is not None and one["namespace"] != namespace:
        return False
    if which is None:
        return True
    kind, _, name = which.partition("/")
    return kind_of(kind) == kind_of(one["kind"]) and name in ("", one["name"])
