"""Manifests that another program makes of what a commit holds: a kustomization, or a Helm chart.

The program runs where it can do nothing else: without network, without rights, in a directory that holds only
the commit, with little time.
"""

import io
import os
import re
import shutil
import signal
import subprocess
import tarfile
import tempfile
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Literal

from gitops.git.git_command import Git
from gitops.git.git_error import GitFailed, SourceError, printable
from gitops.git.tree import COUNT_LIMIT, TOTAL_LIMIT, manifests

Renderer = Literal["", "auto", "kustomize", "helm"]
KUSTOMIZATIONS = ("kustomization.yaml", "kustomization.yml", "Kustomization")
CHART = "Chart.yaml"
RENDERED = "rendered.yaml"  # what problems name as their file
SECONDS = 60.0  # that a program may take
MEMORY = 1024**3  # bytes of addresses; programs in Go ask for many more than they use
NOBODY = 65534
_LOGGED = re.compile(r'^(?:E\d+ .*? err="|[Ee]rror: )(.*?)"?$')  # how kubectl and others put their last words
INSTALL = {
    "kustomize": "install one of them, for example by `apt install kubernetes-client`",
    "helm": "install it (https://helm.sh/docs/intro/install) where sloop finds it",
}


def files(git: Git, sha: str, path: str, renderer: Renderer) -> Mapping[str, bytes]:
    """Return the manifests of a commit, by their names below a path; what is rendered is one of them.

    Raises SourceError where there is something to be rendered and nobody said so, and the reverse.
    """
    if renderer in {"", "auto"}:
        plain = manifests(git, sha, path)
        found = _found(plain)
        if found and not renderer:
            raise SourceError(_unsaid(plain, path, found))
        if not found:
            return plain
        renderer = found
    return {RENDERED: _rendered(git, sha, path, renderer)}


def _found(names: Collection[str]) -> Renderer:
    if CHART in names:
        return "helm"
    return "kustomize" if any(name in names for name in KUSTOMIZATIONS) else ""


def _unsaid(names: Collection[str], path: str, found: Renderer) -> str:
    file = next(name for name in (CHART, *KUSTOMIZATIONS) if name in names)
    return (
        f"{path or 'the repository'} holds a {file}, which has to be rendered\n"
        f"say `render: {found}` of this source in sloop.yaml, or name {file} in .sloopignore"
    )


def _rendered(git: Git, sha: str, path: str, renderer: Renderer) -> bytes:
    with _alone(_archive(git, sha)) as place:
        tree = place / "tree" / path
        there = [one.name for one in tree.iterdir()] if tree.is_dir() else []
        if not any(name in there for name in ((CHART,) if renderer == "helm" else KUSTOMIZATIONS)):
            what = CHART if renderer == "helm" else KUSTOMIZATIONS[0]
            raise SourceError(
                f"{path or 'the repository'} holds no {what}, though `render` says {renderer}\n"
                "point `path` at the directory that holds it"
            )
        return _run(_command(renderer, tree), place, f"{renderer} can't render {path or 'the repository'}")


def _command(renderer: Renderer, tree: Path) -> Sequence[str]:
    """Return the command line; raises SourceError where the program isn't installed."""
    match renderer, shutil.which("kustomize"), shutil.which("kubectl"), shutil.which("helm"):
        case "kustomize", str(program), _, _:
            return (program, "build", str(tree))
        case "kustomize", None, str(program), _:
            return (program, "kustomize", str(tree))
        case "helm", _, _, str(program):
            return (program, "template", _release(tree), str(tree), "--namespace", "default", "--skip-tests")
    names = "helm is not" if renderer == "helm" else "neither kustomize nor kubectl is"
    raise SourceError(f"{names} installed, which `render: {renderer}` needs\n{INSTALL[renderer]}")


def _release(tree: Path) -> str:
    """Return the name of a chart, which its release has too."""
    lines = (tree / CHART).read_text(errors="replace").splitlines()
    names = (line.removeprefix("name:").strip(" \"'") for line in lines if line.startswith("name:"))
    name = next(names, "")
    if not name.replace("-", "").isalnum() or name.startswith("-"):
        raise SourceError(f"{CHART} has no usable name\nwrite `name:` with letters, digits and dashes")
    return name


