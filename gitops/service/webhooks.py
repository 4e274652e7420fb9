"""Whether a request is a webhook that may wake the loop: by its signature, and by the branch that it names.

Nothing of a payload is believed beyond that it is time to look: git itself is asked what there is.
"""

import hashlib
import hmac
import json
from collections.abc import Iterator, Mapping
from typing import Any

from gitops.git.source import RANGE

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
    signature = hmac.new(secret, body, hashlib.sha256).hexdigest()
    wanted = {name: f"{start}{signature}".encode() for name, start in SIGNATURES.items()} | {TOKEN: secret}
    given = [_same(headers[name], value) for name, value in wanted.items() if name in headers]
    return bool(secret) and bool(given) and all(given)


def branches(body: bytes) -> frozenset[str]:
    """Return the refs that a payload names, none where nobody can tell."""
    try:
        return frozenset(_refs(json.loads(body)))
    except (ValueError, RecursionError):
        return frozenset()


def concerns(body: bytes, ref: str | None) -> bool:
    """Say whether a payload may be about a source's ref; about HEAD any may be, about versions any tag."""
    named = branches(body)
    if not named or ref is None or ref == "HEAD":
        return True
    if ref.startswith(RANGE):
        return any(one.startswith("refs/tags/") for one in named)
    return bool(named & {ref, f"refs/heads/{ref}", f"refs/tags/{ref}"})


def mark(name: str, body: bytes) -> bytes:
    """Return what tells a payload to a name from others: one that comes again is not worth another look."""
    return hashlib.sha256(name.encode() + b"\n" + body).digest()


def _refs(payload: Any) -> Iterator[str]:
    match payload:
        case {"ref": str(ref)}:  # GitHub, GitLab, Gitea, Forgejo
            yield ref
        case {"push": {"changes": list(changes)}}:  # Bitbucket Cloud
            for change in changes:
                match change:
                    case {"new": {"name": str(name)} as one} | {
                        "new": None,
                        "old": {"name": str(name)} as one,
                    }:
                        yield f"refs/{'tags' if one.get('type') == 'tag' else 'heads'}/{name}"
        case {"changes": list(changes)}:  # Bitbucket Data Center
            for change in changes:
                match change:
                    case {"ref": {"id": str(ref)}}:
                        yield ref


def _same(given: str, wanted: bytes) -> bool:
    """Compare what a header says, each of whose bytes is read as one letter."""
    return hmac.compare_digest(given.encode("latin-1", "replace"), wanted)
