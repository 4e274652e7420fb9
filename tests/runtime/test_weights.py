"""What directories hold on the disk is counted as it is, however it is laid out."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from runtime import weights
from runtime.weights import weight

PAGE = 4096  # bytes


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "root").mkdir()
    return tmp_path / "root"


def empty(root: Path) -> int:
    """Return what a directory takes that has nothing in it."""
    return weight(str(root))


def fill(path: Path, pages: int) -> None:
    path.write_bytes(os.urandom(pages * PAGE))


def test_all_files_count_in_whole_blocks_at_every_depth(root: Path) -> None:
    (root / "a/b").mkdir(parents=True)
    before = empty(root)

    fill(root / "here", 3)
    fill(root / "a/b/there", 2)
    (root / "a/small").write_bytes(b"x")

    assert weight(str(root)) - before == 6 * PAGE


def test_a_file_of_two_names_counts_once_and_a_hole_not_at_all(root: Path) -> None:
    before = empty(root)

    fill(root / "one", 4)
    (root / "two").hardlink_to(root / "one")
    with (root / "sparse").open("wb") as sparse:
        sparse.truncate(2**40)

    assert weight(str(root)) - before == 4 * PAGE


def test_no_link_is_followed(root: Path) -> None:
    outside = root.parent / "outside"
    outside.mkdir()
    fill(outside / "large", 100)
    before = empty(root)

    (root / "directory").symlink_to(outside)
    (root / "file").symlink_to(outside / "large")

    assert weight(str(root)) - before < 10 * PAGE


def test_a_tree_deeper_than_any_path_is_counted_to_its_ground(root: Path) -> None:
    here = os.open(root, os.O_RDONLY)
    for _ in range(3000):
        os.mkdir("deeper", dir_fd=here)
        below = os.open("deeper", os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = below
    ground = os.open("ground", os.O_WRONLY | os.O_CREAT, dir_fd=here)
    os.write(ground, os.urandom(100 * PAGE))
    os.close(ground)
    with_it = weight(str(root))
    os.unlink("ground", dir_fd=here)
    os.close(here)
    without = weight(str(root))
    subprocess.run(["rm", "-rf", str(root)], check=True)  # Python's own removal gives up at such depths

    assert with_it - without == 100 * PAGE


def test_what_is_gone_takes_nothing(root: Path) -> None:
    assert weight(str(root / "nowhere")) == 0


def test_a_process_of_its_own_tells_the_same(root: Path) -> None:
    fill(root / "file", 5)

    words = [sys.executable, "-I", "-S", weights.__file__, str(root), str(root / "nowhere")]
    told = json.loads(subprocess.run(words, capture_output=True, check=True, cwd="/").stdout)

    assert told == [weight(str(root)), 0]
