"""Which registry is asked, and how its answer reads."""

import json

import pytest

from runtime.podman_pull import full_reference, last_error, login_for
from runtime.resources import Hidden


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


@pytest.mark.parametrize(
    ("reference", "expected"),
    [
        ("docker.io/library/redis", "hub"),
        ("ghcr.io/shop/web:1", "shop"),
        ("ghcr.io/other/web:1", "ghcr"),
        ("ghcr.io/shopping/web", "ghcr"),
        ("registry:5000/web", "own"),
        ("quay.io/web", None),
    ],
)
def test_an_image_is_pulled_with_the_login_that_fits_best(reference: str, expected: str | None) -> None:
    names = {
        "https://index.docker.io/v1/": "hub",
        "ghcr.io": "ghcr",
        "ghcr.io/shop": "shop",
        "http://registry:5000/v2/": "own",
    }
    logins = {name: {"username": user, "password": "x"} for name, user in names.items()}

    login = login_for(reference, Hidden(json.dumps(logins).encode()))

    assert (login or {}).get("username") == expected


def test_without_logins_none_is_shown() -> None:
    assert login_for("ghcr.io/web", Hidden(b"")) is None
