"""Whose rights a container runs with: its own word, then its pod's."""

import pytest

from runtime.resources import Pod, Security, Sharing
from tests.reconcilers.given import pods_of, wanted

POD = """
    apiVersion: v1
    kind: Pod
    metadata: {{name: job, namespace: shop}}
    spec:
      securityContext: {{{shared}}}
      containers: [{{name: main, image: "app:1", securityContext: {{{own}}}}}]
"""


def pod(own: str = "", shared: str = "") -> Pod:
    return pods_of(wanted(POD.format(own=own, shared=shared)))[0]


def rights(own: str = "", shared: str = "") -> Security:
    return pod(own, shared).containers[0].security


@pytest.mark.parametrize(
    ("own", "shared", "expected"),
    [
        ("", "", Security()),
        ("", "runAsUser: 1, runAsGroup: 2", Security(user="1:2")),
        ("runAsUser: 0", "runAsUser: 1", Security(user="0")),
        ("", "runAsNonRoot: true", Security(non_root=True)),
        ("runAsNonRoot: false", "runAsNonRoot: true", Security()),
        ("", "fsGroup: 5, supplementalGroups: [7, 5]", Security(groups=("7", "5"))),
        ("seccompProfile: {type: RuntimeDefault}", "seccompProfile: {type: Unconfined}", Security()),
        ("", "seccompProfile: {type: Unconfined}", Security(seccomp="unconfined")),
        (
            "seccompProfile: {type: Localhost, localhostProfile: a/b.json}",
            "",
            Security(seccomp="/var/lib/kubelet/seccomp/a/b.json"),
        ),
        ("appArmorProfile: {type: Unconfined}", "", Security(app_armor="unconfined")),
        ("appArmorProfile: {type: Localhost, localhostProfile: web}", "", Security(app_armor="web")),
        ("procMount: Unmasked", "", Security(unmasked=True)),
        ("", "seLinuxOptions: {level: s0, type: t}", Security(se_linux=("type:t", "level:s0"))),
    ],
)
def test_a_container_has_its_own_rights_or_its_pods(own: str, shared: str, expected: Security) -> None:
    assert rights(own, shared) == expected


@pytest.mark.parametrize(
    ("shared", "expected"),
    [
        ("", None),
        ("fsGroup: 0", Sharing(0)),
        ("fsGroup: 5, fsGroupChangePolicy: Always", Sharing(5)),
        ("fsGroup: 5, fsGroupChangePolicy: OnRootMismatch", Sharing(5, always=False)),
    ],
)
def test_volumes_belong_to_the_pods_group(shared: str, expected: Sharing | None) -> None:
    assert pod(shared=shared).sharing == expected
