"""Objects have Kubernetes' defaults, and say what a reconciler asks of them."""

from typing import Any

import pytest

from schemas.apps import Deployment, DeploymentStrategy
from schemas.core import ConfigMap, Namespace, Pod
from schemas.pods import pod_of
from schemas.volumes import Volume

SPEC: dict[str, Any] = {"containers": [{"name": "c", "image": "x"}]}
POD = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p"}, "spec": SPEC}
DEPLOYMENT = {
    "apiVersion": "apps/v1",
    "kind": "Deployment",
    "metadata": {"name": "web"},
    "spec": {
        "selector": {"matchLabels": {"app": "web"}},
        "template": {"metadata": {"labels": {"app": "web"}}, "spec": SPEC},
    },
}


def test_a_deployment_has_defaults() -> None:
    spec = Deployment.model_validate(DEPLOYMENT).spec

    assert spec.replicas == 1
    assert (spec.strategy.type, spec.strategy.rolling.max_surge) == ("RollingUpdate", "25%")
    assert spec.strategy.rolling.max_unavailable == "25%"
    assert (spec.min_ready_seconds, spec.progress_deadline_seconds, spec.paused) == (0, 600, False)


def test_half_a_strategy_keeps_the_other_default() -> None:
    strategy = DeploymentStrategy.model_validate({"rollingUpdate": {"maxSurge": 1}})

    assert (strategy.rolling.max_surge, strategy.rolling.max_unavailable) == (1, "25%")


def test_a_pod_has_defaults() -> None:
    spec = Pod.model_validate(POD).spec

    assert (spec.restart_policy, spec.dns_policy) == ("Always", "ClusterFirst")
    assert spec.termination_grace_period_seconds == 30


def test_a_pod_is_found_in_what_has_one() -> None:
    alone, many = pod_of(Pod.model_validate(POD)), pod_of(Deployment.model_validate(DEPLOYMENT))

    assert alone is not None
    assert (alone.path, alone.replicas) == (("spec",), 1)
    assert many is not None
    assert (many.path, many.replicas) == (("spec", "template", "spec"), 1)


def test_a_namespace_has_no_pod() -> None:
    namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "a"}}

    assert pod_of(Namespace.model_validate(namespace)) is None


def test_a_config_map_gives_its_bytes() -> None:
    data = {"data": {"a": "é"}, "binaryData": {"b": "AAH/\n"}}
    config = ConfigMap.model_validate(
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c"}, **data}
    )

    assert config.values == {"a": b"\xc3\xa9", "b": b"\x00\x01\xff"}


@pytest.mark.parametrize(
    ("fields", "source"),
    [
        ({"emptyDir": {}}, "empty_dir"),
        ({"emptyDir": None, "hostPath": {"path": "/x"}}, "host_path"),
        ({"persistentVolumeClaim": {"claimName": "x"}}, "persistent_volume_claim"),
        ({"downwardAPI": {}}, "downward_api"),
    ],
)
def test_a_volume_knows_its_source(fields: dict[str, Any], source: str) -> None:
    assert Volume.model_validate({"name": "v", **fields}).source == source


def test_what_was_written_is_given_back() -> None:
    deployment = Deployment.model_validate(DEPLOYMENT)

    assert deployment.model_dump(mode="json", by_alias=True, exclude_unset=True) == DEPLOYMENT
