"""Where a repository is: an address as the user gave it, as people may see it, and as sloop recognises it."""

import hashlib
import re
from dataclasses import field
from pathlib import Path
from urllib.parse import SplitResult, unquote, urlsplit

from gitops.git.git_error import SourceError, without_credentials
from runtime.dataclass import dataclass

_PORTS = {"http": 80, "https": 443, "ssh": 22}
_SCP = re.compile(r"(?P<login>[^/:]*@)?(?P<host>\[[^\]/]+\]|[^/:]+):(?P<path>.*)")


@dataclass(frozen=True, slots=True)
class Access:
    """How to get in, from files: a key and the known hosts of ssh, or a user and the file of the password."""

    key: Path | None = None
    known_hosts: Path | None = None
    user: str = field(default="", repr=False)  # a token may stand in its place
    password_file: Path | None = None


NO_ACCESS = Access()


@dataclass(frozen=True, slots=True)
class Address:
    """One repository.

    ``url`` is what git is given: it holds no password.  ``identity`` is equal for all spellings of one place.
    ``local`` is the directory, for a repository on this machine.
    """

    url: str
    identity: str
    local: Path | None = None
    user: str = field(default="", repr=False)  # a token may stand in its place
    password: str = field(default="", repr=False)
    access: Access = NO_ACCESS

    @property
    def digest(self) -> str:
        """Return a short name that is stable for this repository."""
        return digest(self.identity)


def digest(*parts: str) -> str:
    """Return 12 hexadecimal digits that stand for these words."""
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:12]


def parse(url: str) -> Address:
    """Read an address: a path, ``file://``, ``https://``, ``http://``, ``ssh://`` or ``user@host:path``.

    The identity has no password, no default port, no ``.git`` or slash at the end; that of a local repository
    is the real path.  The user of ssh belongs to it: ``a@host:x`` and ``b@host:x`` are two repositories.
    """
    if not url or url.startswith("-") or not url.isprintable():
        shown = without_credentials(repr(url))
        raise SourceError(f"{shown} is no address of a repository\ngive a path, https:// or ssh://")
    if program := re.match(r"[\w+-]+::", url):
        raise SourceError(f"an address {program[0]}… would run a program\ngive a path, https:// or ssh://")
    if "://" in url:
        return _from_url(url)
    if match := _SCP.fullmatch(url):
        return _from_url(
            f"ssh://{match['login'] or ''}{match['host']}/{match['path'].removeprefix('/')}", url
        )
    return _at(Path(url))


def sub_path(path: str) -> str:
    """Return a path inside a repository in its one spelling; the empty one is the whole repository."""
    parts = [part for part in path.split("/") if part not in ("", ".")]
    if ".." in parts or not path.isprintable() or path.startswith("/"):
        raise SourceError(
            f"the path {path!r} is not inside the repository\ngive it from the repository's top"
        )
    return "/".join(parts)


def _from_url(url: str, given: str | None = None) -> Address:
    try:
        parts, port = urlsplit(url), urlsplit(url).port
    except ValueError as error:
        raise SourceError(f"an address can't be read: {error}\ngive a path, https:// or ssh://") from error
    scheme = parts.scheme.lower()
    match scheme:
        case "file" if parts.netloc in ("", "localhost"):
            return _at(Path(unquote(parts.path)))
        case "http" | "https" if parts.hostname:
            return _http(parts, port)
        case "ssh" if parts.hostname and not parts.hostname.startswith("-"):
            return _ssh(parts, port, given)
    raise SourceError(
        f"sloop does not read {scheme}:// from {parts.hostname or 'nowhere'}\ngive https:// or ssh://"
    )


def _at(directory: Path) -> Address:
    real = directory.expanduser().resolve()
    top = real.parent if real.name == ".git" else real
    return Address(url=str(top), identity=str(top), local=top)


def _http(parts: SplitResult, port: int | None) -> Address:
    place = _place(parts, port)
    return Address(
        url=f"{place}{parts.path}",
        identity=f"{place}{_plain(parts.path)}",
        user=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
    )


def _ssh(parts: SplitResult, port: int | None, given: str | None) -> Address:
    login = f"{unquote(parts.username)}@" if parts.username else ""
    if login.startswith("-"):
        raise SourceError(
            "the user in an ssh:// address starts with a dash\ncheck the address given with --repo"
        )
    place = _place(parts, port).replace("://", f"://{login}")
    path = _plain(parts.path.replace("/~/", "/", 1))
    return Address(url=given or f"{place}{parts.path}", identity=f"{place}{path}")


def _place(parts: SplitResult, port: int | None) -> str:
    scheme, host = parts.scheme.lower(), parts.hostname or ""
    shown = f"[{host}]" if ":" in host else host
    return f"{scheme}://{shown}" + (f":{port}" if port and port != _PORTS[scheme] else "")


def _plain(path: str) -> str:
    slashes = re.sub(r"/+", "/", unquote(path)).rstrip("/")
    return slashes.removesuffix(".git").rstrip("/")
