"""One writer at a time: a lock that the kernel keeps, and that says who holds it."""

import fcntl
import json
import os
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict
from pathlib import Path

from runtime.dataclass import dataclass

COMMAND = 500  # characters of a command that are kept
CONTENT = 8192  # bytes of a lock file that are read; such a command fits in, each character escaped


@dataclass(frozen=True, slots=True)
class Holder:
    """The process that holds a lock, since when (seconds since 1970), and what it was called to do."""

    pid: int
    command: str
    since: float

    def __str__(self) -> str:
        return f"`{self.command}` (process {self.pid})" if self.pid else "another process"


UNKNOWN = Holder(pid=0, command="", since=0.0)


class LockError(Exception):
    """A lock can't be taken; the message ends with the way out.

    └── LockTimeout   somebody held it for too long
    """


class LockTimeout(LockError):
    """Somebody held the lock for longer than we would wait."""

    def __init__(self, holder: Holder, timeout: float) -> None:
        late = f" after {timeout:g} s" if timeout else ""
        super().__init__(f"{holder} is still at work{late}: wait for it, or end it")
        self.holder = holder


@contextmanager
def hold(
    directory: Path,
    name: str,
    *,
    said: str,
    waiting: Callable[[Holder], None] = lambda _: None,
    timeout: float | None = None,
) -> Iterator[None]:
    """Hold the lock of that name; the kernel frees it however this process ends.

    Where somebody else holds it, ``waiting`` is told whom we wait for, once.  ``said`` is the
    command line that others see meanwhile.  ``timeout`` is in seconds, None for ever.
    Raises LockTimeout, or LockError where ``directory`` isn't a safe place.
    """
    file = _opened(directory, f"{name}.lock")
    try:
        if not _taken_at_once(file):
            waiting(_read(file))
            _wait(file, timeout)
        _sign(file, Holder(os.getpid(), said[:COMMAND], time.time()))
        yield
    finally:
        os.close(file)


def lock_directory(user: int | None = None, environment: Mapping[str, str] = os.environ) -> Path:
    """Return where the locks of a user (default: ours) are kept, the same for all processes of theirs."""
    user = os.geteuid() if user is None else user
    if user == 0:
        return Path("/run/sloop")
    if runtime := environment.get("XDG_RUNTIME_DIR"):
        return Path(runtime, "sloop")
    return Path(tempfile.gettempdir(), f"sloop-{user}")


def _opened(directory: Path, name: str) -> int:
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        place = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
        try:
            _refuse_others(directory, os.fstat(place))
            flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
            return os.open(name, flags, 0o600, dir_fd=place)
        finally:
            os.close(place)
    except OSError as error:
        raise LockError(
            f"cannot lock {directory / name}: {error.strerror}; make {directory} a directory of your own"
        ) from error


def _refuse_others(directory: Path, found: os.stat_result) -> None:
    """Refuse a directory in which others could replace the lock, as anybody may prepare one in /tmp."""
    if found.st_uid != os.geteuid() or found.st_mode & 0o022:
        raise LockError(f"{directory} can be written to by others: make it your own (chown, chmod 700)")


def _taken_at_once(file: int) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _wait(file: int, timeout: float | None) -> None:
    """Wait in the kernel, which wakes us at once and in turn.

    A thread of its own waits, so that a signal or the timeout can end it.  It has its own
    descriptor of the same lock: left behind, it closes that one, and so frees what comes too late.
    """
    if timeout == 0:
        raise LockTimeout(_read(file), timeout)
    taken = threading.Event()
    own = os.dup(file)
    threading.Thread(target=_block, args=(own, taken), name="lock", daemon=True).start()
    if not taken.wait(timeout):
        raise LockTimeout(_read(file), timeout or 0)


def _block(file: int, taken: threading.Event) -> None:
    try:
        fcntl.flock(file, fcntl.LOCK_EX)
        taken.set()
    finally:
        os.close(file)


def _sign(file: int, holder: Holder) -> None:
    """Say who holds the lock, on the first line.  A full disk takes nothing but this from us."""
    with suppress(OSError):
        line = json.dumps(asdict(holder)) + "\n"
        os.pwrite(file, line.encode(), 0)


def _read(file: int) -> Holder:
    line = os.pread(file, CONTENT, 0).partition(b"\n")[0]
    try:
        return Holder(**json.loads(line))
    except (ValueError, TypeError):  # not signed yet
        return UNKNOWN
