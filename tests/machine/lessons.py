"""Makes the demo's GitOps repository: the sample, and a history made for teaching."""

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

SAMPLE = Path(__file__).parents[2] / "sample-repo"
AUTHOR = ("-c", "user.name=Sloop Demo", "-c", "user.email=demo@sloop.invalid")


@dataclass(frozen=True, slots=True)
class Edit:
    """One text in one file, replaced by another."""

    file: str
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class Lesson:
    """A commit of the demo's history."""

    subject: str
    edits: tuple[Edit, ...]


TITLE = "The harbour shop, now with three pods"
GOOD = Lesson(
    "Greet visitors with a new title, from a third pod",
    (
        Edit("deploy/shop/web.yaml", "title: The harbour shop\n", f"title: {TITLE}\n"),
        Edit("deploy/shop/web.yaml", "replicas: 2\n", "replicas: 3\n"),
    ),
)
BAD = Lesson(
    "Move the web front to Caddy 9",
    (Edit("deploy/shop/web.yaml", "image: localhost/sample/caddy:1\n", "image: localhost/sample/caddy:9\n"),),
)


def begin(repository: Path) -> None:
    """Make a repository whose first commit is the sample as it is."""
    shutil.copytree(SAMPLE, repository)
    git(repository, "init", "--quiet", "--initial-branch=main")
    commit(repository, "Open the shop")


def teach(repository: Path, lesson: Lesson) -> None:
    """Add a commit to the history."""
    for edit in lesson.edits:
        change(repository, edit)
    commit(repository, lesson.subject)


def change(repository: Path, edit: Edit) -> None:
    """Replace a text that stands in its file exactly once."""
    file = repository / edit.file
    before, after = file.read_text().split(edit.old)
    file.write_text(before + edit.new + after)


def commit(repository: Path, subject: str) -> None:
    git(repository, "add", "--all")
    git(repository, *AUTHOR, "commit", "--quiet", "--message", subject)


def git(repository: Path, *arguments: str) -> None:
    """Run git there, whatever repository or hook we are called from."""
    plain = ("-c", "core.hooksPath=/dev/null", "-c", "commit.gpgSign=false")
    subprocess.run(["git", "-C", str(repository), *plain, *arguments], check=True, stdin=subprocess.DEVNULL)
