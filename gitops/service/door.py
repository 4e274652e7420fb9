"""The UNIX socket by which a daemon hears hooks and commands: a request each, answered line by line."""

import os
import select
import socket
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from gitops.hook import SOCKET
from runtime.lock import LockError, LockTimeout, hold

LARGEST = 64 * 1024  # bytes of a request
HASTE = 5.0  # seconds in which a request must be here, and a line of the answer be taken
MOST = 16  # visitors at once; who finds no room does the work without the daemon

Say = Callable[[str], None]


class Line:
    """Who asked something, until they hang up."""

    def __init__(self, line: socket.socket) -> None:
        self._line = line

    def __call__(self, text: str) -> None:
        """Say something; raises OSError where nobody listens any more."""
        send(self._line, "=", text)

    def is_open(self, seconds: float) -> bool:
        """Wait so long, or until they hang up; say whether they are still there."""
        watch = select.poll()
        watch.register(self._line, 0)  # what comes without being asked for is the end
        return not watch.poll(seconds * 1000)


Answer = Callable[[Sequence[str], Line], int | None]


@contextmanager
def open_door(state: Path, answer: Answer, notice: Say) -> Iterator[None]:
    """Let ``answer`` have each request's words as long as this lasts.

    It returns an exit code, None for "not mine".  Each visitor has a thread.  Where another daemon has the
    door of this state directory already, or there can't be one, ``notice`` is told.
    """
    with ExitStack() as stack:
        try:
            stack.enter_context(hold(state, "run", said="sloop run", timeout=0))
            listener = stack.enter_context(_listener(state))
        except LockTimeout as error:
            notice(f"pushes are handed to another daemon: {error}")
        except (LockError, OSError) as error:
            notice(f"pushes can't be handed to this process: {error}")
        else:
            room = threading.BoundedSemaphore(MOST)
            threading.Thread(target=_welcome, args=(listener, answer, room), daemon=True).start()
        yield


def bound(state: Path, name: str) -> socket.socket:
    """Listen in a directory, however long its path is; what a dead process has left there is gone."""
    directory = os.open(state, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        place = Path(f"/proc/self/fd/{directory}/{name}")
        place.unlink(missing_ok=True)
        with ExitStack() as stack:
            listener = stack.enter_context(socket.socket(socket.AF_UNIX, socket.SOCK_STREAM))
            listener.bind(str(place))
            place.chmod(0o600)
            listener.listen(MOST)
            stack.pop_all()
            return listener
    finally:
        os.close(directory)


@contextmanager
def _listener(state: Path) -> Iterator[socket.socket]:
    """Listen for hooks and commands; the socket is gone afterwards.  Who does so holds the lock."""
    with bound(state, SOCKET) as listener:
        yield listener
        (state / SOCKET).unlink(missing_ok=True)
        listener.shutdown(socket.SHUT_RDWR)


def _welcome(listener: socket.socket, answer: Answer, room: threading.BoundedSemaphore) -> None:
    while True:
        try:
            line, _ = listener.accept()
        except OSError:
            return  # it was closed
        if room.acquire(blocking=False):
            threading.Thread(target=_serve, args=(line, answer, room), daemon=True).start()
        else:
            line.close()


def _serve(line: socket.socket, answer: Answer, room: threading.BoundedSemaphore) -> None:
    try:
        with line, suppress(OSError, UnicodeDecodeError):
            line.settimeout(HASTE)
            words = request(line)
            code = answer(words, Line(line)) if words else None
            send(line, "?" if code is None else "!", "" if code is None else str(int(code)))
    finally:
        room.release()


def request(line: socket.socket) -> Sequence[str]:
    """Return the words of a request, none of one that is too large."""
    whole = b""
    while piece := line.recv(LARGEST):
        whole += piece
        if len(whole) > LARGEST:
            return ()
    return os.fsdecode(whole).split("\0") if whole else ()


def send(line: socket.socket, mark: str, text: str) -> None:
    """Send each row of a text, behind a mark that says what it is: "=" what is told, "!" how it ended."""
    line.sendall("".join(f"{mark}{row}\n" for row in text.split("\n")).encode(errors="replace"))
