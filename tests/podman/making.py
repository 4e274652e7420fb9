"""Pods and what they need, for tests of engines."""

from typing import Any

from runtime.resources import Container, Label, Mount, Network, Owner, Pod, Port, Volume

IMAGE = "localhost/sloop/busybox:1"
TOWN = Network("town", {Label.SOURCE: "tests"}, "10.231.0.0/20")
CELLAR = Volume("cellar", {Label.KIND: "claim"})


def pod(name: str = "town.baker", *mounts: Mount, port: int = 0, **container: Any) -> Pod:
    """Return a pod in ``TOWN`` that sleeps."""
    runs = {"name": "main", "image": IMAGE, "command": ("sleep", "1000"), "mounts": mounts, **container}
    return Pod(
        name=name,
        owner=Owner("Pod", *name.split(".", 1)),
        labels={Label.POD: name},
        digest="1:0",
        network=TOWN.name,
        containers=(Container(**runs),),
        ports=(Port(80, port),) if port else (),
        grace=1,
    )
