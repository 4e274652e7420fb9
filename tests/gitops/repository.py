"""A real git repository for a test, told in a few words."""

import os
import subprocess
from pathlib import Path

_SETTINGS = ("-c", "init.defaultBranch=main", "-c", "commit.gpgSign=false")
_SELF = {
    "GIT_AUTHOR_NAME": "Ada",
    "GIT_AUTHOR_EMAIL": "ada@example.org",
    "GIT_COMMITTER_NAME": "Ada",
    "GIT_COMMITTER_EMAIL": "ada@example.org",
}


class Repository:
    """A work tree (or a bare repository) at a directory."""

    def __init__(self, directory: Path, *, bare: bool = False) -> None:
        self.directory = directory
        directory.mkdir(parents=True, exist_ok=True)
        self.git("init", "--quiet", *(["--bare"] if bare else []))

    def git(self, *arguments: str, stdin: str = "") -> str:
        inherited = {k: v for k, v in os.environ.items() if not k.startswith("GIT_")}
        command = ["git", *_SETTINGS, *arguments]
        done = subprocess.run(
            command,
            cwd=self.directory,
            env=inherited | _SELF,
            input=stdin,
            text=True,
            capture_output=True,
            check=True,
        )
        return done.stdout.rstrip("\n")

    def commit(self, subject: str, files: dict[str, str | None] | None = None) -> str:
        """Write these files (None removes one), commit all, return the commit."""
        for name, content in (files or {}).items():
            path = self.directory / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.unlink(missing_ok=True)
            if content is not None:
                path.write_text(content)
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "-m", subject)
        return self.head()

    def head(self, ref: str = "HEAD") -> str:
        return self.git("rev-parse", ref)

    def read(self, name: str, ref: str = "HEAD") -> str:
        return self.git("show", f"{ref}:{name}")

    def clone(self, directory: Path, *options: str) -> "Repository":
        self.git("clone", "--quiet", *options, str(self.directory), str(directory))
        return Repository(directory, bare="--bare" in options)
