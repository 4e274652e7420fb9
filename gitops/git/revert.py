"""Takes a commit back by a new commit on the source's branch: planned as a value, then carried out."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import islice

from gitops.git.address import sub_path
from gitops.git.git_error import SourceError
from gitops.git.log import Commit, Entry, history
from gitops.git.publish import Draft, publish
from gitops.git.rewrite import Conflict, changed, grafted, is_empty, without
from gitops.git.source import Source
from gitops.git.undo import undoable
from runtime.dataclass import dataclass


@dataclass(frozen=True, slots=True)
class Revert:
    """A commit to be made on ``branch``, whose newest commit is ``tip``.

    ``commits`` are what it undoes, the newest first; ``files`` what it changes, from the repository's top.
    """

    branch: str
    tip: str
    tree: str
    message: str
    commits: tuple[Commit, ...]
    files: tuple[str, ...]


def plan_revert(source: Source, *, steps: int = 1, to: str | None = None, path: str | None = None) -> Revert:
    """Return what a rollback would commit; looks only (decision 11).

    It undoes the last ``steps`` commits that touch the source's path, or restores the state of ``to``.  A
    narrower ``path``, relative to the source's, confines both the choice of commits and what is undone.
    """
    branch, tip = source.branch(), source.resolve()
    scope = sub_path(f"{source.path}/{path or ''}".lstrip("/"))
    with source.asking("plan a rollback of"):
        if to is not None:
            return _restored(source, Revert(branch, tip, "", "", (), ()), source.resolve(to), scope)
        return _undone(source, Revert(branch, tip, "", "", (), ()), steps, scope)


def carry_out(source: Source, revert: Revert, *, push: bool = True) -> str:
    """Commit and publish a planned rollback; return the new commit.

    A local work tree is committed to directly; a bare or remote repository is pushed to, never by force.  A
    branch that moved meanwhile, or a push that is refused, is a SourceError, and nothing has changed.
    """
    with source.asking("roll back"):
        draft = Draft(revert.branch, revert.tip, revert.tree, revert.message)
        return publish(source, draft, push=push)


def _undone(source: Source, revert: Revert, steps: int, scope: str) -> Revert:
    chosen = _chosen(source, revert.tip, steps, scope)
    tree = revert.tip
    for entry in chosen:
        try:
            tree = without(source.mirror.git, tree, entry.commit.sha, scope)
        except Conflict as conflict:
            raise _conflict(entry.commit, conflict) from conflict
    commits = tuple(entry.commit for entry in chosen)
    marks = [f"Sloop-Reverts: {commit.sha}" for commit in commits]
    return _complete(
        source, replace(revert, tree=tree, commits=commits), _title(commits), _scoped(marks, scope)
    )


def _restored(source: Source, revert: Revert, target: str, scope: str) -> Revert:
    tree = grafted(source.mirror.git, revert.tip, scope, target)
    since = history(source.mirror.git, f"{target}..{revert.tip}", scope, "--first-parent")
    there = source.commit(target)
    title = f'Roll back to "{there.subject}" ({there.short})'
    planned = replace(revert, tree=tree, commits=tuple(entry.commit for entry in since))
    return _complete(source, planned, title, _scoped([f"Sloop-Restores: {target}"], scope))


def _chosen(source: Source, tip: str, steps: int, scope: str) -> Sequence[Entry]:
    if steps < 1:
        raise SourceError(f"{steps} commits can't be rolled back\ngive --steps 1 or more")
    past = undoable(lambda sha: _past(source, sha, scope), tip, scope)
    chosen = [entry for entry in islice(past, steps) if entry.parents]
    if len(chosen) < steps:
        where = f"{source.display} under {scope}" if scope else source.display
        there_are = f"only {len(chosen)} of {steps} commits" if chosen else "nothing"
        raise SourceError(
            f"there is {there_are} to roll back in {where}\n--to REV restores any commit's state"
        )
    return chosen


def _past(source: Source, sha: str, scope: str) -> Sequence[Entry]:
    return history(source.mirror.git, sha, scope, "--first-parent") if source.mirror.has(sha) else ()


def _complete(source: Source, revert: Revert, title: str, marks: Sequence[str]) -> Revert:
    files = changed(source.mirror.git, revert.tip, revert.tree)
    if not files:
        raise SourceError(
            f"there is nothing to roll back in {source.display}: its files are as they were\ngive --to REV"
        )
    if is_empty(source.mirror.git, revert.tree, source.path):
        raise SourceError(
            f"rolling {source.display} back would leave no file\ndelete the manifests by a commit instead"
        )
    undone = [f"{commit.short} {commit.subject}" for commit in revert.commits]
    message = "\n".join([title, "", *(["This undoes:", *undone, ""] if undone else []), *marks, ""])
    return replace(revert, files=files, message=message)


def _title(commits: Sequence[Commit]) -> str:
    first = commits[0]
    return (
        f'Roll back "{first.subject}" ({first.short})'
        if len(commits) == 1
        else f"Roll back {len(commits)} commits"
    )


def _scoped(marks: Sequence[str], scope: str) -> Sequence[str]:
    return [*marks, f"Sloop-Path: {scope}"] if scope else marks


def _conflict(commit: Commit, conflict: Conflict) -> SourceError:
    return SourceError(
        f'"{commit.subject}" ({commit.short}) can\'t be undone: {conflict} changed since\n'
        "roll later commits back too (--steps), or restore a whole state (--to REV)"
    )
