"""Rollback: the last commit, or more, taken back by a new commit on the source's branch."""

from collections.abc import Iterator, Mapping
from typing import Any

from gitops.git.revert import Revert, carry_out, plan_revert
from gitops.git.source import Source
from gitops.settings import Settings
from gitops.sources import source_of
from runtime.dataclass import dataclass


@dataclass(frozen=True, slots=True)
class Rollback:
    """A rollback that has been planned and not yet carried out."""

    source: Source
    revert: Revert

    @property
    def document(self) -> Mapping[str, Any]:
        """What it takes back, as plain data."""
        return {
            "branch": self.revert.branch,
            "from": self.revert.tip,
            "reverts": [
                {"revision": one.sha, "author": one.author, "subject": one.subject}
                for one in self.revert.commits
            ],
            "files": list(self.revert.files),
            "message": self.revert.message,
        }

    def publish(self, *, push: bool) -> str:
        """Commit it to the source's branch, and push where that is needed; return the new commit."""
        return carry_out(self.source, self.revert, push=push)


def plan_rollback(settings: Settings, *, to: str | None, steps: int, path: str | None) -> Rollback:
    """Return what would be taken back; looks only (decision 11)."""
    source = source_of(settings)
    return Rollback(source, plan_revert(source, steps=steps, to=to, path=path))


def told(document: Mapping[str, Any]) -> Iterator[str]:
    """Yield which commits are taken back, and which files that changes."""
    for one in document["reverts"]:
        yield f"takes back {one['revision'][:7]} {one['author']}: {one['subject']}"
    yield f"on branch {document['branch']}, in {', '.join(document['files'])}"
