"""Ways to what runs on the private Podman that an ordinary user has, too: its ports and its namespaces."""

import os
import signal
import subprocess

from runtime.podman import PodmanEngine
from runtime.proxies import read_note
from tests.podman.manifests import Object, service
from tests.podman.program import Program

IS_ROOT = os.geteuid() == 0
HTTP, HTTPS = (80, 443) if IS_ROOT else (8080, 8443)  # of Ingresses
NODE_PORT = 30080


def led(name: str = "web", **spec: object) -> Object:
    """Return a Service of the port ``http`` of the pods ``web``, that has a port of the machine."""
    port = {"port": 80, "targetPort": "http", "nodePort": NODE_PORT}
    return service(name, type="NodePort", ports=[port], **spec)


def address(program: Program, name: str = "web", place: str = "default") -> str:
    """Return the address of a Service, as its proxy's note has it."""
    volumes = PodmanEngine(program.podman.url).look().volumes
    (note,) = (one.note for one in volumes if one.name == f"{place}.{name}__service")
    return str(read_note(note)["address"])


def reached(program: Program) -> str:
    """Return where ``led()`` is reached: its address, or its port where only root sees addresses."""
    return address(program) if IS_ROOT else f"127.0.0.1:{NODE_PORT}"


def within(process: int, *spaces: str) -> list[str]:
    """Return what a command is begun with that shall run in these namespaces of a container's process."""
    own = [] if IS_ROOT else ["--user", "--preserve-credentials"]
    return ["nsenter", f"--target={process}", *own, *(f"--{one}" for one in spaces)]


def send(process: int, number: signal.Signals) -> None:
    """Send a signal to a container's process, which is another user's where Podman is rootless."""
    if IS_ROOT:
        os.kill(process, number)
    else:
        subprocess.run([*within(process), "sh", "-c", f"kill -{number.value} {process}"], check=True)
