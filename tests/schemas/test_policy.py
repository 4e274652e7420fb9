"""What a machine forbids is found wherever a manifest may ask for it."""

import pytest

from schemas.configuration import read
from schemas.load import load
from schemas.policy import breaches

POD = "spec: {{containers: [{{name: a, image: b{container}}}]{pod}}}"
TEMPLATE = "selector: {{matchLabels: {{a: b}}}}, template: {{metadata: {{labels: {{a: b}}}}, {pod}}}"
ASKING = {
    "hostIPC": ("", ", hostIPC: true"),
    "hostNetwork": ("", ", hostNetwork: true"),
    "hostPID": ("", ", hostPID: true"),
    "hostPath": ("", ", volumes: [{name: v, hostPath: {path: /}}]"),
    "hostPort": (", ports: [{containerPort: 80, hostPort: 80}]", ""),
    "privileged": (", securityContext: {privileged: true}", ""),
}


POLICY = """\
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {{name: {name}}}
spec: {{podSelector: {{}}, policyTypes: [{way}]}}
---
"""
MONITOR = "apiVersion: monitoring.coreos.com/v1\nkind: ServiceMonitor\nmetadata: {name: a}\n"


def test_what_would_be_refused_of_an_ignored_kind_is_left_out_and_told() -> None:
    text = POLICY.format(name="out", way="Egress") + POLICY.format(name="in", way="Ingress") + MONITOR
    files = {"a.yaml": text.replace("[Ingress]", "[Ingress], ingress: [{}]").encode()}

    refused, ignoring = load(files), load(files, ignored=["NetworkPolicy", "ServiceMonitor"])

    assert [problem.line for problem in refused.problems] == [4, 12]
    assert ignoring.problems == ()
    assert [one.object.metadata.name for one in ignoring.manifests] == ["in"]
    assert [str(one).partition(": ")[2].partition(",")[0] for one in ignoring.notices] == [
        "NetworkPolicy is left out",
        "ServiceMonitor is left out",
    ]
    assert load(files, ignored=["NetworkPolicy", "ServiceMonitor"], strict=True).problems


def test_what_makes_pods_or_keeps_data_can_not_be_ignored() -> None:
    read_ = read("sloop.yaml", b"policy: {ignore: [NetworkPolicy, ServiceMonitor, Deployment]}\n")

    (problem,) = read_.problems
    assert str(problem).startswith("sloop.yaml:1:50: policy.ignore[2]: can't be ignored: one Deployment")


def told(text: str, *forbidden: str) -> list[str]:
    loaded = load({"a.yaml": text.encode()})
    assert loaded.problems == ()
    return [problem.field for problem in breaches(loaded.manifests, forbidden)]


@pytest.mark.parametrize("name", ASKING)
def test_what_is_forbidden_is_found_in_a_pod_and_in_a_template(name: str) -> None:
    container, pod = ASKING[name]
    spec = POD.format(container=container, pod=pod)
    alone = f"apiVersion: v1\nkind: Pod\nmetadata: {{name: a}}\n{spec}\n"
    template = TEMPLATE.format(pod=spec)
    inside = f"apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: a}}\nspec: {{{template}}}\n"

    assert [field.rpartition(".")[2] for field in told(alone, name)] == [name]
    assert [field.startswith("spec.template.spec.") for field in told(inside, name)] == [True]
    assert told(alone) == told(alone, *(other for other in ASKING if other != name)) == []


def test_a_persistent_volume_of_this_machine_is_a_host_path() -> None:
    text = """
    apiVersion: v1
    kind: PersistentVolume
    metadata: {name: a}
    spec: {capacity: {storage: 1Gi}, accessModes: [ReadWriteOnce], hostPath: {path: /srv}}
    """

    assert told(text, "hostPath") == ["spec.hostPath"]


def test_init_containers_are_looked_at_too() -> None:
    init = ", initContainers: [{name: i, image: b, securityContext: {privileged: true}}]"
    text = f"apiVersion: v1\nkind: Pod\nmetadata: {{name: a}}\n{POD.format(container='', pod=init)}\n"

    assert told(text, "privileged") == ["spec.initContainers[0].securityContext.privileged"]
