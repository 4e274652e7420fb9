"""The files in a volume, through its place on this machine: read, written, never followed out of it."""

import os
import stat
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from runtime.engine import EngineError
from runtime.resources import File, digest_of_files

MISSING = "missing"  # stands for the digest of what can't be read


def digest_of_directory(root: str) -> str:
    """Return ``digest_of_files`` of the regular files below ``root``, or ``MISSING``."""
    try:
        return digest_of_files(tuple(_files(root, "")))
    except OSError:
        return MISSING


def read(root: str) -> tuple[File, ...]:
    """Return the regular files below ``root``; raises EngineError."""
    with _touching("read", root):
        return tuple(_files(root, ""))


def add(root: str, file: File) -> None:
    """Write one file below ``root``, replaced as a whole.  Raises EngineError."""
    with writing(root):
        _write(root, file)


def write(root: str, files: tuple[File, ...]) -> None:
    """Make the files below ``root`` exactly these, each replaced as a whole.

    Raises EngineError, of a full disk for instance.
    """
    with writing(root):
        for file in files:
            _write(root, file)
        _sweep(Path(root), {file.path for file in files})


def _files(root: str, inside: str) -> Iterator[File]:
    with os.scandir(Path(root, inside)) as entries:
        for entry in entries:
            path = f"{inside}{entry.name}"
            if entry.is_dir(follow_symlinks=False):
                yield from _files(root, f"{path}/")
            elif entry.is_file(follow_symlinks=False):
                mode = entry.stat(follow_symlinks=False).st_mode & 0o7777
                yield File(path=path, content=Path(entry.path).read_bytes(), mode=mode)
            else:
                yield File(path=path, content=b"", mode=0)  # no file of ours: a link, a pipe, a device


def _write(root: str, file: File) -> None:
    path = _target(Path(root), file.path)
    new = path.with_name(f".{os.urandom(8).hex()}")
    try:
        descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(file.content)
            os.fchmod(descriptor, file.mode)
        if path.is_dir() and not path.is_symlink():
            _remove(path)
        new.replace(path)
    except OSError:
        new.unlink(missing_ok=True)
        raise


def _target(root: Path, relative: str) -> Path:
    """Return where a file goes; what stands in the way of its directories is removed."""
    parts = Path(relative).parts
    if not parts or ".." in parts or Path(relative).is_absolute():
        raise EngineError(f"cannot write {relative!r}: it leads out of the volume")
    for part in parts[:-1]:
        root = root / part
        if root.is_symlink() or not root.is_dir():
            root.unlink(missing_ok=True)
            root.mkdir()
            root.chmod(0o755 | root.parent.stat().st_mode & stat.S_ISGID)  # whatever the umask
    return root / parts[-1]


def _sweep(root: Path, wanted: set[str]) -> None:
    """Remove files that nobody wants and the directories that they leave empty, from the leaves up."""
    for here, directories, files in os.walk(root, topdown=False):
        inside = Path(here).relative_to(root)
        for name in files:
            if str(inside / name) not in wanted:
                Path(here, name).unlink()
        for name in directories:
            path = Path(here, name)
            if path.is_symlink() or not any(path.iterdir()):
                _remove(path)


def _remove(path: Path) -> None:
    if path.is_symlink() or not path.is_dir():
        return path.unlink()
    for child in path.iterdir():
        _remove(child)
    return path.rmdir()


def writing(root: str | Path) -> AbstractContextManager[None]:
    """Turn what the disk refuses into an EngineError that names the volume."""
    return _touching("write into", root)


@contextmanager
def _touching(what: str, root: str | Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise EngineError(f"cannot {what} the volume at {root}: {error.strerror}") from error
