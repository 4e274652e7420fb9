"""``sloop run`` in the background, and what it has said so far."""

import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.podman.program import Program, until


@dataclass(frozen=True, slots=True)
class Keeper:
    """A loop that keeps the machine as git says."""

    running: subprocess.Popen[bytes]
    log: Path

    def lines(self, *words: str) -> list[str]:
        """Return the lines said so far that have one of the words in them."""
        return [line for line in self.log.read_text().splitlines() if any(word in line for word in words)]

    def says(self, words: str, times: int = 1) -> None:
        """Wait until it has said so."""
        until(lambda: len(self.lines(words)) >= times)

    def end(self, number: signal.Signals = signal.SIGTERM, *, seconds: float = 5) -> int:
        """Ask it to end; return its exit code."""
        self.running.send_signal(number)
        return self.running.wait(seconds)


@contextmanager
def keeping(program: Program, *arguments: str, **environment: str) -> Iterator[Keeper]:
    """Keep the machine as long as the context lasts."""
    log = program.state.parent / "run.log"
    with (
        log.open("w") as written,
        program.spawned("run", *arguments, output=written, **environment) as running,
    ):
        yield Keeper(running, log)
