"""File systems that tests put in the way: a small one, and one that can't be written to."""

import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path


@contextmanager
def small(directory: Path, kilobytes: int) -> Iterator[Callable[[], None]]:
    """Let a directory have so much room, and lend what fills the rest of it."""
    directory.mkdir(parents=True, exist_ok=True)
    with _mounted("-t", "tmpfs", "-o", f"size={kilobytes}k", "tmpfs", str(directory)):
        yield lambda: _fill(directory / "filler")


@contextmanager
def read_only(directory: Path) -> Iterator[None]:
    """Make a directory one to which not even root can write."""
    with _mounted("--bind", str(directory), str(directory)):
        _run("mount", "-o", "remount,bind,ro", str(directory))
        yield


@contextmanager
def _mounted(*arguments: str) -> Iterator[None]:
    _run("mount", *arguments)
    try:
        yield
    finally:
        _run("umount", "--lazy", arguments[-1])


def _fill(file: Path) -> None:
    with suppress(OSError), file.open("wb", buffering=0) as filler:
        while filler.write(b"0" * 4096):
            pass


def _run(*command: str) -> None:
    subprocess.run(command, check=True, capture_output=True)
