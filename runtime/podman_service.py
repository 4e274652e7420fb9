"""Where Podman answers: a socket that was given, the usual one, or one that sloop serves itself."""

import hashlib
import os
import socket
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import unquote, urlsplit

from runtime.dataclass import dataclass
from runtime.engine import EngineUnreachable

READY_SECONDS = 30.0
NOBODY = (FileNotFoundError, ConnectionRefusedError, ConnectionResetError)


@dataclass(frozen=True, slots=True)
class Address:
    """A UNIX socket; where nobody answers at a private one, sloop starts the service itself."""

    path: str
    private: bool = False

    @property
    def url(self) -> str:
        """Return it as podman-py and people write it."""
        return f"unix://{self.path}"


def of_this_user(url: str | None) -> Address:
    """Return ``address_of`` for the environment and user of this process."""
    return address_of(url, os.environ, os.geteuid())


def address_of(url: str | None, environ: Mapping[str, str], user: int) -> Address:
    """Return where Podman is to be asked: ``url``, CONTAINER_HOST, the usual socket, or our own.

    Raises EngineUnreachable for an address that isn't on this machine.
    """
    if given := url or environ.get("CONTAINER_HOST"):
        return Address(_local_path(given))
    usual = str(_run_directory(environ, user) / "podman/podman.sock")
    if _answers(usual):
        return Address(usual)
    return Address(_private_path(environ, user), private=True)


def connect(address: Address, timeout: float | None) -> socket.socket:
    """Return a connection to Podman; a private service is started if it doesn't run.

    Raises EngineUnreachable.
    """
    try:
        return _connected(address.path, timeout)
    except NOBODY as error:
        if not address.private:
            raise EngineUnreachable(_nobody(address, error)) from error
    except OSError as error:
        raise EngineUnreachable(f"cannot reach Podman at {address.url}: {error.strerror}") from error
    _serve(Path(address.path))
    return _connected(address.path, timeout)


def _local_path(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme in {"unix", "http+unix"} and (parts.netloc or parts.path):
        return unquote(parts.netloc + parts.path)
    if parts.scheme in {"tcp", "ssh", "http", "https"}:
        raise EngineUnreachable(
            f"cannot use Podman at {parts.scheme}://{parts.hostname}: sloop must run on the same machine,"
            " because its probes need the containers' processes; give unix:///path/to/podman.sock"
        )
    raise EngineUnreachable(f"cannot read {url!r} as Podman's address: give unix:///path/to/podman.sock")


def _run_directory(environ: Mapping[str, str], user: int) -> Path:
    return Path("/run") if user == 0 else Path(environ.get("XDG_RUNTIME_DIR") or f"/run/user/{user}")


def _private_path(environ: Mapping[str, str], user: int) -> str:
    """Return one path for all who would start the same Podman: another configuration is another one."""
    settings = "\0".join(environ.get(name, "") for name in ("CONTAINERS_CONF", "CONTAINERS_STORAGE_CONF"))
    suffix = f"-{hashlib.sha256(settings.encode()).hexdigest()[:8]}" if settings.strip("\0") else ""
    return str(_run_directory(environ, user) / f"sloop/podman{suffix}.sock")


def _answers(path: str) -> bool:
    try:
        _connected(path, READY_SECONDS).close()
    except OSError:
        return False
    return True


def _connected(path: str, timeout: float | None) -> socket.socket:
    line = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        line.settimeout(timeout)
        line.connect(path)
    except OSError:
        line.close()
        raise
    return line


def _nobody(address: Address, error: OSError) -> str:
    return (
        f"nobody answers at {address.url} ({error.strerror}): start Podman there with"
        f" `podman system service --time 0 {address.url} &`, or leave the address out"
    )


def _serve(path: Path) -> None:
    from runtime.podman_start import start_unless  # what it imports costs 20 ms, and is rarely needed

    start_unless(lambda: _answers(str(path)), path)
    if not _greets(path):
        log = path.with_suffix(".log")
        raise EngineUnreachable(f"cannot start Podman: {_last_line(log) or f'it ended at once, see {log}'}")


def _greets(path: Path) -> bool:
    """Wait for a first answer.  A service that dies takes the socket with it, which ends the wait."""
    try:
        with _connected(str(path), READY_SECONDS) as line:
            line.sendall(b"GET /_ping HTTP/1.0\r\nHost: podman\r\n\r\n")
            return bool(line.recv(1))
    except OSError:
        return False


def _last_line(log: Path) -> str:
    lines = log.read_text(errors="replace").split("\n")
    return next((line.strip() for line in reversed(lines) if line.strip()), "")
