"""This machine as a node: the labels that pods may ask for."""

import platform
from collections.abc import Mapping

ARCHITECTURES = {  # what the kernel calls it, and what Kubernetes does
    "aarch64": "arm64",
    "armv7l": "arm",
    "i686": "386",
    "x86_64": "amd64",
}


def node_labels(name: str, machine: str = "") -> Mapping[str, str]:
    """Return the labels of this machine (or another sort), as a kubelet would give them to its node.

    Source: Kubernetes' docs/reference/labels-annotations-taints; the old names are still given, too.
    """
    machine = machine or platform.machine()
    arch = ARCHITECTURES.get(machine, machine)
    return {
        "kubernetes.io/hostname": name,
        "kubernetes.io/os": "linux",
        "kubernetes.io/arch": arch,
        "beta.kubernetes.io/os": "linux",
        "beta.kubernetes.io/arch": arch,
    }
