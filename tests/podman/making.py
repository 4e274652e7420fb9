"""Pods and what they need, for tests of engines."""

from typing import Any

from runtime.grouping import parts_of
from runtime.resources import Container, Label, Mount, Network, Owner, Pod, Port, Role, Volume

IMAGE = "localhost/sloop/busybox:1"
TOWN = Network("town", {Label.SOURCE: "tests"}, "10.231.0.0/20")
CELLAR = Volume("cellar", {Label.KIND: "claim"})


def group(name: str = "town.inn", *containers: Container, **more: Any) -> Pod:
    """Return a pod of several containers in ``TOWN``."""
    parts = Label.CONTAINERS, parts_of((one.role, one.name) for one in containers)
    labels = {Label.POD: name, Label.RESTART: more.get("restart", "Always"), **dict([parts])}
    owner = Owner("Pod", *name.split(".", 1))
    plain = {"owner": owner, "labels": labels, "digest": "1:0", "network": TOWN.name, "grace": 1}
    return Pod(name=name, containers=containers, **{**plain, **more})


def container(name: str, *command: str, role: Role = Role.MAIN, **more: Any) -> Container:
    """Return a container that sleeps, or does what it is told."""
    return Container(name, IMAGE, command=command or ("sleep", "1000"), role=role, **more)


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
