"""Starting Podman's service where nobody answers; it ends by itself soon after its last use."""

import fcntl
import os
import shutil
import socket
import subprocess
from collections.abc import Callable
from pathlib import Path

from runtime.engine import EngineUnreachable

IDLE_SECONDS = 5  # after which the service ends
BACKLOG = 64

# The socket arrives as standard input and is handed on as systemd would (sd_listen_fds), so it takes
# connections before Podman has started; the inner shell is there since $$ must be Podman's own pid.
SERVE = (
    "exec 3<&0 0</dev/null;"
    f" sh -c 'LISTEN_PID=$$ LISTEN_FDS=1 exec podman system service --time {IDLE_SECONDS}' &"
)


def start_unless(answers: Callable[[], bool], path: Path) -> None:
    """Start a service at ``path`` unless another process has just done so.

    Raises EngineUnreachable if there is no Podman, or it doesn't start.
    """
    if shutil.which("podman") is None:
        raise EngineUnreachable("cannot start Podman: it isn't installed; install the package `podman`")
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with path.with_suffix(".lock").open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not answers():
                _start(path)
    except OSError as error:
        raise EngineUnreachable(f"cannot start Podman at {path}: {error.strerror or error}") from error


def _start(path: Path) -> None:
    log = path.with_suffix(".log")
    path.unlink(missing_ok=True)
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener, log.open("w") as said:
        listener.bind(os.fspath(path))
        path.chmod(0o600)
        listener.listen(BACKLOG)
        _run(listener.fileno(), said.fileno())


def _run(listener: int, log: int) -> None:
    """Run the shell, which leaves Podman behind as nobody's child."""
    subprocess.run(
        ["/bin/sh", "-c", SERVE],
        stdin=listener,
        stdout=log,
        stderr=log,
        start_new_session=True,
        cwd="/",
        check=True,
    )