def _archive(git: Git, sha: str) -> bytes:
    """Return all files of a commit as a tar, unless they are too many or too large."""
    listed = git("ls-tree", "-r", "-l", "-z", sha).decode(errors="replace").split("\0")
    sizes = [line.split(None, 4)[3] for line in listed if line]
    total = sum(int(size) for size in sizes if size.isdecimal())
    if total > TOTAL_LIMIT or len(sizes) > COUNT_LIMIT:
        raise SourceError(
            f"the repository has {len(sizes)} files and {total >> 20} MiB: more than {COUNT_LIMIT} or "
            f"{TOTAL_LIMIT >> 20} aren't rendered\nkeep what is rendered in a repository of its own"
        )
    return git("archive", "--format=tar", sha)


@contextmanager
def _alone(archive: bytes) -> Iterator[Path]:
    """Unpack a commit where nobody else looks; links are left out, for they may lead away."""
    with tempfile.TemporaryDirectory(prefix="sloop-render-") as directory:
        place = Path(directory)
        (place / "home").mkdir()
        (place / "tree").mkdir()
        try:
            with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
                members = [one for one in tar if one.isfile() or one.isdir()]
                tar.extractall(place / "tree", members, filter="data")
        except tarfile.TarError as error:
            raise GitFailed("archive", f"fatal: the archive can't be read: {error}") from error
        if os.geteuid() == 0:
            for one in (place, *place.rglob("*")):
                os.chown(one, NOBODY, NOBODY)
        yield place


def _run(command: Sequence[str], place: Path, what: str) -> bytes:
    """Return what a program prints; raises SourceError with the last of its words where it fails."""
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as words:
        code = _code([*_confined(), *command], place, out, words)
        said = _read(words, 8192).decode(errors="replace")
        if code is None:
            raise SourceError(f"{what}: it took longer than {SECONDS:g} s\nrender less, or commit the result")
        if code:
            raise SourceError(f"{what}: {_gist(said, code, place)}\n{_way_out(said)}")
        return _read(out, TOTAL_LIMIT)


def _code(command: Sequence[str], place: Path, out: IO[bytes], words: IO[bytes]) -> int | None:
    """Run a program to its end; return its exit code, None where its time was over."""
    home = str(place / "home")
    surroundings = {"PATH": "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin", "HOME": home, "LC_ALL": "C"}
    with subprocess.Popen(
        command,
        cwd=place / "tree",
        env=surroundings,
        stdin=subprocess.DEVNULL,
        stdout=out,
        stderr=words,
        start_new_session=True,
    ) as process:
        try:
            return process.wait(SECONDS)
        except subprocess.TimeoutExpired:
            return None
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)


def _confined() -> Sequence[str]:
    """Return what a command line begins with that may do nothing but read, compute and print."""
    nobody = ("--reuid", str(NOBODY), "--regid", str(NOBODY), "--clear-groups")
    root = os.geteuid() == 0
    return (
        *("unshare", "--net", *(() if root else ("--user",)), "--"),
        *("setpriv", "--no-new-privs", *(nobody if root else ()), "--"),
        *("prlimit", f"--cpu={SECONDS:.0f}", f"--fsize={TOTAL_LIMIT}", f"--as={MEMORY}", "--"),
    )


def _read(stream: IO[bytes], limit: int) -> bytes:
    stream.seek(0)
    return stream.read(limit)


def _gist(said: str, code: int, place: Path) -> str:
    shown = printable(said).replace(f"{place}/tree/", "").replace(f"{place}/tree", ".")
    lines = [line.strip() for line in shown.splitlines() if line.strip()]
    return _LOGGED.sub(r"\1", lines[-1]) if lines else f"it ended with {code}"


def _way_out(said: str) -> str:
    if any(word in said for word in ("dial ", "lookup ", "resolve host", "git fetch", "unreachable")):
        return "it runs without network: keep what it needs in the repository"
    return "try it in a clone of the repository"
