"""The key of a Podman engine: the name of a secret that it keeps, which survives every prune."""

import os
import re

from runtime.podman_api import Api
from runtime.podman_seen import seconds

NAME = re.compile(r"sloop-key-([0-9a-f]{32})")


def kept_key(api: Api) -> bytes:
    """Return the key, and make one where there is none.

    Where a race has made several, the oldest counts, so that all come to the same one.
    """
    if key := _oldest(api):
        return key
    api.post("secrets/create", b"the key is the name", name=f"sloop-key-{os.urandom(16).hex()}")
    return _oldest(api)


def _oldest(api: Api) -> bytes:
    kept = sorted((seconds(one["CreatedAt"]), one["Spec"]["Name"]) for one in api.get("secrets/json"))
    keys = [found.group(1) for _, name in kept if (found := NAME.fullmatch(name))]
    return bytes.fromhex(keys[0]) if keys else b""
