"""Offline: every problem of manifests in files and directories, in a repository or not; and of sloop.yaml."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from gitops.configuration import parsed
from gitops.settings import SettingsError
from schemas.load import load
from schemas.problems import Problem

SUFFIXES = frozenset({".yaml", ".yml", ".json"})


def check(paths: Sequence[Path], *, strict: bool = False, ignored: Collection[str] = ()) -> Mapping[str, Any]:
    """Return all problems and notices of the manifests under some paths."""
    files = {str(file): file.read_bytes() for path in paths for file in _manifests(path)}
    loaded = load(files, strict=strict, ignored=ignored)
    return {
        "files": len(files),
        "objects": len(loaded.manifests),
        "problems": [_document(problem) for problem in loaded.problems],
        "notices": [_document(notice) for notice in loaded.notices],
    }


def check_configuration(file: Path) -> Mapping[str, Any]:
    """Return all problems of a configuration, and the names of its sources."""
    try:
        value, problems = parsed(file, file.read_bytes())
    except OSError as error:
        raise SettingsError(f"cannot read {file}: {error.strerror}") from error
    return {
        "file": str(file),
        "problems": [_document(problem) for problem in problems],
        "sources": [one["name"] for one in value.get("sources", ())],
    }


def _manifests(path: Path) -> Iterator[Path]:
    """Yield a file, or the manifests of a directory; what is hidden is left out (decision 12)."""
    if path.is_file():
        yield path
    elif path.is_dir():
        below = (file for file in sorted(path.rglob("*")) if file.suffix in SUFFIXES and file.is_file())
        yield from (file for file in below if not _hidden(file.relative_to(path)))
    else:
        raise SettingsError(f"{path}: no such file or directory")


def _hidden(path: Path) -> bool:
    return any(part.startswith(".") for part in path.parts)


def _document(problem: Problem) -> Mapping[str, Any]:
    return {
        "file": problem.file,
        "line": problem.line,
        "column": problem.column,
        "field": problem.field,
        "message": problem.message,
        "text": str(problem),
    }
