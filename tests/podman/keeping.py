"""``sloop run`` in the background, and what it has said so far."""

import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.machine.telling import tell
from tests.podman.program import Program, until

PATIENCE = 20.0  # seconds; a busy machine's disk is slow to take a ledger's last words
TELLING = {"PYTHONFAULTHANDLER": "1"}  # a process that is aborted tells where each of its threads is


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

    def end(self, number: signal.Signals = signal.SIGTERM, *, seconds: float = PATIENCE) -> int:
        """Ask it to end, once it hears that; return its exit code.  One that goes on tells where it is."""
        until(lambda: self.running.poll() is not None or self._hears(number))
        self.running.send_signal(number)
        try:
            return self.running.wait(seconds)
        except subprocess.TimeoutExpired:
            self.running.send_signal(signal.SIGABRT)
            self.running.wait()
            raise AssertionError(f"it goes on: {self.log.read_text()}") from None

    def _hears(self, number: signal.Signals) -> bool:
        told = Path(f"/proc/{self.running.pid}/status").read_text()
        (caught,) = (line for line in told.splitlines() if line.startswith("SigCgt:"))
        return bool(int(caught.split()[1], 16) >> (number - 1) & 1)


@contextmanager
def keeping(program: Program, *arguments: str, **environment: str) -> Iterator[Keeper]:
    """Keep the machine as long as the context lasts; one that ends badly shows what was said, and done."""
    log = program.state.parent / "run.log"
    with (
        log.open("w") as written,
        program.spawned("run", *arguments, output=written, **TELLING | environment) as running,
    ):
        try:
            yield Keeper(running, log)
        except BaseException:
            if running.poll() is None:
                running.send_signal(signal.SIGABRT)
                running.wait()
            tell(log.read_text())
            raise
