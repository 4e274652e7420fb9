"""Pods that are told their address, and keep it."""

from dataclasses import replace
from textwrap import dedent

from reconcilers.places import Ground
from runtime.resources import Label, Pod
from tests.reconcilers.given import deployment, pods_of, running, wanted

ASKING = ", env: [{name: IP, valueFrom: {fieldRef: {fieldPath: status.podIP}}}]"
GROUND = Ground({"shop": "10.144.0.0/20"})


def asking(*documents: str, **more: object) -> list[Pod]:
    return pods_of(wanted(*documents, ground=GROUND, **more))  # type: ignore[arg-type]


def test_a_pod_that_asks_is_told_an_address_that_it_has_and_no_other_has_one() -> None:
    first, second = asking(deployment(container=ASKING))
    (plain, _) = asking(deployment())

    assert dict(first.containers[0].env)["IP"] == first.address == first.labels[Label.ADDRESS]
    assert first.address.startswith("10.144.")
    assert first.address != second.address
    assert (plain.address, Label.ADDRESS in plain.labels) == ("", False)


def test_a_pod_keeps_its_address_while_it_is_there_whatever_is_taken_by_then() -> None:
    written = deployment(container=ASKING)
    pods = [replace(one, labels={**one.labels, Label.ADDRESS: "10.144.9.9"}) for one in running(written)]

    assert {one.address for one in asking(written, pods=pods)} == {"10.144.9.9"}
    other = asking(deployment("app:2", container=ASKING), pods=pods)
    assert "10.144.9.9" not in {one.address for one in other}


def test_the_address_is_not_in_the_digest() -> None:
    moved = wanted(deployment(container=ASKING), ground=Ground({"shop": "10.200.0.0/20"}))

    assert pods_of(moved)[0].digest == asking(deployment(container=ASKING))[0].digest


def test_a_pod_in_the_machines_network_has_the_machines_address() -> None:
    host = dedent(
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: web, namespace: shop}
        spec:
          hostNetwork: true
          containers:
            - name: main
              image: app:1
              env: [{name: IP, valueFrom: {fieldRef: {fieldPath: status.podIP}}}]
        """
    )
    (pod,) = asking(host)

    assert (pod.address, dict(pod.containers[0].env)["IP"]) == ("", "")
