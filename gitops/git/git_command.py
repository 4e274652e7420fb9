"""Runs git: a clean environment, a time limit, no prompt, and nothing a repository could have us execute."""

import os
import signal
import subprocess
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import field
from pathlib import Path

from gitops.git.git_error import GitFailed, SourceError
from runtime.dataclass import dataclass

_INHERITED = (  # the caller's GIT_* variables that stay; inside a hook others name the hook's repository
    "GIT_SSH",  # also GIT_SSH_COMMAND, GIT_SSH_VARIANT
    "GIT_SSL_",
    "GIT_PROXY_",
    "GIT_HTTP_",
    "GIT_CONFIG_GLOBAL",
    "GIT_CONFIG_SYSTEM",
    "GIT_CONFIG_NOSYSTEM",
    "GIT_CONFIG_COUNT",
    "GIT_CONFIG_KEY_",
    "GIT_CONFIG_VALUE_",
    "GIT_EXEC_PATH",
    "GIT_AUTHOR_NAME",
    "GIT_AUTHOR_EMAIL",
    "GIT_COMMITTER_NAME",
    "GIT_COMMITTER_EMAIL",
)
_FIXED = {
    "GIT_ALLOW_PROTOCOL": "file:http:https:ssh",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_ASKPASS": "false",  # a program that fails: no password comes from there
    "SSH_ASKPASS": "false",
    "GIT_OPTIONAL_LOCKS": "0",
    "LC_ALL": "C",
    "LANGUAGE": "C",
}
_SETTINGS = (
    "core.hooksPath=/dev/null",
    "core.fsmonitor=false",
    "protocol.ext.allow=never",
    "safe.bareRepository=all",  # bare repositories are ours to read; safe.directory stays as the user set it
    "http.lowSpeedLimit=1",  # should sloop be killed, git must give up by itself
    "http.lowSpeedTime=60",
    "submodule.recurse=false",
    "fetch.recurseSubmodules=false",
    "protocol.version=2",  # a commit can be asked for by its name
    "fetch.unpackLimit=1",  # a pack appears whole or not at all: an object that is there is complete
    "gc.autoDetach=false",
    "maintenance.auto=false",
    "merge.renames=false",
    "merge.autoStash=false",
    "push.followTags=false",
    "push.gpgSign=false",
    "push.recurseSubmodules=no",
    "log.follow=false",
    "log.showRoot=true",
    "log.showSignature=false",
)


@dataclass(frozen=True, slots=True)
class Git:
    """git in one directory.  ``limit`` is in seconds; ``settings`` are ``key=value`` for ``git -c``."""

    directory: Path
    limit: float = 60.0
    settings: tuple[str, ...] = ()
    variables: Mapping[str, str] = field(default_factory=dict)

    def __call__(self, *arguments: str, stdin: bytes = b"") -> bytes:
        """Return what git prints; raise GitFailed with what it says when it fails."""
        code, out, words = self.attempt(*arguments, stdin=stdin)
        if code:
            raise GitFailed(arguments[0], words)
        return out

    def line(self, *arguments: str, stdin: bytes = b"") -> str:
        """Return git's answer as text without the line's end."""
        return self(*arguments, stdin=stdin).decode(errors="replace").rstrip("\n")

    def attempt(self, *arguments: str, stdin: bytes = b"") -> tuple[int, bytes, str]:
        """Return git's exit code, output and words, whatever they are."""
        options = [part for setting in (*_SETTINGS, *self.settings) for part in ("-c", setting)]
        # A session of its own has no terminal that ssh could ask at, and ends as a whole when time is up.
        with _start(
            ["git", *options, *arguments], self.directory, {**environment(), **self.variables}
        ) as process:
            try:
                out, words = process.communicate(stdin, timeout=self.limit)
            except subprocess.TimeoutExpired as error:
                what = f"git {arguments[0]} took longer than {self.limit:g} s"
                raise SourceError(f"{what} and was stopped\ncheck the network, or allow more time") from error
            finally:
                _end(process)
        return process.returncode, out, words.decode(errors="replace")


def environment(inherited: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return the environment for git: the caller's without what would point it at another repository."""
    given = os.environ if inherited is None else inherited
    kept = {k: v for k, v in given.items() if not k.startswith("GIT_") or k.startswith(_INHERITED)}
    return kept | _FIXED


def _start(command: list[str], directory: Path, variables: Mapping[str, str]) -> "subprocess.Popen[bytes]":
    pipe = subprocess.PIPE
    try:
        return subprocess.Popen(
            command,
            cwd=directory,
            env=variables,
            stdin=pipe,
            stdout=pipe,
            stderr=pipe,
            start_new_session=True,
        )
    except FileNotFoundError as error:
        if error.filename == command[0]:
            raise SourceError(
                "git is not installed\ninstall it, for example with: apt install git"
            ) from error
        raise SourceError(f"there is no directory {directory}\ncheck the path given with --repo") from error
    except PermissionError as error:
        raise SourceError(
            f"the directory {directory} may not be entered\nrun sloop as the user who may"
        ) from error


def _end(process: "subprocess.Popen[bytes]") -> None:
    if process.poll() is None:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
