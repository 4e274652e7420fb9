"""What a commit holds: its manifests, read by GitPython out of a mirror."""

import os
import posixpath
from collections.abc import Iterator, Mapping
from configparser import Error as ConfigError
from contextlib import contextmanager
from itertools import islice

import git as gitpython
from git.exc import GitError, ODBError
from git.objects import Blob, Commit, Submodule, Tree

from gitops.git.git_command import Git, environment
from gitops.git.git_error import GitFailed, SourceError
from gitops.git.ignore import Pattern, ignored, parse

IGNORE_FILE = ".sloopignore"
MANIFESTS = (".yaml", ".yml", ".json")
FILE_LIMIT = 1024 * 1024
TOTAL_LIMIT = 64 * 1024 * 1024
COUNT_LIMIT = 10_000
ENTRY_LIMIT = 50_000  # a tree of trees can name more files than the machine has memory for
LINK_LIMIT = 40
_WAY_OUT = f"remove it, or name it in {IGNORE_FILE}"

Item = Blob | Submodule
Items = Mapping[str, Item]


def manifests(mirror: Git, sha: str, path: str) -> Mapping[str, bytes]:
    """Return the manifests under a path of a commit, by their names relative to it (decision 12).

    Hidden paths and what ``.sloopignore`` names are left out.  A submodule, a link that leaves the path, a
    file above 1 MiB, more than 10,000 files or 64 MiB are a SourceError.
    """
    with _objects(mirror) as repository:
        top = _top(repository.commit(sha), path)
        wanted = _selected(_items(top, path), _patterns(top))
        _check_amount(wanted)
        return {name: blob.data_stream.read() for name, blob in wanted.items()}


@contextmanager
def _objects(mirror: Git) -> Iterator[gitpython.Repo]:
    _forget_the_callers_repository()
    try:
        with gitpython.Repo(mirror.directory, expand_vars=False) as repository:
            ours = {"GIT_DIR": str(mirror.directory)}  # whoever owns it
            repository.git.update_environment(**{**ours, **mirror.variables})
            yield repository
    except (GitError, ODBError, ConfigError, ValueError, IndexError, OSError) as error:
        raise GitFailed("cat-file", f"fatal: the mirror can't be read: {error}") from error


def _forget_the_callers_repository() -> None:
    """Let go, for good, of variables that a hook's git gave this process: GitPython would follow them."""
    for name in os.environ.keys() - environment().keys():
        del os.environ[name]


def _top(commit: Commit, path: str) -> Tree:
    try:
        top = commit.tree / path if path else commit.tree
    except KeyError:
        top = None
    if not isinstance(top, Tree):
        folders = ", ".join(sorted(str(tree.name) for tree in commit.tree.trees)[:8]) or "none"
        raise SourceError(
            f"commit {commit.hexsha[:7]} has no directory {path}\ngive --path one of: {folders}"
        )
    return top


def _items(top: Tree, path: str) -> Items:
    listed = list(islice(_walk(top), ENTRY_LIMIT + 1))
    if len(listed) > ENTRY_LIMIT:
        where = path or "the repository"
        raise SourceError(f"{where} holds more than {ENTRY_LIMIT} paths\npoint --path at the manifests")
    skip = len(path) + 1 if path else 0
    return {str(item.path)[skip:]: item for item in listed if not isinstance(item, Tree)}


def _walk(top: Tree) -> Iterator[Item | Tree]:
    """Yield all that isn't hidden, the deepest first: a queue of all trees could fill the memory."""
    waiting: list[Tree] = [top]
    while waiting:
        for item in waiting.pop():
            if not posixpath.basename(str(item.path)).startswith("."):
                yield item
                waiting.extend([item] if isinstance(item, Tree) else [])


def _patterns(top: Tree) -> tuple[Pattern, ...]:
    blob = next((blob for blob in top.blobs if blob.name == IGNORE_FILE), None)
    if blob is None:
        return ()
    _check_size(IGNORE_FILE, blob)
    return parse(blob.data_stream.read().decode(errors="replace"))


def _selected(items: Items, patterns: tuple[Pattern, ...]) -> Mapping[str, Blob]:
    """Return the files to read; a bad link is an error wherever it isn't left out."""
    targets = {name: _target(name, items) for name in items if not ignored(name, patterns)}
    found = {name: blob for name, blob in sorted(targets.items()) if blob and name.endswith(MANIFESTS)}
    for name in found:
        if not name.isprintable():
            raise SourceError(f"the file name {name!r} can't be shown\nrename it")
    return found


def _target(name: str, items: Items) -> Blob | None:
    """Return the file behind a name; None for a link to a directory, whose files have names of their own."""
    at = name
    for _ in range(LINK_LIMIT):
        match items.get(at):
            case Submodule():
                raise SourceError(f"{at} is a submodule, and sloop reads none\n{_WAY_OUT}")
            case Blob() as blob if blob.mode == Blob.link_mode:
                at = _followed(at, blob)
            case Blob() as blob:
                return blob
            case _ if not name.endswith(MANIFESTS):
                return None
            case _:
                raise SourceError(f"the link {name} points to {at}, where no file is read\n{_WAY_OUT}")
    raise SourceError(f"the link {name} points to itself\n{_WAY_OUT}")


def _followed(name: str, link: Blob) -> str:
    _check_size(name, link)
    target = link.data_stream.read().decode(errors="surrogateescape")
    at = posixpath.normpath(posixpath.join(posixpath.dirname(name), target))
    if at == ".." or at.startswith(("../", "/")):
        raise SourceError(f"the link {name} points out of the path that is read\n{_WAY_OUT}")
    return at


def _check_amount(wanted: Mapping[str, Blob]) -> None:
    if len(wanted) > COUNT_LIMIT:
        raise SourceError(
            f"there are {len(wanted)} manifests, more than {COUNT_LIMIT}\npoint --path at fewer of them"
        )
    for name, blob in wanted.items():
        _check_size(name, blob)
    total = sum(blob.size for blob in wanted.values())
    if total > TOTAL_LIMIT:
        raise SourceError(
            f"the manifests have {total >> 20} MiB, more than {TOTAL_LIMIT >> 20}\npoint --path at fewer"
        )


def _check_size(name: str, blob: Blob) -> None:
    if blob.size > FILE_LIMIT:
        raise SourceError(f"{name} has {blob.size} bytes, more than {FILE_LIMIT}\n{_WAY_OUT}")
