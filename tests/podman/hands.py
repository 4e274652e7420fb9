"""Hands that meddle with a real Podman, behind sloop's back, as people do: from the command line."""

import os
import signal
from dataclasses import dataclass
from pathlib import Path

from tests.machine import engine, images
from tests.podman.conftest import Podman


@dataclass(frozen=True, slots=True)
class Hands:
    """The same words as in ``EngineInMemory``, done to the containers of a private Podman."""

    podman: Podman

    def do(self, *arguments: str) -> str:
        """Run one podman command and return what it prints."""
        return images.podman(self.podman.engine, *arguments)

    def stop(self, name: str) -> None:
        """Stop it; who starts it again at once may be quicker than Podman, which then complains."""
        try:
            self.do("stop", "--time=0", name)
        except OSError as error:
            if "refusing to clean up" not in str(error):
                raise

    def stop_group(self, name: str) -> None:
        self.do("pod", "stop", "--time=0", name)

    def prune(self) -> None:
        self.do("container", "prune", "--force")

    def kill(self, name: str) -> None:
        self.strike(name)
        self.do("wait", name)

    def strike(self, name: str) -> None:
        """Kill it, and don't wait for its end: who starts it again at once may be quicker."""
        self.do("kill", name)

    def pause(self, name: str) -> None:
        self.do("pause", name)

    def remove(self, name: str) -> None:
        self.do("rm", "--force", "--time=0", "--volumes", name)

    def rename(self, current: str, name: str) -> None:
        self.do("rename", current, name)

    def hush(self) -> None:
        """Kill what answers names for this Podman, and nobody else's."""
        for pid in resolvers(self.podman):
            os.kill(pid, signal.SIGKILL)
            engine.until(lambda pid=pid: not Path(f"/proc/{pid}").exists())

    def disconnect(self, name: str, network: str) -> None:
        self.do("network", "disconnect", network, name)


def resolvers(podman: Podman) -> list[int]:
    """Return the processes that answer names for this Podman's containers, and nobody else's."""
    return [pid for pid in engine.processes(podman.directory) if engine.program(pid) == "aardvark-dns"]
