"""A real sshd of the tests' own, unpacked and not installed: on loopback, with a key that one client has."""

import getpass
import os
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from tests.machine.debian import unpack
from tests.machine.engine import until

CACHE = Path(__file__).parents[2] / ".cache/sshd"
PASSWD = "sshd:x:65533:65534::/run/sshd:/usr/sbin/nologin\n"
ALONE = 'mount --bind "$0" /etc/passwd && mount -t tmpfs none /run && mkdir /run/sshd && exec "$@"'


@dataclass(frozen=True, slots=True)
class Sshd:
    """Where it listens, whom it lets in by which key, and how it is known."""

    port: int
    user: str
    key: Path
    known_hosts: Path

    def url(self, directory: Path) -> str:
        """Return the address of a repository on this machine."""
        return f"ssh://{self.user}@127.0.0.1:{self.port}{directory}"


@contextmanager
def serving_ssh(directory: Path) -> Iterator[Sshd]:
    """Let one key in, as the user who runs the tests, until the context ends."""
    tree = _tree()
    for name in ("host", "client"):
        _keygen(directory / name)
    port = _free_port()
    config = directory / "sshd_config"
    config.write_text(_config(directory, tree, port))
    libraries = next((tree / "usr/lib").glob("*-linux-gnu"))
    words = [str(tree / "usr/sbin/sshd"), "-D", "-e", "-f", str(config)]
    with (directory / "sshd.log").open("w") as log:
        running = subprocess.Popen(
            _as_it_likes(words, directory), env={**os.environ, "LD_LIBRARY_PATH": str(libraries)}, stderr=log
        )
        try:
            until(lambda: "listening on 127.0.0.1" in (directory / "sshd.log").read_text())
            known = directory / "known_hosts"
            known.write_text(f"[127.0.0.1]:{port} {(directory / 'host.pub').read_text()}")
            yield Sshd(port, getpass.getuser(), directory / "client", known)
        finally:
            running.terminate()
            running.wait()


def _tree() -> Path:
    """Return where it lies, whole: who is the first to have unpacked it has done so for all."""
    CACHE.mkdir(parents=True, exist_ok=True)
    if not (tree := CACHE / "whole").exists():
        with tempfile.TemporaryDirectory(dir=CACHE) as place:
            unpack("openssh-server", fresh := Path(place, "tree"), Path(place, "downloads"))
            with suppress(OSError):
                fresh.rename(tree)
    return tree


def _keygen(file: Path) -> None:
    words = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "ada", "-f", str(file)]
    subprocess.run(words, check=True)


def _config(directory: Path, tree: Path, port: int) -> str:
    parts = {
        option: tree / "usr/lib/openssh" / program
        for option, program in (("SshdSessionPath", "sshd-session"), ("SshdAuthPath", "sshd-auth"))
    }
    newer = [f"{option} {program}" for option, program in parts.items() if program.exists()]
    return "\n".join(
        [
            f"Port {port}",
            "ListenAddress 127.0.0.1",
            f"HostKey {directory / 'host'}",
            f"AuthorizedKeysFile {directory / 'client.pub'}",
            f"PidFile {directory / 'sshd.pid'}",
            "StrictModes no",
            "PermitRootLogin yes",
            "PasswordAuthentication no",
            "KbdInteractiveAuthentication no",
            *newer,
            "",
        ]
    )


def _as_it_likes(words: list[str], directory: Path) -> list[str]:
    """Give root's sshd the user and the directory that it asks for, where nobody else sees them."""
    if os.geteuid():
        return words
    passwd = directory / "passwd"
    kept = [line for line in Path("/etc/passwd").read_text().splitlines() if not line.startswith("sshd:")]
    passwd.write_text("\n".join([*kept, PASSWD]))
    return ["unshare", "--mount", "sh", "-c", ALONE, str(passwd), *words]


def _free_port() -> int:
    with socket.socket() as line:
        line.bind(("127.0.0.1", 0))
        return int(line.getsockname()[1])
