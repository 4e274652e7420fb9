"""Whether a request is a webhook that may wake the loop: by its signature, and by the branch that it names.

Nothing of a payload is believed beyond that it is time to look: git itself is asked what there is.
"""

import hashlib
import hmac
import json
from collections.abc import Iterator, Mapping
from typing import Any

SIGNATURES = {  # by the header that carries it: what stands before the HMAC-SHA256 of the body
    "x-hub-signature-256": "sha256=",  # GitHub, and Gitea and Forgejo besides their own
    "x-forgejo-signature": "",
    "x-gitea-signature": "",
    "x-hub-signature": "sha256=",  # Bitbucket
}
TOKEN = "x-gitlab-token"  # GitLab sends the secret itself


def signed(headers: Mapping[str, str], body: bytes, secret: bytes) -> bool:
    """Say whether who sent a request knows the secret; each signature that is there must be right.

    It takes the same time whatever is wrong.  An empty secret is nobody's.
    """
    wanted = {name: f"{start}{_hmac(secret, body)}" for name, start in SIGNATURES.items() if name in headers}
    given = [_same(headers[name], value) for name, value in wanted.items()]
    given += [_same(headers[TOKEN], secret.decode(errors="replace"))] if TOKEN in headers else []
    return bool(secret) and bool(given) and all(given)


def branches(body: bytes) -> frozenset[str]:
    """Return the refs that a payload names, none where nobody can tell."""
    try:
        return frozenset(_refs(json.loads(body)))
    except (ValueError, RecursionError):
        return frozenset()


def concerns(body: bytes, ref: str | None) -> bool:
    """Say whether a payload may be about a source's ref; about HEAD, any may be."""
    named = branches(body)
    return not named or ref in {None, "HEAD"} or bool(named & {ref, f"refs/heads/{ref}", f"refs/tags/{ref}"})


def mark(body: bytes) -> bytes:
    """Return what tells a payload from others: one that comes again is not worth another look."""
    return hashlib.sha256(body).digest()


def _refs(payload: Any) -> Iterator[str]:
    match payload:
        case {"ref": str(ref)}:  # GitHub, GitLab, Gitea, Forgejo
            yield ref
        case {"push": {"changes": list(changes)}}:  # Bitbucket Cloud
            for change in changes:
                match change:
                    case {"new": {"name": str(name)}} | {"new": None, "old": {"name": str(name)}}:
                        yield f"refs/heads/{name}"
        case {"changes": list(changes)}:  # Bitbucket Data Center
            for change in changes:
                match change:
                    case {"ref": {"id": str(ref)}}:
                        yield ref


def _hmac(secret: bytes, body: bytes) -> str:
    return hmac.new(secret, body, hashlib.sha256).hexdigest()


def _same(given: str, wanted: str) -> bool:
    return hmac.compare_digest(given.encode(), wanted.encode())
