"""Keys, and repositories whose commits are signed by them: real ssh-keygen, real gpg."""

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

from tests.gitops.repository import Repository
from tests.machine.engine import until


@dataclass(frozen=True, slots=True)
class Key:
    """A key of one sort; ``public`` is the file that lets its signatures count."""

    settings: tuple[str, ...]
    public: Path

    def commit(self, repository: Repository, subject: str, files: dict[str, str | None]) -> str:
        """Commit with a signature."""
        repository.commit(subject, files)
        options = [part for setting in self.settings for part in ("-c", setting)]
        repository.git(*options, "commit", "--quiet", "--amend", "--no-edit", "--allow-empty", "-S")
        return repository.head()


def ssh_key(directory: Path, *, valid: str = "") -> Key:
    """Make an SSH key, allowed for Ada; ``valid`` is an option of the allowed signer."""
    directory.mkdir()
    words = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "ada", "-f", str(directory / "key")]
    subprocess.run(words, check=True)
    public = directory / "allowed"
    public.write_text(f"ada@example.org {valid}{(directory / 'key.pub').read_text()}")
    return Key(("gpg.format=ssh", f"user.signingKey={directory / 'key'}"), public)


def gpg_key(directory: Path) -> Key:
    """Make a GPG key for Ada, in a home of its own, and export its public half."""
    directory.mkdir(mode=0o700)
    _gpg(directory, "--quick-generate-key", "Ada <ada@example.org>", "ed25519", "sign")
    public = directory / "keys.asc"
    public.write_text(_gpg(directory, "--armor", "--export"))
    program = directory / "gpg"
    program.write_text(f'#!/bin/sh\nexec gpg --homedir {directory} --batch "$@"\n')
    program.chmod(0o755)
    return Key(("gpg.format=openpgp", f"gpg.program={program}", "user.signingKey=ada@example.org"), public)


def stop_agent(directory: Path) -> None:
    """Let the agent that gpg has started go; it takes its sockets along when it does."""
    subprocess.run(["gpgconf", "--homedir", str(directory), "--kill", "all"], check=True)
    assert until(lambda: not any(directory.glob("S.*")))


def _gpg(home: Path, *words: str) -> str:
    options = (
        "--homedir",
        str(home),
        "--batch",
        "--quiet",
        "--passphrase",
        "",
        "--pinentry-mode",
        "loopback",
    )
    done = subprocess.run(
        ["gpg", *options, *words],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "LC_ALL": "C"},
    )
    return done.stdout
