"""Which requests may wake the loop: the signatures and payloads that forges send, and what isn't theirs."""

import hashlib
import hmac
import json
from typing import Any

import pytest

from gitops.service.webhooks import concerns, signed

SECRET = b"correct horse battery staple"
BODY = b'{"ref": "refs/heads/main"}'
SUM = hmac.new(SECRET, BODY, hashlib.sha256).hexdigest()
FORGES = {
    "GitHub": {"x-hub-signature-256": f"sha256={SUM}"},
    "Gitea": {"x-gitea-signature": SUM, "x-hub-signature-256": f"sha256={SUM}"},
    "Forgejo": {"x-forgejo-signature": SUM, "x-gitea-signature": SUM},
    "Bitbucket": {"x-hub-signature": f"sha256={SUM}"},
    "GitLab": {"x-gitlab-token": SECRET.decode()},
}


@pytest.mark.parametrize("forge", FORGES)
def test_what_a_forge_has_signed_is_believed_and_the_same_with_another_secret_or_body_is_not(
    forge: str,
) -> None:
    headers = FORGES[forge]

    assert signed(headers, BODY, SECRET)
    assert not signed(headers, BODY, b"another")
    assert not signed(headers, BODY, b"")
    assert forge == "GitLab" or not signed(headers, BODY + b" ", SECRET)


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"x-hub-signature-256": SUM},
        {"x-hub-signature-256": "sha256="},
        {"x-hub-signature-256": f"sha1={SUM}"},
        {"x-hub-signature-256": "sha256=äöü"},
        {"x-gitlab-token": ""},
        {"x-gitea-signature": SUM, "x-hub-signature-256": "sha256=0"},
    ],
)
def test_without_the_right_signature_nothing_is_believed(headers: dict[str, str]) -> None:
    assert not signed(headers, BODY, SECRET)


CLOUD = {"push": {"changes": [{"new": {"name": "main", "type": "branch"}}, {"new": {"name": "dev"}}]}}
GONE = {"push": {"changes": [{"new": None, "old": {"name": "main"}}]}}
CENTER = {"changes": [{"ref": {"id": "refs/heads/main", "displayId": "main"}}]}


@pytest.mark.parametrize("payload", [{"ref": "refs/heads/main"}, CLOUD, GONE, CENTER])
def test_a_push_concerns_the_branch_that_it_names_and_no_other(payload: dict[str, Any]) -> None:
    body = json.dumps(payload).encode()

    assert concerns(body, "main")
    assert concerns(body, "refs/heads/main")
    assert concerns(body, None)
    assert not concerns(body, "release")


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'{"ref": 7}', b"[" * 100_000, b"\xff", b'{"push": {}}'])
def test_a_payload_that_names_no_branch_may_be_about_any(body: bytes) -> None:
    assert concerns(body, "main")


def test_a_tag_concerns_who_follows_it() -> None:
    assert concerns(b'{"ref": "refs/tags/v1"}', "v1")


@pytest.mark.parametrize(
    "payload",
    [
        {"ref": "refs/tags/v1.3.0"},
        {"push": {"changes": [{"old": None, "new": {"type": "tag", "name": "v1.3.0"}}]}},
        {"changes": [{"ref": {"id": "refs/tags/v1.3.0"}}]},
    ],
)
def test_any_tag_concerns_who_follows_a_range_of_versions_and_no_branch_does(payload: dict[str, Any]) -> None:
    assert concerns(json.dumps(payload).encode(), "semver:^1.2")
    assert concerns(json.dumps(payload).encode(), "v1.3.0")
    assert not concerns(json.dumps(payload).encode(), "main")
    assert not concerns(b'{"ref": "refs/heads/main"}', "semver:^1.2")
