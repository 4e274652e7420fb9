"""Pods that look around once, and say what they have found."""

from typing import Any

from tests.machine import images
from tests.podman.manifests import ONE, Object, named
from tests.podman.program import Program


def speaker(script: str, image: str = ONE, *, pod: Any = None, **container: Any) -> Object:
    """Return a Pod that runs a script once; ``pod`` is more of its spec."""
    main = {"name": "main", "image": image, "command": ["sh", "-ec", script], **container}
    spec = {"restartPolicy": "Never", "terminationGracePeriodSeconds": 0, "containers": [main], **(pod or {})}
    return {**named("Pod", "speaker"), "spec": spec}


def spoken(program: Program, *objects: Object) -> list[str]:
    """Apply these objects, and return the lines of the pod among them."""
    program.commit("Speak", *objects)
    said = program.run("apply")
    assert said.code == 0, said.out + said.err
    return logged(program)


def logged(program: Program, name: str = "default.speaker") -> list[str]:
    """Return the lines of a container."""
    return images.podman(program.podman.engine, "logs", name).splitlines()
