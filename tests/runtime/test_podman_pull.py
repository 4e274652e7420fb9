"""Which registry is asked, and how its answer reads."""

import pytest

from runtime.podman_pull import full_reference, last_error


@pytest.mark.parametrize(
    ("written", "asked"),
    [
        ("redis", "docker.io/library/redis"),
        ("redis:7", "docker.io/library/redis:7"),
        ("redis@sha256:0", "docker.io/library/redis@sha256:0"),
        ("bitnami/redis:7", "docker.io/bitnami/redis:7"),
        ("quay.io/shop/web", "quay.io/shop/web"),
        ("registry:5000/web:1", "registry:5000/web:1"),
        ("localhost/web:1", "localhost/web:1"),
    ],
)
def test_an_image_without_a_registry_is_docker_hubs(written: str, asked: str) -> None:
    assert full_reference(written) == asked


def test_a_pull_that_ends_well_has_no_error() -> None:
    assert last_error([{"stream": "Trying to pull"}, {"images": ["2c2b"], "id": "2c2b"}]) == ""


def test_the_last_error_is_why_a_pull_failed() -> None:
    said = [{"stream": "Trying"}, {"error": "a hiccup"}, {"error": 'manifest "unknown"'}]

    assert last_error(said) == "manifest 'unknown'"
