"""Gives directories to a group, as Kubernetes' fsGroup does; as a process of its own, for one who isn't root.

It runs by itself, without the rest of sloop: standard library only.
"""

import os
import stat
import sys
from contextlib import suppress
from pathlib import Path

FILE = 0o660
DIRECTORY = 0o2770  # what is made in it later is the group's too


def give(root: str, group: int, *, always: bool) -> None:
    """Let a group read and write all below ``root``; raises OSError.

    No link is followed, whoever writes there meanwhile.  ``root`` itself comes last: where it is the
    group's, all else is, and nothing is done unless ``always`` is asked for.
    Source: Kubernetes' pkg/volume/volume_linux.go.
    """
    if not always and _is_given(root, group):
        return
    for _, directories, files, here in os.fwalk(root, topdown=False, onerror=_raise):
        for name in [*directories, *files]:
            with suppress(FileNotFoundError):  # whoever uses it has removed it meanwhile
                _give_one(name, here, group)
        _give_directory(here, group)


def _is_given(root: str, group: int) -> bool:
    found = Path(root).stat()
    return found.st_gid == group and found.st_mode & DIRECTORY == DIRECTORY


def _give_one(name: str, here: int, group: int) -> None:
    """Give what is no directory; those have been given already, but links to some have not."""
    mode = os.stat(name, dir_fd=here, follow_symlinks=False).st_mode
    if stat.S_ISDIR(mode):
        return
    os.chown(name, -1, group, dir_fd=here, follow_symlinks=False)
    if stat.S_ISREG(mode):
        descriptor = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=here)
        try:
            os.fchmod(descriptor, stat.S_IMODE(mode) | FILE)
        finally:
            os.close(descriptor)


def _give_directory(here: int, group: int) -> None:
    os.fchown(here, -1, group)
    os.fchmod(here, stat.S_IMODE(os.fstat(here).st_mode) | DIRECTORY)


def _raise(error: OSError) -> None:
    raise error


if __name__ == "__main__":
    given, how, *roots = sys.argv[1:]
    try:
        for one in roots:
            give(one, int(given), always=how == "always")
    except OSError as failed:
        sys.exit(f"{failed.filename or 'a file'}: {failed.strerror}")
