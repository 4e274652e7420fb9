"""The ledger's writer as a process of its own: it loads SQLAlchemy while its master loads all else.

It is told one transaction after another, each a line of JSON, and answers each with a line: what has become
of it is known before its master goes on.  It ends with its master, however that ends.
"""

import gc
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from runtime.ledger_trouble import LedgerError
from runtime.recall import FILE
from runtime.stop import SIGNALS, shielded

if TYPE_CHECKING:
    from runtime.writes import Written

HOME = Path(__file__).parents[1]
BEGIN = "import sys; sys.path.insert(0, sys.argv[1]); from runtime.scribe import main; main()"

Answer = dict[str, Any]  # has one of: opened (what there is to notice), row, trouble (with the way out)


class Scribe:
    """A writer that was called for; it is waited for by the first who writes, or by ``opened``.

    A ``mute`` one holds nothing of our own streams: who reads them to their end doesn't wait for it.
    """

    def __init__(self, state: Path, *, mute: bool = False) -> None:
        self.path = state / FILE
        self._turn = threading.Lock()
        self._open = False
        words = [sys.executable, "-P", "-c", BEGIN, os.fspath(HOME), os.fspath(state)]
        with _inherited_as_blocked():
            self._process = subprocess.Popen(
                words,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL if mute else None,
            )

    def opened(self, notice: Callable[[str], None]) -> None:
        """Wait until the ledger is open; ``notice`` is told what was found there.  Raises LedgerError."""
        for one in self._begun():
            notice(one)

    def write(self, *written: "Written") -> int:
        """Carry out all of it or nothing; return the id of the row that the last one has made, or 0."""
        with shielded(), self._turn:
            if not self._open:
                self._begun()
            with suppress(BrokenPipeError):  # then there is no answer either
                self._told(json.dumps(written))
            return int(self._answered()["row"])

    def close(self) -> None:
        """Let go of the file; what nobody has waited for to be opened is left as a crash would leave it."""
        with shielded(), self._turn:
            if not self._open:
                self._process.kill()
            self._process.communicate()

    def _begun(self) -> list[str]:
        notices: list[str] = self._answered()["opened"]
        self._open = True
        return notices

    def _told(self, line: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(line.encode() + b"\n")
        self._process.stdin.flush()

    def _answered(self) -> Answer:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line.endswith(b"\n"):
            raise LedgerError(self.path, "has lost the process that writes to it", "try again")
        answer: Answer = json.loads(line)
        if "trouble" in answer:
            raise LedgerError(self.path, *answer["trouble"])
        return answer


_ahead: dict[Path, Scribe] = {}  # those who were called before there was anything to write


def summon(state: Path) -> None:
    """Call a scribe ahead of the time, where one would be lent."""
    if _helps():
        _ahead[state] = Scribe(state, mute=True)


def dismiss() -> None:
    """Let those go who were called ahead of the time."""
    while _ahead:
        _ahead.popitem()[1].close()


@contextmanager
def summoned(state: Path) -> Iterator[Scribe | None]:
    """Lend a scribe where SQLAlchemy would have to be loaded, by nobody but us, and beside other work."""
    if not _helps():
        yield None
        return
    scribe = _ahead.pop(state, None) or Scribe(state)
    try:
        yield scribe
    finally:
        scribe.close()


def _helps() -> bool:
    beside_others = threading.current_thread() is not threading.main_thread()
    return not ("sqlalchemy" in sys.modules or beside_others or len(os.sched_getaffinity(0)) == 1)


@contextmanager
def _inherited_as_blocked() -> Iterator[None]:
    """Keep signals from whoever is started meanwhile, all its life: what ends us must not end it before."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def main() -> None:
    """Open the ledger of the directory that the command line names, and write until nobody is left."""
    gc.disable()  # looking for litter in what is being loaded costs a tenth
    from runtime.database import open_database

    gc.enable()
    notices: list[str] = []
    try:
        database = open_database(Path(sys.argv[2]), notices.append)
    except LedgerError as error:
        _answer(trouble=[error.trouble, error.way_out])
        return
    _answer(opened=notices)
    for line in sys.stdin:
        try:
            _answer(row=database.write(*json.loads(line)))
        except LedgerError as error:
            _answer(trouble=[error.trouble, error.way_out])
    database.close()
    os._exit(0)  # our master waits, and taking apart all that was loaded would be for nothing


def _answer(**words: Any) -> None:
    with suppress(BrokenPipeError):  # nobody is left to hear it; what was asked for is written all the same
        sys.stdout.write(json.dumps(words) + "\n")
        sys.stdout.flush()
