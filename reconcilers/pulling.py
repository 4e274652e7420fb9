"""Images that a pod needs, with what a registry has to be shown for them."""

import base64
import binascii
import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from reconcilers.world import Catalog, World
from runtime.resources import Hidden, Image
from schemas.container import Container
from schemas.core import Secret
from schemas.pod import PodSpec


def images(world: World, spec: PodSpec, namespace: str) -> list[Image]:
    """Return a pod's images; a pull secret that isn't there, or can't be read, is none, as in Kubernetes."""
    return of_commit(world.catalog, spec, namespace)


def of_commit(catalog: Catalog, spec: PodSpec, namespace: str) -> list[Image]:
    """Return the same, by nothing but the objects of a commit."""
    found = [catalog.secrets.get((namespace, one.name)) for one in spec.image_pull_secrets]
    logins = {name: login for one in found if one for name, login in _logins(one)}
    shown = Hidden(json.dumps(logins, sort_keys=True).encode() if logins else b"")
    mounted = [volume.image for volume in spec.volumes if volume.image]
    return [
        *(Image(one.image, one.pull_policy, shown) for one in spec.every_container),
        *(Image(one.reference, one.policy, shown) for one in mounted),
    ]


def sought(world: World, containers: Iterable[Container]) -> list[str]:
    """Return the images that have to be brought before a pod is made; of others no failed pull counts."""
    return [one.image for one in containers if one.pull_policy == "Always" or one.image not in world.images]


def _logins(secret: Secret) -> Iterator[tuple[str, Mapping[str, str]]]:
    """Yield registries, with user and password, from either of the forms that Kubernetes knows."""
    for key in (".dockercfg", ".dockerconfigjson"):
        try:
            data = json.loads(secret.values.get(key, b"{}"))
            entries = data.get("auths", {}) if key == ".dockerconfigjson" else data
            yield from ((name, _login(one)) for name, one in entries.items())
        except (ValueError, AttributeError, TypeError, KeyError, binascii.Error):
            continue


def _login(entry: Mapping[str, Any]) -> Mapping[str, str]:
    """Return user and password; raises what a text that is none of this makes."""
    if "auth" not in entry:
        return {"username": str(entry["username"]), "password": str(entry["password"])}
    user, _, password = base64.b64decode(entry["auth"], validate=True).decode().partition(":")
    return {"username": user, "password": password}
