"""What this machine is called as a node."""

import pytest

from gitops.node import node_labels


def test_a_machine_has_the_labels_that_a_kubelet_gives() -> None:
    labels = node_labels("mast")

    assert labels["kubernetes.io/hostname"] == "mast"
    assert labels["kubernetes.io/os"] == labels["beta.kubernetes.io/os"] == "linux"
    assert labels["kubernetes.io/arch"] == labels["beta.kubernetes.io/arch"] != ""


@pytest.mark.parametrize(
    ("machine", "arch"),
    [("x86_64", "amd64"), ("aarch64", "arm64"), ("armv7l", "arm"), ("riscv64", "riscv64")],
)
def test_an_architecture_goes_by_kubernetes_name(machine: str, arch: str) -> None:
    assert node_labels("mast", machine)["kubernetes.io/arch"] == arch
