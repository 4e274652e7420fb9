"""Makes a commit on a source's branch: in the work tree that is the source, or by a push."""

import re
import socket
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace

from gitops.git.git_command import Git
from gitops.git.git_error import GitFailed, SourceError
from gitops.git.source import Source
from gitops.hook import DEPLOYER
from runtime.dataclass import dataclass

PUSH_LIMIT = 600.0  # seconds: a hook of the other side may deploy what it receives before it answers
_SIGN = "set commit.gpgSign, gpg.format and user.signingKey with git config --global, or commit by hand"
_MOVED = ("stale info", "fetch first", "non-fast-forward", "cannot lock ref", "reference already exists")


@dataclass(frozen=True, slots=True)
class Draft:
    """A commit to be made on ``branch``, whose newest commit must still be ``tip``."""

    branch: str
    tip: str
    tree: str
    message: str


def publish(source: Source, draft: Draft, *, push: bool) -> str:
    """Make a planned commit and return it; nothing has changed if that fails."""
    here = source.here
    if here and here.line("rev-parse", "--is-bare-repository") == "false":
        _check_work_tree(here, source, draft)
        return _commit_here(here, source, draft)
    if not push:
        raise SourceError(
            f"{source.display} is no work tree, so a rollback must be pushed\nleave out --no-push"
        )
    return _push(source, draft)


def _check_work_tree(here: Git, source: Source, draft: Draft) -> None:
    out = here.attempt("symbolic-ref", "--quiet", "--short", "HEAD")[1].decode().strip()
    if out != draft.branch:
        now = f"on branch {out}" if out else "on no branch"
        raise SourceError(
            f"{source.display} is {now}, not on {draft.branch}\nrun git switch {draft.branch} there"
        )
    if here.line("rev-parse", "HEAD") != draft.tip:
        raise _moved(source, draft)
    if here.line("status", "--porcelain", "--untracked-files=no"):
        raise SourceError(f"{source.display} has changes that are not committed\ncommit or stash them first")


def _commit_here(here: Git, source: Source, draft: Draft) -> str:
    sha = _commit(source, draft)
    here("fetch", "--quiet", "--no-tags", "--no-write-fetch-head", str(source.mirror.directory), sha)
    try:
        here("merge", "--quiet", "--ff-only", sha)
    except GitFailed as failure:
        raise _in_the_way(source, draft, failure) from failure
    return sha


def _push(source: Source, draft: Draft) -> str:
    sha = _commit(source, draft)
    ref = f"refs/heads/{draft.branch}"
    # The lease also refuses a branch that was moved back; the commit follows its tip: nothing is forced.
    lease = f"--force-with-lease={ref}:{draft.tip}"
    git = source.mirror.git
    patient = replace(
        git, limit=max(git.limit, PUSH_LIMIT), variables={**git.variables, DEPLOYER: "sloop rollback"}
    )
    try:
        patient("push", "--quiet", lease, source.address.url, f"{sha}:{ref}")
    except (GitFailed, SourceError) as error:
        if not _has_arrived(source, ref, sha):
            raise _refused(source, draft, error) from error
    return sha


def _has_arrived(source: Source, ref: str, sha: str) -> bool:
    """Tell whether only the answer to a push was lost."""
    with suppress(SourceError):
        return source.resolve(ref) == sha
    return False


def _commit(source: Source, draft: Draft) -> str:
    git = source.mirror.git
    named = replace(git, variables={**git.variables, **_identity(source.here or git)})
    signing = _signing(git)
    if source.signers and not signing:
        raise SourceError(f"{source.display} takes signed commits only, and git isn't told to sign\n{_SIGN}")
    words = ("commit-tree", *signing, draft.tree, "-p", draft.tip, "-F", "-")
    sha = named.line(*words, stdin=draft.message.encode())
    if complaint := source.unsigned(sha):
        raise SourceError(f"{source.display} would refuse the rollback: {complaint}\n{_SIGN}")
    return sha


def _signing(git: Git) -> tuple[str, ...]:
    """Return what makes git sign, if the user has told it to."""
    return ("-S",) if git.attempt("config", "--type=bool", "commit.gpgSign")[1].strip() == b"true" else ()


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


def _refused(source: Source, draft: Draft, error: Exception) -> Exception:
    words = error.words if isinstance(error, GitFailed) else ""
    if any(moved in words for moved in _MOVED):
        return _moved(source, draft)
    if "[remote rejected]" not in words:
        return error
    said = re.findall(r"^remote: *(.*\S)", words, re.MULTILINE) or re.findall(
        r"\((.*)\)$", words, re.MULTILINE
    )
    why = f"{source.display} refuses a push to {draft.branch}: {', '.join(said[:3])}"
    return SourceError(
        f"{why}\nlet the user that runs sloop push there, or roll back by a commit of your own"
    )


def _in_the_way(source: Source, draft: Draft, failure: GitFailed) -> Exception:
    if "fast-forward" in failure.words:
        return _moved(source, draft)
    names = re.findall(r"^\t(.+)$", failure.words, re.MULTILINE)
    if not names:
        return failure
    what = f"{source.display} has files of yours where the rollback puts some: {', '.join(names[:5])}"
    return SourceError(f"{what}\nmove them away first")


def _moved(source: Source, draft: Draft) -> SourceError:
    return SourceError(
        f"the branch {draft.branch} of {source.display} has moved meanwhile\nrun the rollback again"
    )
