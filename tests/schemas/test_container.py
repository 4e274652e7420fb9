"""Containers have Kubernetes' defaults."""

import pytest

from schemas.container import Container
from schemas.image import tag_of


@pytest.mark.parametrize(
    ("image", "tag"),
    [
        ("nginx", "latest"),
        ("nginx:latest", "latest"),
        ("nginx:1.27", "1.27"),
        ("localhost:5000/nginx", "latest"),
        ("localhost:5000/nginx:1", "1"),
        ("nginx@sha256:abc", ""),
        ("nginx:1@sha256:abc", ""),
    ],
)
def test_an_image_has_the_tag_that_is_written(image: str, tag: str) -> None:
    assert tag_of(image) == tag


@pytest.mark.parametrize(
    ("fields", "policy"),
    [
        ({"image": "nginx"}, "Always"),
        ({"image": "nginx:latest"}, "Always"),
        ({"image": "nginx:1"}, "IfNotPresent"),
        ({"image": "nginx@sha256:abc"}, "IfNotPresent"),
        ({"image": "nginx", "imagePullPolicy": "Never"}, "Never"),
    ],
)
def test_the_pull_policy_follows_the_tag(fields: dict[str, str], policy: str) -> None:
    assert Container.model_validate({"name": "c", **fields}).pull_policy == policy


def test_what_is_not_said_has_a_default() -> None:
    container = Container.model_validate(
        {"name": "c", "image": "x", "ports": [{"containerPort": 80}], "livenessProbe": {"exec": {}}}
    )

    assert container.ports[0].protocol == "TCP"
    assert container.liveness_probe is not None
    assert container.liveness_probe.period_seconds == 10
    assert container.liveness_probe.failure_threshold == 3
    assert container.resources.limits == {}
    assert container.security_context.privileged is False
