"""Whether a commit is signed by somebody whose signature counts: SSH or GPG, asked of git itself."""

import hashlib
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import replace
from pathlib import Path

from gitops.git.git_command import Git
from gitops.git.git_error import SourceError
from runtime.dataclass import dataclass

_SAID = {  # of git's %G?; all but G are refused
    "N": "it is not signed",
    "B": "its signature is wrong",
    "U": "its signature is of nobody who is in {file}",
    "E": "its signature is of nobody who is in {file}",
    "X": "its signature has expired",
    "Y": "it is signed by a key that has expired",
    "R": "it is signed by a key that was revoked",
}
_NOT_ASKED = "false"  # a program that fails, in the place of one whose signatures don't count

Asking = Callable[[Git, Path], AbstractContextManager[Git]]


@dataclass(frozen=True, slots=True)
class Signers:
    """Whose signatures count: a file of git's ``allowedSigners``, or one of public GPG keys."""

    ssh: Path | None = None
    gpg: Path | None = None

    @property
    def mark(self) -> str:
        """Return what is another one when somebody else's signatures count."""
        digest = hashlib.sha256()
        for file in filter(None, [self.ssh, self.gpg]):
            with suppress(OSError):
                digest.update(file.read_bytes())
        return digest.hexdigest()


def unsigned(git: Git, sha: str, signers: Signers) -> str:
    """Say why a commit's signature doesn't count, "" where it does; an error where that can't be told."""
    words = [
        complaint
        for file, asking in ((signers.ssh, _by_ssh), (signers.gpg, _by_gpg))
        if file is not None
        for complaint in [_asked(git, sha, file, asking)]
    ]
    return "" if "" in words else next(iter(words), "")


def _asked(git: Git, sha: str, file: Path, asking: Asking) -> str:
    if not file.is_file():
        raise SourceError(
            f"there is no file {file} that says whose signatures count\nmake it, or mend sloop.yaml"
        )
    with asking(git, file) as able:
        verdict = able.line("log", "-1", "--format=%G?", "--end-of-options", sha, "--")
    return "" if verdict == "G" else _SAID.get(verdict, "its signature can't be checked").format(file=file)


@contextmanager
def _by_ssh(git: Git, file: Path) -> Iterator[Git]:
    settings = (
        f"gpg.ssh.allowedSignersFile={file}",
        f"gpg.program={_NOT_ASKED}",
        f"gpg.x509.program={_NOT_ASKED}",
    )
    yield replace(git, settings=(*git.settings, *settings))


@contextmanager
def _by_gpg(git: Git, file: Path) -> Iterator[Git]:
    """Let only the keys of one file be known; whoever is in it is trusted."""
    with tempfile.TemporaryDirectory(prefix="sloop-gpg-") as home:
        Path(home, "gpg.conf").write_text("trust-model always\nno-autostart\n")
        _import(Path(home), file)
        settings = (f"gpg.ssh.program={_NOT_ASKED}", f"gpg.x509.program={_NOT_ASKED}")
        yield replace(
            git, settings=(*git.settings, *settings), variables={**git.variables, "GNUPGHOME": home}
        )


def _import(home: Path, file: Path) -> None:
    words = ["gpg", "--homedir", str(home), "--batch", "--quiet", "--import", str(file)]
    try:
        done = subprocess.run(words, capture_output=True, stdin=subprocess.DEVNULL, timeout=30, check=False)
    except FileNotFoundError as error:
        raise SourceError("gpg is not installed\ninstall it, for example with: apt install gpg") from error
    if done.returncode:
        raise SourceError(f"{file} can't be read as GPG keys\nwrite it with: gpg --armor --export KEY...")
