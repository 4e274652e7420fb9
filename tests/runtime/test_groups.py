"""Directories are given to a group with all that is below them, and nothing else is touched."""

import os
from pathlib import Path

import pytest

from runtime.groups import give

MINE = os.getegid()


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "root/deep").mkdir(parents=True)
    (tmp_path / "root").chmod(0o700)
    (tmp_path / "root/deep/file").touch(0o600)
    (tmp_path / "outside").touch(0o600)
    (tmp_path / "root/link").symlink_to(tmp_path / "outside")
    (tmp_path / "root/away").symlink_to(tmp_path)
    os.mkfifo(tmp_path / "root/pipe", 0o600)
    return tmp_path / "root"


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o7777


def test_the_group_may_read_and_write_all_and_what_comes_later_is_its_own(root: Path) -> None:
    give(str(root), MINE, always=True)

    assert (mode(root), mode(root / "deep"), mode(root / "deep/file")) == (0o2770, 0o2775, 0o660)


def test_no_link_is_followed(root: Path) -> None:
    give(str(root), MINE, always=True)

    assert mode(root.parent / "outside") == 0o600
    assert mode(root.parent) & 0o2000 == 0


def test_a_root_that_is_the_groups_is_enough_unless_all_is_asked_for(root: Path) -> None:
    give(str(root), MINE, always=False)
    (root / "deep/file").chmod(0o600)
    give(str(root), MINE, always=False)
    left = mode(root / "deep/file")
    give(str(root), MINE, always=True)

    assert (left, mode(root / "deep/file")) == (0o600, 0o660)
