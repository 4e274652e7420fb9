"""Commits as git's log tells them: who, when, what was touched, and what a rollback says it undid."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime

from gitops.git.git_command import Git
from gitops.git.git_error import printable
from runtime.dataclass import dataclass

_FORMAT = "--format=%x01%H%x1f%an%x1f%ae%x1f%aI%x1f%P%x1f%s%x1f%B%x00"
_UNDONE = re.compile(r"^(?:Sloop-Reverts: |This reverts commit )([0-9a-f]{40,64})\b", re.MULTILINE)
_RESTORED = re.compile(r"^Sloop-Restores: ([0-9a-f]{40,64})$", re.MULTILINE)
_SCOPE = re.compile(r"^Sloop-Path: (.+)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Commit:
    """Who committed what, when."""

    sha: str
    author: str
    email: str
    date: datetime
    subject: str

    @property
    def short(self) -> str:
        """Return the first seven digits, as people write them."""
        return self.sha[:7]


@dataclass(frozen=True, slots=True)
class Entry:
    """A commit in a history; ``files`` are the ones it touched, where they were asked for."""

    commit: Commit
    parents: tuple[str, ...]
    message: str
    files: tuple[str, ...] = ()

    @property
    def reverts(self) -> tuple[str, ...]:
        """Return the commits that this one undid: by a rollback of sloop, or by ``git revert``."""
        return tuple(_UNDONE.findall(self.message))

    @property
    def restores(self) -> str | None:
        """Return the commit whose state this one brought back."""
        found = _RESTORED.search(self.message)
        return found[1] if found else None

    @property
    def scope(self) -> str:
        """Return the path that a rollback was confined to; the empty one is everything."""
        found = _SCOPE.search(self.message)
        return found[1] if found else ""


def history(git: Git, span: str, path: str | None, *options: str) -> tuple[Entry, ...]:
    """Return the commits of a span (``new`` or ``old..new``) that touch a path, the newest first.

    The empty path is the whole tree, which an empty commit doesn't touch; None takes every commit.
    """
    asked = (
        "log",
        "-z",
        "--no-color",
        "--no-notes",
        "--no-renames",
        _FORMAT,
        *options,
        "--end-of-options",
        span,
        "--",
    )
    out = git(*asked, *([f":(top,literal){path}"] if path is not None else []))
    return tuple(_entries(out.decode(errors="surrogateescape")))


def _entries(log: str) -> Iterator[Entry]:
    for text in re.split(r"(?:^|(?<=\0))\x01(?=[0-9a-f]{40})", log)[1:]:
        head, *names = text.split("\0")
        sha, author, email, date, parents, subject, message = head.split("\x1f", 6)
        commit = Commit(sha, _shown(author), _shown(email), _date(date), _shown(subject))
        files = tuple(name.removeprefix("\n") for name in names if name.strip("\n"))
        yield Entry(commit, tuple(parents.split()), message, files)


def _date(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text)
    except ValueError:  # a commit may claim the year 10000, or a time zone of 99 hours
        return datetime.fromtimestamp(0, UTC)


def _shown(text: str) -> str:
    return printable(text.encode(errors="surrogateescape").decode(errors="replace"))
