"""What is done with a push: checked before it is accepted, deployed after, and told to the one who pushes."""

import os
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Protocol

from gitops.git.address import parse, sub_path
from gitops.git.git_command import Git
from gitops.git.git_error import GitFailed, SourceError, explain
from gitops.hook import QUARANTINE, deployed
from gitops.planning.guard import Refusal
from gitops.settings import Settings, narrowed, rules
from gitops.telling.show import counted


def pushed_to(settings: Settings, directory: Path) -> Iterator[Settings]:
    """Yield the settings of each source that a push to the deployed branch of a repository here is for.

    Where the configuration names none, it is the repository as such.
    """
    here, branch = parse(str(directory)), branch_of(directory)
    known = [
        narrowed(settings, one)
        for one in settings.sources
        if parse(one.url).identity == here.identity and one.ref in {None, "HEAD", branch}
    ]
    yield from known or [replace(settings, source=None, repo=here.url, sources=())]


def check(settings: Settings, sha: str, *, allow_empty: bool, variables: Mapping[str, str]) -> str:
    """Return in a line what a pushed commit holds for a source; raises ManifestError, SourceError or Refusal.

    The commit may still be in git's quarantine, which ``variables`` name.  Podman isn't asked.
    """
    from gitops.git.foreign import files as read
    from gitops.planning.render import render

    directory, path = Path(parse(settings.repo or ".").url), sub_path(settings.path)
    git = Git(directory, variables={"GIT_DIR": str(directory), **variables})
    try:
        files = read(git, sha, path, rules(settings).render)
    except GitFailed as failure:
        raise explain("read", str(directory), failure) from failure
    placed = {f"{path}/{name}" if path else name: file for name, file in files.items()}
    rendered = render(sha, placed, settings.policy_ignore)
    if not rendered.manifests and not allow_empty:
        raise Refusal(
            f"{sha[:7]} has no manifests below {path or '/'}: if everything shall go, say so by "
            "`git push -o allow-empty`"
        )
    return f"{counted(len(rendered.manifests), 'object')} in {counted(len(files), 'file')}: valid"


def branch_of(directory: Path) -> str:
    """Return the branch of a bare repository that is deployed; raises SourceError for what is none."""
    try:
        return deployed(directory).removeprefix("refs/heads/")
    except OSError as error:
        raise SourceError(
            f"{directory} is no bare repository\nlet its hooks run this; `sloop init` writes them"
        ) from error


def quarantine(environment: Mapping[str, str] = os.environ) -> Mapping[str, str]:
    """Return the variables by which git lets a hook read what is not accepted yet."""
    return {name: environment[name] for name in QUARANTINE if name in environment}


def afterwards(sha: str) -> str:
    """Say to who has pushed what isn't well how things stand, and the way out."""
    return (
        f"{sha[:7]} is in git all the same, and what served before goes on where it can: push a commit that "
        f"mends it, or one that takes it back (`git revert {sha[:7]}`)"
    )


class Stream(Protocol):
    """What can be written to."""

    def write(self, text: str, /) -> int:
        """Take over a text."""

    def flush(self) -> None:
        """Hand on what was taken over."""


class Enduring:
    """A stream that swallows what nobody reads any more: who pushed may have gone, the deployment goes on."""

    def __init__(self, stream: Stream) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        """Write, if there is somebody."""
        with suppress(OSError, ValueError):
            self._stream.write(text)
        return len(text)

    def flush(self) -> None:
        """Hand on what was written."""
        with suppress(OSError, ValueError):
            self._stream.flush()

    def isatty(self) -> bool:
        """Say that nobody types here."""
        return False
