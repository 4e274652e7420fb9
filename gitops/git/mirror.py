"""A bare copy of a source's repository under the state directory: everything else reads from here."""

import fcntl
import re
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from gitops.git.address import Address
from gitops.git.git_command import Git
from gitops.git.git_error import GitFailed, SourceError
from gitops.git.ref import commits, login
from runtime.dataclass import dataclass

_BRANCHES = "+refs/heads/*:refs/heads/*"
_OPTIONS = ("--quiet", "--prune", "--no-tags", "--update-shallow", "--no-write-fetch-head", "--no-auto-gc")
_BROKEN = re.compile(
    r"bad object|corrupt|bad (pack|signature|sha1)|missing (blob|tree|commit)|not a git repository: "
    r"|unable to read|did not send all necessary objects|not a valid object|cannot be accessed"
    r"|Could not read [0-9a-f]{40}|invalid sha1 pointer|does not match index|inflate"
)


@dataclass(frozen=True, slots=True)
class Mirror:
    """The copy of one repository, shared by all sources that read it.

    Its directory appears complete or not at all; a lock keeps writers apart; one that is broken is made anew.
    """

    directory: Path
    address: Address
    limit: float

    @property
    def git(self) -> Git:
        """Return git for this copy."""
        return self._git(self.directory)

    def has(self, sha: str) -> bool:
        """Tell whether a commit, and so all that belongs to it, is here."""
        return self.find(sha) is not None

    def find(self, revision: str) -> str | None:
        """Return the commit that a revision means in this copy, or None."""
        if not self.directory.is_dir():
            return None
        with suppress(GitFailed):
            return commits(self.git, (revision,)).get(revision)
        return None

    def fetch(self, *wanted: str) -> None:
        """Take over what is new: all branches, and these refspecs; make the copy anew if it is broken."""
        with self.writing():
            if not self.directory.is_dir():
                return self._make(wanted)
            try:
                self._fetch(self.directory, wanted)
            except GitFailed as failure:
                if not (_BROKEN.search(failure.words) or self._is_unreadable()):
                    raise
                self._make(wanted)
            return self._tidy()

    def renew(self, *wanted: str) -> None:
        """Make the copy anew; the old one stays until the new one is complete."""
        with self.writing():
            self._make(wanted)

    def refs(self, under: str) -> Mapping[str, str]:
        """Return the copy's own refs below a name, by the rest of their names."""
        if not self.directory.is_dir():
            return {}
        lines = self.git.line("for-each-ref", "--format=%(refname) %(objectname)", under).splitlines()
        return {name.removeprefix(f"{under}/"): sha for name, sha in (line.split(" ") for line in lines)}

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Hold this copy's lock; the system lets go of it when a process dies."""
        try:
            self.directory.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            with self.directory.with_suffix(".lock").open("w") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX)
                yield
        except OSError as error:
            what = f"the state directory {self.directory.parent.parent} can't be written: {error.strerror}"
            raise SourceError(f"{what}\nmake room there, or name another with --state") from error

    def _make(self, wanted: tuple[str, ...]) -> None:
        for left_over in self.directory.parent.glob(f".{self.directory.name}.*"):
            shutil.rmtree(left_over)
        fresh = Path(tempfile.mkdtemp(prefix=f".{self.directory.name}.", dir=self.directory.parent))
        try:
            self._git(fresh)("init", "--quiet", "--bare", "--template=", str(fresh))
            self._fetch(fresh, wanted)
            self._keep_pins(fresh)
            self._replace_by(fresh)
        finally:
            shutil.rmtree(fresh, ignore_errors=True)

    def _fetch(self, into: Path, wanted: tuple[str, ...]) -> None:
        # git has judged a local repository's owner for the caller already.  upload-pack judges again, by the
        # name of .git inside, for which nobody thinks of adding a safe.directory.
        trusting = ["--upload-pack=git -c 'safe.directory=*' upload-pack"] if self.address.local else []
        self._git(into)("fetch", *_OPTIONS, *trusting, self.address.url, _BRANCHES, *wanted)

    def _keep_pins(self, fresh: Path) -> None:
        """Carry over what a force-push removed upstream, as far as a broken copy still gives it."""
        with suppress(GitFailed):
            for name in self.refs("refs/sloop"):
                with suppress(GitFailed):
                    ref = f"refs/sloop/{name}"
                    self._git(fresh)("fetch", "--quiet", "--no-tags", str(self.directory), f"+{ref}:{ref}")

    def _replace_by(self, fresh: Path) -> None:
        with tempfile.TemporaryDirectory(
            prefix=f".{self.directory.name}.", dir=self.directory.parent
        ) as aside:
            if self.directory.exists():
                self.directory.rename(Path(aside, "old"))
            fresh.rename(self.directory)

    def _is_unreadable(self) -> bool:
        return self.git.attempt("rev-parse", "--git-dir")[0] != 0

    def _tidy(self) -> None:
        with suppress(GitFailed, SourceError):  # it only saves space, and tries again next time
            self.git("gc", "--auto", "--quiet")

    def _git(self, directory: Path) -> Git:
        settings, variables = login(self.address)
        return Git(directory, self.limit, settings, {"GIT_DIR": str(directory), **variables})
