"""Secrets that an error of Podman's might quote are cut out of it."""

from collections.abc import Callable, Iterable

from schemas.core import Secret
from schemas.manifest import Manifest

SHORTEST = 4  # bytes; a shorter value would blank out half of every sentence
MASK = "(hidden)"


def masker(manifests: Iterable[Manifest]) -> Callable[[str], str]:
    """Return a function that hides every value of a commit's Secrets in a text, the longest first."""
    secrets = (one.object for one in manifests if isinstance(one.object, Secret))
    values = {
        value.decode("utf-8", "replace").strip() for secret in secrets for value in secret.values.values()
    }
    ordered = sorted((value for value in values if len(value) >= SHORTEST), key=len, reverse=True)

    def mask(text: str) -> str:
        for value in ordered:
            text = text.replace(value, MASK)
        return text

    return mask
