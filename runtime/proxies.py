"""What sloop and a proxy agree on: where its files lie, how it starts, the note in its configuration."""

import json
from collections.abc import Mapping
from typing import Any

MAIN = "haproxy.cfg"  # of the files of a Configuration, the one that HAProxy is started with
TARGET = "/proxy"  # where a proxy sees its volume
HOME = "sloop"  # below the volume's root, which Podman gives to the proxy's user
RUN, CURRENT = "run", "current"  # below that: what HAProxy writes, and the configuration that holds
STATS, MASTER, STATE = "stats", "master", "state"  # below RUN: two sockets, and the states of servers

OFFICIAL = (  # HAProxy 3.2.24, all platforms, by Docker's own record of its images; maintained until 2030
    "docker.io/library/haproxy@sha256:fa8c8825c5ca0e0f65c3fc2059b92e9d1735a640b2b38091823a959a64016c4f"
)
BUILT = "localhost/sloop/haproxy:built"  # the name of an image made of this machine's own HAProxy

USER = "65534:0"  # no root, but of its group: so that root and a rootless user alike reach the sockets
ENTRYPOINT = (
    "haproxy",
    "-W",
    "-S",
    f"{TARGET}/{HOME}/{RUN}/{MASTER},mode,660",
    "-f",
    f"{TARGET}/{HOME}/{CURRENT}/{MAIN}",
)


def with_note(note: Mapping[str, Any], text: str) -> str:
    """Return HAProxy's configuration with plain data before it, which comes back as ``SeenVolume.note``."""
    return f"# {json.dumps(note, sort_keys=True)}\n{text}"


def read_note(note: str) -> Mapping[str, Any]:
    """Return the data that ``with_note`` wrote; empty where a hand has spoilt it, or there is none."""
    try:
        data = json.loads(note or "{}")
    except ValueError:
        return {}
    return data if isinstance(data, dict) else {}


def members(note: str) -> tuple[str, ...]:
    """Return Podman's names of the pods to which a proxy leads, as its note tells."""
    names = read_note(note).get("members", ())
    return tuple(name for name in names if isinstance(name, str)) if isinstance(names, list) else ()
