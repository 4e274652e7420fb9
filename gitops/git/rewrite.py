"""Trees made out of trees, in a bare repository: no work tree, no filter, no hook takes part."""

import tempfile
from dataclasses import replace
from pathlib import Path

from gitops.git.git_command import Git
from gitops.git.git_error import GitFailed

_NOBODY = {  # of commits that only tell git which tree is the base of a merge: the same ones each time
    f"GIT_{role}_{key}": value
    for role in ("AUTHOR", "COMMITTER")
    for key, value in (("NAME", "sloop"), ("EMAIL", "sloop@localhost"), ("DATE", "1700000000 +0000"))
}


class Conflict(Exception):
    """Two changes of the same lines; ``files`` are where."""

    def __init__(self, files: tuple[str, ...]) -> None:
        self.files = files
        super().__init__(", ".join(files))


def grafted(git: Git, tree: str, path: str, donor: str) -> str:
    """Return a tree that is ``tree``, but ``donor`` under the path."""
    if not path:
        return git.line("rev-parse", "--verify", f"{donor}^{{tree}}")
    with tempfile.TemporaryDirectory(prefix="sloop-") as directory:
        index = replace(git, variables={**git.variables, "GIT_INDEX_FILE": str(Path(directory, "index"))})
        index("read-tree", tree)
        index(
            "update-index",
            "-z",
            "--index-info",
            stdin=_removal(_listed(git, tree, path)) + _listed(git, donor, path),
        )
        return index.line("write-tree")


def without(git: Git, tree: str, commit: str, path: str) -> str:
    """Return a tree that is ``tree``, less what a commit changed under the path against its first parent.

    Raises Conflict where something later changed the same lines.
    """
    before = grafted(git, commit, path, f"{commit}^1")
    quiet = replace(git, variables={**git.variables, **_NOBODY})
    base = quiet.line("commit-tree", f"{commit}^{{tree}}", "-m", "base")
    sides = [
        quiet.line("commit-tree", f"{side}^{{tree}}", "-p", base, "-m", "side") for side in (tree, before)
    ]
    merge = ("merge-tree", "--write-tree", "-z", "--name-only", "--no-messages")
    code, out, words = quiet.attempt(*merge, *sides)
    result, *files = out.decode(errors="replace").rstrip("\0").split("\0")
    match code:
        case 0:
            return result
        case 1 if files:
            raise Conflict(tuple(files))
    raise GitFailed("merge-tree", words)


def changed(git: Git, old: str, new: str) -> tuple[str, ...]:
    """Return the files that differ between two trees."""
    out = git("diff-tree", "-r", "-z", "--name-only", "--no-renames", old, new)
    return tuple(name for name in out.decode(errors="replace").split("\0") if name)


def is_empty(git: Git, tree: str, path: str) -> bool:
    """Tell whether a tree has no file under a path."""
    return not _listed(git, tree, path)


def _listed(git: Git, tree: str, path: str) -> bytes:
    return git("ls-tree", "-r", "-z", "--full-tree", tree, *([path] if path else []))


def _removal(listed: bytes) -> bytes:
    names = (line.partition(b"\t")[2] for line in listed.split(b"\0") if line)
    return b"".join(b"0 " + b"0" * 40 + b"\t" + name + b"\0" for name in names)
