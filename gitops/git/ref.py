"""What a branch, a tag or a commit's name points to now, in a repository here or far away."""

import difflib
import re
import shlex
from collections.abc import Mapping
from pathlib import Path

from gitops.git.address import Access, Address
from gitops.git.git_command import Git
from gitops.git.git_error import SourceError
from runtime.dataclass import dataclass

HEX = re.compile(r"[0-9a-f]{4,64}")
FULL = re.compile(r"[0-9a-f]{40}")
_REVISION = re.compile(r"(?P<base>[^~^]+)(?P<steps>(?:[~^]\d*)*)")
_NO_NAME = re.compile(r"^[-/.]|[\x00-\x20\x7f~^:?*\[\\]|\.\.|@\{|//|[/.]$|\.lock$")

_ANSWER = """!f() { printf "username=%s\\npassword=%s\\n" "$SLOOP_GIT_USER" "$SLOOP_GIT_PASSWORD"; }; f"""


@dataclass(frozen=True, slots=True)
class Ref:
    """A name, found: its commit, and its full spelling (refs/heads/main), which a commit has not."""

    sha: str
    name: str | None


def split(revision: str) -> tuple[str, str]:
    """Split ``main~2`` into the name and the steps behind it; refuse what can't be either."""
    match = _REVISION.fullmatch(revision)
    if not match or _NO_NAME.search(match["base"]):
        raise SourceError(
            f"{revision!r} is no name of a branch, tag or commit\ngive one, such as main or v1.2"
        )
    return match["base"], match["steps"]


def candidates(name: str) -> tuple[str, ...]:
    """Return the full names that a short one may mean, in the order of preference."""
    if name == "HEAD" or name.startswith("refs/"):
        return (name,)
    return (f"refs/heads/{name}", f"refs/tags/{name}")


def commits(git: Git, names: tuple[str, ...]) -> Mapping[str, str]:
    """Return, in one call, the commits that these names point to; without those that point to none."""
    lines = git.line("cat-file", "--batch-check", stdin="".join(f"{n}^{{commit}}\n" for n in names).encode())
    answers = (line.split(" ") for line in lines.splitlines())
    return {
        name: answer[0] for name, answer in zip(names, answers, strict=False) if answer[1:2] == ["commit"]
    }


def find_here(git: Git, name: str) -> Ref | None:
    """Look a name up in a repository on this machine."""
    asked = (*candidates(name), *([name] if HEX.fullmatch(name) else []))
    found = commits(git, asked)
    return next((Ref(found[n], None if HEX.fullmatch(n) else n) for n in asked if n in found), None)


def find_there(git: Git, address: Address, name: str) -> Ref | None:
    """Look a branch or a tag up in a repository elsewhere; HEAD has the name of the branch it stands for."""
    asked = candidates(name)
    tags = (f"{full}^{{}}" for full in asked)
    lines = git.line("ls-remote", "--symref", address.url, *asked, *tags).splitlines()
    heads = {
        full: target.removeprefix("ref: ") for target, full in _pairs(lines) if target.startswith("ref: ")
    }
    found = {full: sha for sha, full in _pairs(lines) if not sha.startswith("ref: ")}
    return next(
        (
            Ref(found.get(f"{full}^{{}}", found[full]), heads.get(full, full))
            for full in asked
            if full in found
        ),
        None,
    )


def branches_here(git: Git) -> tuple[str, ...]:
    """Return the branches of a repository on this machine."""
    return tuple(git.line("for-each-ref", "--format=%(refname:lstrip=2)", "refs/heads").split())


def branches_there(git: Git, address: Address) -> tuple[str, ...]:
    """Return the branches of a repository elsewhere."""
    lines = git.line("ls-remote", "--heads", address.url).splitlines()
    return tuple(full.removeprefix("refs/heads/") for _, full in _pairs(lines))


def tags_here(git: Git) -> tuple[str, ...]:
    """Return the tags of a repository on this machine."""
    return tuple(git.line("for-each-ref", "--format=%(refname:lstrip=2)", "refs/tags").split())


def tags_there(git: Git, address: Address) -> tuple[str, ...]:
    """Return the tags of a repository elsewhere."""
    lines = git.line("ls-remote", "--tags", "--refs", address.url).splitlines()
    return tuple(full.removeprefix("refs/tags/") for _, full in _pairs(lines))


def unknown(name: str, where: str, branches: tuple[str, ...]) -> SourceError:
    """Say that nobody knows a name, and which one may have been meant."""
    if not branches:
        return SourceError(f"the repository {where} has no commit yet\ncommit your manifests there first")
    near = difflib.get_close_matches(name, branches, n=1)
    there_are = f"did you mean {near[0]}?" if near else f"its branches are: {', '.join(sorted(branches)[:8])}"
    what = "has no branch that HEAD stands for" if name == "HEAD" else f"has no branch, tag or commit {name}"
    return SourceError(f"the repository {where} {what}\n{there_are}")


def login(address: Address) -> tuple[tuple[str, ...], Mapping[str, str]]:
    """Return git's settings and environment that show a password to the host it is for, and to nobody else.

    On a command line or in a configuration file others could read it.
    """
    variables = _ssh(address.access)
    user = address.access.user or address.user
    password = _password(address.access.password_file) or address.password
    if not (user or password):
        return (), variables
    host = "/".join(address.url.split("/")[:3])
    variables |= {"SLOOP_GIT_USER": user, "SLOOP_GIT_PASSWORD": password}
    return (f"credential.{host}.helper=", f"credential.{host}.helper={_ANSWER}"), variables


def _ssh(access: Access) -> dict[str, str]:
    """Return what makes ssh use this key and no other, and trust these hosts and no others."""
    options = ["-o", "BatchMode=yes", "-o", "StrictHostKeyChecking=yes"]
    if access.key:
        options += ["-i", str(access.key), "-o", "IdentitiesOnly=yes", "-o", "IdentityAgent=none"]
    if access.known_hosts:
        options += ["-o", f"UserKnownHostsFile={access.known_hosts}", "-o", "GlobalKnownHostsFile=/dev/null"]
    wanted = access.key or access.known_hosts
    return {"GIT_SSH_COMMAND": shlex.join(["ssh", *options])} if wanted else {}


def _password(file: Path | None) -> str:
    if file is None:
        return ""
    try:
        return file.read_text().rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        why = getattr(error, "strerror", None) or "it is not UTF-8"
        raise SourceError(
            f"the password in {file} can't be read: {why}\nmend `login` in sloop.yaml"
        ) from error


def _pairs(lines: list[str]) -> list[tuple[str, str]]:
    return [(first, second) for first, _, second in (line.partition("\t") for line in lines) if second]
