"""The logins with which a pod's images are pulled."""

import json
from base64 import b64encode
from typing import Any

import pytest

from runtime.resources import Image
from tests.reconcilers.given import wanted

POD = """
    apiVersion: v1
    kind: Pod
    metadata: {name: job, namespace: shop}
    spec:
      imagePullSecrets: [{name: login}]
      containers: [{name: main, image: "app:1"}]
"""
SECRET = """
    apiVersion: v1
    kind: Secret
    metadata: {{name: {name}, namespace: shop}}
    stringData: {{{key}: '{content}'}}
"""
AUTH = b64encode(b"ada:cor:rect").decode()
BOTH = {"username": "ada", "password": "cor:rect"}


def logins(key: str, content: str, name: str = "login") -> Any:
    """Return what a registry is shown for the pod's image."""
    answer = wanted(SECRET.format(name=name, key=key, content=content), POD)
    (image,) = (one for one in answer.resources if isinstance(one, Image))
    return json.loads(image.logins.value or b"null")


@pytest.mark.parametrize(
    ("key", "content"),
    [
        (".dockerconfigjson", {"auths": {"ghcr.io": {"auth": AUTH}}}),
        (".dockerconfigjson", {"auths": {"ghcr.io": BOTH}}),
        (".dockercfg", {"ghcr.io": {"auth": AUTH, "email": "x"}}),
    ],
)
def test_both_forms_of_a_login_are_read(key: str, content: object) -> None:
    assert logins(key, json.dumps(content)) == {"ghcr.io": BOTH}


@pytest.mark.parametrize(
    "content", ["", "[]", "no json", '{"auths": []}', '{"auths": {"ghcr.io": {"auth": "%"}}}']
)
def test_what_cannot_be_read_is_no_login(content: str) -> None:
    assert logins(".dockerconfigjson", content) is None


def test_a_secret_that_is_not_there_is_no_login() -> None:
    assert logins(".dockerconfigjson", "{}", name="other") is None
