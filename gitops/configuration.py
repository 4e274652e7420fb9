"""Reads the configuration file; the result is kept beside the locks, so that an idle pass parses no YAML."""

import hashlib
import json
import os
import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gitops import VERSION
from gitops.settings import NotificationSettings, Settings, SettingsError, SourceSettings
from runtime.lock import lock_directory

if TYPE_CHECKING:
    from schemas.problems import Problem

_LOGIN = re.compile(rb"://[^/@\s]*:[^/@\s]*@")  # such a file is not kept anywhere else
KINDS = (Settings, SourceSettings, NotificationSettings)
KEYS = [one.name for kind in KINDS for one in fields(kind)]


def written(file: Path, *, must_be_there: bool) -> Mapping[str, Any]:
    """Return what a configuration says; raises SettingsError with every problem there is."""
    content = _content(file, must_be_there=must_be_there)
    if content is None:
        return {}
    place, mark = kept_at(file), _mark(file, content)
    known = _kept(place, mark)
    if known is not None:
        return known
    value, problems = parsed(file, content)
    if problems:
        raise SettingsError("\n".join(str(problem) for problem in problems))
    if not _LOGIN.search(content):
        _keep(place, mark, value)
    return value


def parsed(file: Path, content: bytes) -> "tuple[Mapping[str, Any], Sequence[Problem]]":
    """Return what a configuration says, and all that is wrong with it."""
    from schemas.configuration import read

    found = read(str(file), content)
    return found.value, found.problems


def kept_at(file: Path) -> Path:
    """Return where what a file says is kept, for the next process."""
    return lock_directory() / f"configuration-{hashlib.sha256(os.fsencode(file.absolute())).hexdigest()[:12]}"


def _content(file: Path, *, must_be_there: bool) -> bytes | None:
    try:
        return file.read_bytes()
    except (FileNotFoundError, NotADirectoryError) as error:
        if must_be_there:
            raise SettingsError(f"cannot read {file}: {error.strerror}") from error
        return None
    except OSError as error:
        raise SettingsError(f"cannot read {file}: {error.strerror}") from error


def _mark(file: Path, content: bytes) -> str:
    known = json.dumps([VERSION, KEYS, str(file)]).encode()
    return hashlib.sha256(known + b"\n" + content).hexdigest()


def _kept(place: Path, mark: str) -> Mapping[str, Any] | None:
    """Return what was kept of the same content; a file that others could have written is not believed."""
    with suppress(OSError, ValueError):
        descriptor = os.open(place, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
        with os.fdopen(descriptor) as kept:
            found = os.fstat(kept.fileno())
            data = json.load(kept) if found.st_uid == os.geteuid() and not found.st_mode & 0o022 else {}
            if isinstance(data, dict) and data.get("mark") == mark:
                return dict(data["value"])
    return None


def _keep(place: Path, mark: str, value: Mapping[str, Any]) -> None:
    """Keep it for the next process; where that can't be, it is parsed again."""
    fresh = place.with_name(f"{place.name}.{os.getpid()}")
    with suppress(OSError):
        place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
        with os.fdopen(descriptor, "w") as kept:
            json.dump({"mark": mark, "value": value}, kept)
        fresh.replace(place)
