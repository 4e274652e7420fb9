"""A source: one address, ref and path, read commit by commit and never from a work tree."""

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from gitops.git import ref as refs
from gitops.git.address import NO_ACCESS, Access, digest, parse, sub_path
from gitops.git.git_command import Git
from gitops.git.git_error import GitFailed, SourceError, explain
from gitops.git.log import Commit, history
from gitops.git.mirror import Mirror
from gitops.git.signatures import Signers, unsigned
from gitops.git.versions import newest, within
from runtime.dataclass import dataclass

if TYPE_CHECKING:
    from gitops.git.foreign import Renderer

__all__ = ["Commit", "Source", "SourceError", "at_directory"]

T = TypeVar("T")
RANGE = "semver:"  # what a ref begins with that means the highest version of a range
_PIN = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*(/[A-Za-z0-9_][A-Za-z0-9_.-]*)*")


@dataclass(frozen=True, slots=True)
class Special:
    """The address and path that a source had at first, and is known by; and what makes its manifests."""

    known_by: tuple[str, str] | None = None
    render: "Renderer" = ""


ORDINARY = Special()


class Source:
    """One address, ref and path, with a bare mirror under the state directory.

    ``timeout`` is in seconds, for each thing git is asked; ``access`` is how to get in, ``signers`` whose
    signatures count, None where none is needed; ``special`` is what few sources have.  Making a source
    touches nothing; an address, ref or path that can't be right is a SourceError at once.
    """

    def __init__(
        self,
        url: str,
        *,
        ref: str | None = None,
        path: str = "",
        state: Path,
        timeout: float = 60.0,
        access: Access = NO_ACCESS,
        signers: Signers | None = None,
        special: Special = ORDINARY,
    ) -> None:
        self.address = replace(parse(url), access=access)
        self.signers = signers
        self.render = special.render
        self.ref = ref
        self.path = sub_path(path)
        first, beneath = special.known_by or (url, path)
        self.id = digest(parse(first).identity, sub_path(beneath))
        self.display = self.address.url
        self.range = (ref or "").removeprefix(RANGE) if (ref or "").startswith(RANGE) else None
        _check(ref or "HEAD", self.range)
        self._had = ""  # the commit that was found in the mirror last
        self.mirror = Mirror(state.resolve() / "mirrors" / self.address.digest, self.address, timeout)

    def resolve(self, name: str | None = None) -> str:
        """Return the commit that the source's ref points to now, fetched if it is new.

        With a name: that of another branch, tag or (abbreviated) commit; ``~2`` or ``^`` may stand behind it.
        """
        base, steps = refs.split(self._spelled(name))
        with self.asking("read"):
            found = self._find(base)
            self._have(found)
            sha = self.mirror.find(found.sha + steps) if steps else found.sha
        if sha is None:
            raise SourceError(
                f"{name or self.ref} goes back beyond the first commit of {self.display}\ngive a later one"
            )
        return sha

    def branch(self) -> str:
        """Return the branch that new commits of this source go to; an error if its ref is none."""
        base, steps = refs.split(self._own())
        with self.asking("read"):
            name = self._head() if base == "HEAD" else self._find(base).name
        if steps or not name or not name.startswith("refs/heads/"):
            what = f"{self.ref or 'HEAD'} of {self.display} is no branch"
            raise SourceError(f"{what}, so there is nothing to commit to\nname a branch with --ref")
        return name.removeprefix("refs/heads/")

    def files(self, sha: str) -> Mapping[str, bytes]:
        """Return the manifests of a commit, by their names relative to the source's path (decision 12)."""
        from gitops.git.foreign import files  # imports GitPython, which takes 0.1 s

        return self._reading(lambda: files(self.mirror.git, sha, self.path, self.render), sha)

    def commit(self, sha: str) -> Commit:
        """Return who committed what, when."""
        return self._reading(lambda: history(self.mirror.git, sha, None, "-1"), sha)[0].commit

    def unsigned(self, sha: str) -> str:
        """Say why a commit's signature doesn't count, "" where it does, or none is needed."""
        signers = self.signers
        return self._reading(lambda: unsigned(self.mirror.git, sha, signers), sha) if signers else ""

    def last_touched(self, old: str | None, new: str, paths: Collection[str]) -> Mapping[str, Commit]:
        """Return for each path the newest commit after ``old``, up to ``new``, that touched it.

        Without ``old``, or when the mirror doesn't know it: in all the history of ``new``.
        """
        wanted = {f"{self.path}/{path}" if self.path else path: path for path in paths}
        span = f"{old}..{new}" if old and self.mirror.has(old) else new
        log = self._reading(lambda: history(self.mirror.git, span, self.path, "-c", "--name-only"), new)
        return {
            wanted[file]: entry.commit for entry in reversed(log) for file in entry.files if file in wanted
        }

    def is_ancestor(self, a: str, b: str) -> bool:
        """Tell whether ``b`` contains ``a``; False for a commit that nobody knows."""
        asked = ("merge-base", "--is-ancestor", a, b)
        return self.mirror.directory.is_dir() and self.mirror.git.attempt(*asked)[0] == 0

    def pin(self, name: str, sha: str) -> None:
        """Keep a commit in the mirror under a name, whatever happens to the branch it was on."""
        if not self.mirror.has(sha):
            raise SourceError(f"the commit {sha} is not in the mirror of {self.display}\nresolve it first")
        with self.asking("keep a commit of"), self.mirror.writing():
            self.mirror.git("update-ref", self._pin(name), sha)

    def unpin(self, name: str) -> None:
        """Let go of the commit that was kept under a name."""
        if name in self.pinned():
            with self.asking("let go of a commit of"), self.mirror.writing():
                self.mirror.git("update-ref", "-d", self._pin(name))

    def pinned(self) -> Mapping[str, str]:
        """Return the kept commits by their names."""
        with self.asking("read"):
            return self.mirror.refs(f"refs/sloop/{self.id}")

    @property
    def here(self) -> Git | None:
        """Return git for the repository itself, if it is on this machine."""
        local = self.address.local
        if local is None:
            return None
        return Git(local, self.mirror.limit, variables={"GIT_CEILING_DIRECTORIES": str(local.parent)})

    def _spelled(self, name: str | None) -> str:
        """Put the source's own ref in the place of HEAD: ``HEAD~2`` is two before what is deployed."""
        base, steps = refs.split(name or "HEAD")
        own = self._own() if base == "HEAD" else ""
        return own + steps if base == "HEAD" else base + steps

    def _own(self) -> str:
        """Return the source's own ref; of a range of versions the tag of the highest one that is there."""
        if self.range is None:
            return self.ref or "HEAD"
        with self.asking("read"):
            tags = refs.tags_here(self.here) if self.here else refs.tags_there(self._there(), self.address)
        found = newest(tags, self.range)
        if found is None:
            raise SourceError(
                f"{self.display} has no tag of a version in {self.range}\npush one, such as v1.2.3"
            )
        return f"refs/tags/{found}"

    def _find(self, name: str) -> refs.Ref:
        if refs.FULL.fullmatch(name) and self.mirror.has(name):
            return refs.Ref(name, None)
        found = (
            refs.find_here(self.here, name)
            if self.here
            else refs.find_there(self._there(), self.address, name)
        )
        if not found and refs.HEX.fullmatch(name):
            found = self._find_commit(name)
        if not found:
            raise refs.unknown(name, self.display, self._branches())
        return found

    def _find_commit(self, name: str) -> refs.Ref | None:
        """Find a commit by its name, in what was fetched, then in the branches, then on its own."""
        sha = self.mirror.find(name)
        if sha is None:
            self.mirror.fetch()
            sha = self.mirror.find(name)
        if sha is None and refs.FULL.fullmatch(name):
            with suppress(GitFailed):  # nobody has it, or it is not given away
                self.mirror.fetch(f"+{name}:refs/fetched/{name}")
            sha = self.mirror.find(name)
        return refs.Ref(sha, None) if sha else None

    def _have(self, found: refs.Ref) -> None:
        if not self.mirror.has(found.sha):
            self._fetch(found)
        self._had = found.sha

    def _fetch(self, found: refs.Ref) -> None:
        if self.here:
            self.here("rev-parse", "--git-dir")  # git refuses here if its owner isn't trusted
        tag = found.name if found.name and found.name.startswith("refs/tags/") else None
        self.mirror.fetch(*([f"+{tag}:{tag}"] if tag else []))
        if not self.mirror.has(found.sha):  # a detached HEAD, or a ref that is neither branch nor tag
            self.mirror.fetch(f"+{found.sha}:refs/fetched/{found.sha}")

    def _head(self) -> str | None:
        if self.here:
            return self.here.attempt("symbolic-ref", "--quiet", "HEAD")[1].decode().strip() or None
        return self._find("HEAD").name

    def _branches(self) -> tuple[str, ...]:
        return (
            refs.branches_here(self.here) if self.here else refs.branches_there(self._there(), self.address)
        )

    def _there(self) -> Git:
        settings, variables = refs.login(self.address)
        return Git(Path("/"), self.mirror.limit, settings, variables)

    def _pin(self, name: str) -> str:
        if not _PIN.fullmatch(name) or ".." in name or name.endswith((".lock", ".")):
            raise SourceError(
                f"{name!r} can't be the name of a kept commit\nuse letters, digits, dots and dashes"
            )
        return f"refs/sloop/{self.id}/{name}"

    def _reading(self, read: Callable[[], T], sha: str) -> T:
        """Read what belongs to a commit, fetched if need be, from a mirror made anew if it can't be read."""
        with self.asking("read"):
            if sha != self._had or not self.mirror.directory.is_dir():
                self._have(refs.Ref(sha, None))
            try:
                return read()
            except GitFailed:
                self.mirror.renew()
                self._have(refs.Ref(sha, None))
                return read()

    @contextmanager
    def asking(self, doing: str) -> Iterator[None]:
        """Turn what git says into a SourceError that says what was being done, and where."""
        try:
            yield
        except GitFailed as failure:
            raise self._inside_another(failure) or explain(doing, self.display, failure) from failure

    def _inside_another(self, failure: GitFailed) -> SourceError | None:
        local = self.address.local
        if local is None or "ot a git repository" not in failure.words:
            return None
        with suppress(SourceError):
            top = at_directory(local)
            way_out = f"give --repo {top} --path {local.relative_to(top)}"
            return SourceError(f"{local} is a directory inside the repository {top}\n{way_out}")
        return None


def _check(ref: str, wanted: str | None) -> None:
    """Refuse a ref that can't be one."""
    if wanted is None:
        refs.split(ref)
        return
    try:
        within(wanted)
    except ValueError as error:
        raise SourceError(f"{ref!r} can't be used: {error}") from error


def at_directory(directory: Path) -> Path:
    """Return the top of the work tree around a directory, or the bare repository that it is in."""
    git = Git(directory)
    try:
        bare = git.line("rev-parse", "--is-bare-repository") == "true"
        return Path(git.line("rev-parse", "--absolute-git-dir" if bare else "--show-toplevel"))
    except GitFailed as failure:
        if "ot a git repository" not in failure.words:
            raise explain("read", str(directory), failure) from failure
        raise SourceError(
            f"{directory} is in no git repository\nname one with --repo PATH or --repo URL"
        ) from failure
