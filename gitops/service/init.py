"""Makes a bare repository that deploys what is pushed to it."""

import fcntl
import os
import pwd
import shlex
import socket
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

import gitops.hook
from gitops.git.git_command import Git
from gitops.git.git_error import GitFailed, SourceError, explain
from gitops.git.ref import split
from gitops.merged import usual_file
from gitops.service.first import FILES
from gitops.settings import Settings

HOOKS = {"pre-receive": "check", "post-receive": "deploy"}
MARK = "# Written by `sloop init`, which renews it: what is changed here will be lost."
SCRIPT = """\
#!/bin/sh
{mark}
python={python}
here={directory}
[ -x "$python" ] || {{
  echo "sloop: $(id -un) can't run $python: if sloop has moved, run \\`sloop init $here\\` again"
  exit 1
}}
exec "$python" -I -S {hook} {verb} {user} {state} {options}
"""
SETTINGS = {
    "receive.advertisePushOptions": "true",  # for `git push -o allow-empty`
    "core.logAllRefUpdates": "true",  # what a force-push took away can be found
}
_NOBODY = {
    f"GIT_{role}_{key}": value
    for role in ("AUTHOR", "COMMITTER")
    for key, value in (("NAME", "sloop"), ("EMAIL", "sloop@localhost"))
}


def make(settings: Settings, directory: Path, branch: str, *, template: bool) -> Mapping[str, Any]:
    """Make the repository, or renew the hooks of one that is there; return what was done.

    Nothing is changed in a directory that holds anything else, or that has hooks of somebody else's.
    """
    place = directory.expanduser().absolute()
    with _alone(place):
        return _made(settings, place, branch, template=template)


@contextmanager
def _alone(place: Path) -> Iterator[None]:
    """Wait for whoever makes something in the same directory, where one may lock that.

    It leaves no file behind.  Without a lock git says of two at once which of them was late.
    """
    with ExitStack() as stack:
        with suppress(OSError):
            place.parent.mkdir(parents=True, exist_ok=True)
            door = os.open(place.parent, os.O_RDONLY | os.O_DIRECTORY)
            stack.callback(os.close, door)
            fcntl.flock(door, fcntl.LOCK_EX)
        yield


def _made(settings: Settings, place: Path, branch: str, *, template: bool) -> Mapping[str, Any]:
    git = Git(place, variables={"GIT_DIR": str(place)})
    there = _is_there(place, git)
    try:
        if not there:
            place.mkdir(parents=True, exist_ok=True)
            git("init", "--quiet", "--bare", f"--initial-branch={split(branch)[0]}", str(place))
        for key, value in SETTINGS.items():
            git("config", key, value)
        if template and not git.attempt("rev-parse", "--verify", "--quiet", "HEAD")[1]:
            _commit(git, FILES)
        deployed = git.line("symbolic-ref", "--short", "HEAD")
    except GitFailed as failure:
        raise explain("make", str(place), failure) from failure
    except OSError as error:
        raise SourceError(f"cannot make {place}: {error.strerror}\nname another directory") from error
    _hook_up(settings, place)
    return {"directory": str(place), "branch": deployed, "made": not there, "template": template}


def told(document: Mapping[str, Any]) -> Iterator[str]:
    """Say what was done, and how one goes on."""
    place, branch = document["directory"], document["branch"]
    done = "made" if document["made"] else "renewed the hooks of"
    yield f"{done} {place}: what is pushed to its branch {branch} is deployed here"
    if document["template"]:
        yield f"deploy what it begins with:  sloop --repo {shlex.quote(place)} apply"
    yield f"from here:       git clone {shlex.quote(place)}"
    yield f"from elsewhere:  git clone {shlex.quote(f'{_login()}@{socket.gethostname()}:{place}')}"


def _is_there(place: Path, git: Git) -> bool:
    """Say whether the repository is there already; raises SourceError where something else is."""
    try:
        if not place.exists() or not any(place.iterdir()):
            return False
    except OSError as error:
        raise SourceError(f"cannot look into {place}: {error.strerror}\nname another directory") from error
    bare = git.attempt("rev-parse", "--is-bare-repository")[1].strip() == b"true"
    if not (bare and (place / "HEAD").is_file()):
        raise SourceError(
            f"{place} holds something that is no bare repository\nname a directory that isn't there yet"
        )
    foreign = [name for name in HOOKS if not _ours(place / "hooks" / name)]
    if foreign:
        raise SourceError(
            f"{place / 'hooks' / foreign[0]} is not sloop's\nmove it away, and have one of your own call it"
        )
    return True


def _ours(hook: Path) -> bool:
    return not os.path.lexists(hook) or (hook.is_file() and MARK in hook.read_text(errors="replace"))


def _hook_up(settings: Settings, place: Path) -> None:
    for name, verb in HOOKS.items():
        _write(place / "hooks" / name, _script(settings, place, verb))


def _script(settings: Settings, place: Path, verb: str) -> str:
    return SCRIPT.format(
        mark=MARK,
        python=shlex.quote(sys.executable),
        hook=shlex.quote(str(Path(gitops.hook.__file__).absolute())),
        directory=shlex.quote(str(place)),
        verb=verb,
        user=os.geteuid(),
        state=shlex.quote(str(settings.state)),
        options=shlex.join(_options(settings)),
    )


def _options(settings: Settings) -> Sequence[str]:
    """Return what was said to `sloop init`, for those that its hooks start."""
    config = None if settings.file == usual_file() else settings.file
    said = {
        "--config": config and config.absolute(),
        "--podman": settings.podman,
        "--path": settings.path,
    }
    return [word for option, value in said.items() if value for word in (option, str(value))]


def _write(file: Path, text: str) -> None:
    """Put a hook in its place, whole or not at all."""
    try:
        file.parent.mkdir(exist_ok=True)
        descriptor, name = tempfile.mkstemp(prefix=f".{file.name}.", dir=file.parent)
        with os.fdopen(descriptor, "w") as fresh:
            fresh.write(text)
            os.fchmod(fresh.fileno(), 0o755)
        Path(name).replace(file)
    except OSError as error:
        raise SourceError(f"cannot write {file}: {error.strerror}\nrun sloop as the user who may") from error


def _commit(git: Git, files: Mapping[str, str]) -> None:
    """Make the first commit of the branch, without a work tree."""
    blobs = {
        name: git.line("hash-object", "-w", "--stdin", stdin=text.encode()) for name, text in files.items()
    }
    rows = "".join(f"100644 blob {blob}\t{name}\n" for name, blob in sorted(blobs.items()))
    tree = git.line("mktree", stdin=rows.encode())
    named = Git(git.directory, git.limit, git.settings, {**git.variables, **_NOBODY})
    sha = named.line("commit-tree", tree, "-F", "-", stdin=b"Begin with a page that says hello\n")
    git("update-ref", git.line("symbolic-ref", "HEAD"), sha, "0" * 40)


def _login() -> str:
    return pwd.getpwuid(os.geteuid()).pw_name
