"""Bringing an image here: which registry is asked, and what its refusal means."""

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

from runtime.engine import ImageMissing
from runtime.podman_api import Api, named
from runtime.podman_errors import Refusal, plain
from runtime.resources import Hidden, Image

REFUSED = re.compile(r"manifest unknown|unauthorized|denied|not found|authentication required", re.IGNORECASE)
NO_REGISTRY = "images under localhost/ are those of this machine"  # asking would take Podman 3 s
HUB = {"index.docker.io", "registry-1.docker.io"}
WAY_OUT = "build or load it on this machine (`podman build`, `podman load`), or correct its name"


def pull(api: Api, image: Image) -> str:
    """Bring an image here as its policy says; return a notice where an older local one has to serve.

    Raises ImageMissing.
    """
    here = image.policy != "Always" and _is_here(api, image.reference)
    if here:
        return ""
    if image.policy == "Never":
        raise ImageMissing(
            f"cannot use the image {image.reference}: it isn't on this machine,"
            f" and its imagePullPolicy is Never; {WAY_OUT}"
        )
    own = image.reference.startswith("localhost/")
    problem = NO_REGISTRY if own else _pulled(api, image)
    return _judged(api, image, problem) if problem else ""


def full_reference(reference: str) -> str:
    """Return the name that a registry is asked for: Docker Hub's where none is named, as in Kubernetes.

    Podman would ask its user, or every registry in its configuration.
    """
    first, slash, _ = reference.partition("/")
    if slash and ("." in first or ":" in first or first == "localhost"):
        return reference
    return f"docker.io/{reference}" if slash else f"docker.io/library/{reference}"


def last_error(said: Iterable[Mapping[str, Any]]) -> str:
    """Return the error at the end of what Podman says of a pull, "" where there is none."""
    errors = [one.get("error") or "" for one in said]
    return plain(next((error for error in reversed(errors) if error), ""))


def login_for(reference: str, logins: Hidden) -> Mapping[str, str] | None:
    """Return the login for an image's registry, of several the one whose path fits best."""
    known = json.loads(logins.value or b"{}")
    fitting = [name for name in known if f"{reference}/".startswith(f"{registry(name)}/")]
    return known[max(fitting, key=lambda name: len(registry(name)))] if fitting else None


def registry(name: str) -> str:
    """Return a registry as references have it, from what `docker login` writes."""
    place = re.sub(r"^https?://|/(v[12]/?)?$", "", name)
    host, slash, path = place.partition("/")
    return f"{'docker.io' if host in HUB else host}{slash}{path}"


def _judged(api: Api, image: Image, problem: str) -> str:
    if not REFUSED.search(problem) and image.policy == "Always" and _is_here(api, image.reference):
        return f"the image {image.reference} could not be pulled ({problem}): the one on this machine is used"
    raise ImageMissing(f"cannot pull the image {image.reference}: {problem}; {WAY_OUT}")


def _pulled(api: Api, image: Image) -> str:
    """Pull; return why it failed, or "".  Podman answers 200 at first and tells of a failure at the end."""
    try:
        reference = full_reference(image.reference)
        return last_error(api.pull(reference, login_for(reference, image.logins)))
    except ConnectionError:
        raise
    except OSError as error:  # of podman-py, whatever it is
        return plain(getattr(error, "explanation", None) or str(error))


def _is_here(api: Api, reference: str) -> bool:
    try:
        api.get(f"images/{named(reference)}/exists")
    except Refusal as refusal:
        if refusal.gone:
            return False
        raise
    return True
