"""Makes a commit on a source's branch: in the work tree that is the source, or by a push."""

import re
import socket
from collections.abc import Mapping
from dataclasses import replace
from typing import Protocol

from gitops.git_command import Git
from gitops.git_error import GitFailed, SourceError
from gitops.source import Source

_MOVED = ("stale info", "fetch first", "non-fast-forward", "cannot lock ref", "reference already exists")


class Planned(Protocol):
    """A commit to be made."""

    @property
    def branch(self) -> str:
        """The branch it goes to."""

    @property
    def tip(self) -> str:
        """The newest commit of that branch, on which it was planned."""

    @property
    def tree(self) -> str:
        """What it holds."""

    @property
    def message(self) -> str:
        """What it says."""


def publish(source: Source, planned: Planned, *, push: bool) -> str:
    """Make a planned commit and return it; nothing has changed if that fails."""
    here = source.here
    if here and here.line("rev-parse", "--is-bare-repository") == "false":
        _check_work_tree(here, source, planned)
        return _commit_here(here, source, planned)
    if not push:
        raise SourceError(
            f"{source.display} is no work tree, so a rollback must be pushed\nleave out --no-push"
        )
    return _push(source, planned)


def _check_work_tree(here: Git, source: Source, planned: Planned) -> None:
    out = here.attempt("symbolic-ref", "--quiet", "--short", "HEAD")[1].decode().strip()
    if out != planned.branch:
        now = f"on branch {out}" if out else "on no branch"
        raise SourceError(
            f"{source.display} is {now}, not on {planned.branch}\nrun git switch {planned.branch} there"
        )
    if here.line("rev-parse", "HEAD") != planned.tip:
        raise _moved(source, planned)
    if here.line("status", "--porcelain", "--untracked-files=no"):
        raise SourceError(f"{source.display} has changes that are not committed\ncommit or stash them first")


def _commit_here(here: Git, source: Source, planned: Planned) -> str:
    sha = _commit(source, planned)
    here("fetch", "--quiet", "--no-tags", "--no-write-fetch-head", str(source.mirror.directory), sha)
    try:
        here("merge", "--quiet", "--ff-only", sha)
    except GitFailed as failure:
        raise _in_the_way(source, failure) from failure
    return sha


def _push(source: Source, planned: Planned) -> str:
    sha = _commit(source, planned)
    ref = f"refs/heads/{planned.branch}"
    try:
        # The lease also refuses a branch that was moved back; the commit follows its tip: nothing is forced.
        lease = f"--force-with-lease={ref}:{planned.tip}"
        source.mirror.git("push", "--quiet", lease, source.address.url, f"{sha}:{ref}")
    except GitFailed as failure:
        raise _refused(source, planned, failure) from failure
    return sha


def _commit(source: Source, planned: Planned) -> str:
    git = source.mirror.git
    signed = replace(git, variables={**git.variables, **_identity(source.here or git)})
    return signed.line(
        "commit-tree", planned.tree, "-p", planned.tip, "-F", "-", stdin=planned.message.encode()
    )


def _identity(git: Git) -> Mapping[str, str]:
    """Return who commits, as git's environment has it: who is configured, else sloop on this machine."""
    asked = replace(git, settings=(*git.settings, "user.useConfigOnly=true"))
    code, out, _ = asked.attempt("var", "GIT_COMMITTER_IDENT")
    name, _, email = out.decode(errors="replace").rpartition(">")[0].rpartition(" <")
    if code or not name:
        name, email = "sloop", f"sloop@{socket.gethostname()}"
    return {
        f"GIT_{role}_{key}": value
        for role in ("AUTHOR", "COMMITTER")
        for key, value in (("NAME", name), ("EMAIL", email))
    }


def _refused(source: Source, planned: Planned, failure: GitFailed) -> Exception:
    if any(words in failure.words for words in _MOVED):
        return _moved(source, planned)
    if "[remote rejected]" not in failure.words:
        return failure
    said = re.findall(r"^remote: *(.*\S)", failure.words, re.MULTILINE) or re.findall(
        r"\((.*)\)$", failure.words
    )
    why = f"{source.display} refuses a push to {planned.branch}: {', '.join(said[:3])}"
    return SourceError(
        f"{why}\nlet the user that runs sloop push there, or roll back by a commit of your own"
    )


def _in_the_way(source: Source, failure: GitFailed) -> Exception:
    names = re.findall(r"^\t(.+)$", failure.words, re.MULTILINE)
    if not names:
        return failure
    what = f"{source.display} has files of yours where the rollback puts some: {', '.join(names[:5])}"
    return SourceError(f"{what}\nmove them away first")


def _moved(source: Source, planned: Planned) -> SourceError:
    return SourceError(
        f"the branch {planned.branch} of {source.display} has moved meanwhile\nrun the rollback again"
    )
