"""Tells how much directories hold on the disk; as a process of its own, for one who isn't root.

It runs by itself, without the rest of sloop: standard library only.
"""

import json
import os
import sys
from contextlib import suppress

BLOCK = 512  # bytes that ``st_blocks`` counts by
DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW
Identity = tuple[int, int]  # of a file: its device and inode


def weight(root: str) -> int:
    """Return how many bytes all below ``root`` takes on its own file system, a file of several names once.

    However deep it is, two descriptors are enough; no link is followed, whoever writes there meanwhile.
    Where a directory is moved away under us, what was counted so far is the answer; nothing takes nothing.
    """
    try:
        place, count = _Place(root), _Count()
    except FileNotFoundError:
        return 0
    levels = [(place.identity, count.inside(place.here))]
    try:
        while levels:
            if below := levels[-1][1]:
                if place.enter(below.pop()):
                    levels.append((place.identity, count.inside(place.here)))
                continue
            levels.pop()
            if levels and not place.leave(levels[-1][0]):
                break
    finally:
        os.close(place.here)
    return count.total


class _Place:
    """The directory in which we are."""

    def __init__(self, root: str) -> None:
        self.here = os.open(root, DIRECTORY)

    @property
    def identity(self) -> Identity:
        found = os.fstat(self.here)
        return found.st_dev, found.st_ino

    def enter(self, name: str) -> bool:
        """Go into a directory; not where it is gone, has become a link, or is another file system."""
        device = self.identity[0]
        with suppress(OSError):
            self._go(name)
            if self.identity[0] == device:
                return True
            self._go("..")
        return False

    def leave(self, above: Identity) -> bool:
        """Go up, and say whether that is where we came from."""
        self._go("..")
        return self.identity == above

    def _go(self, name: str) -> None:
        there = os.open(name, DIRECTORY, dir_fd=self.here)
        os.close(self.here)
        self.here = there


class _Count:
    """What was found so far."""

    def __init__(self) -> None:
        self.total = 0
        self._known: set[Identity] = set()

    def inside(self, directory: int) -> list[str]:
        """Count what is in a directory, and return the names of the directories there."""
        with os.scandir(directory) as entries:
            return [entry.name for entry in entries if self._counted(entry)]

    def _counted(self, entry: "os.DirEntry[str]") -> bool:
        """Count an entry, and say whether it is a directory; one that is gone by now counts for nothing."""
        with suppress(FileNotFoundError):
            found = entry.stat(follow_symlinks=False)
            if found.st_nlink == 1 or self._is_new((found.st_dev, found.st_ino)):
                self.total += found.st_blocks * BLOCK
            return entry.is_dir(follow_symlinks=False)
        return False

    def _is_new(self, file: Identity) -> bool:
        known = file in self._known
        self._known.add(file)
        return not known


if __name__ == "__main__":
    json.dump([weight(directory) for directory in sys.argv[1:]], sys.stdout)
