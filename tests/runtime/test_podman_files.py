"""Files in a directory that stands for a volume."""

import os
from pathlib import Path

import pytest

from runtime.engine import EngineError
from runtime.podman_files import MISSING, digest_of_directory, write
from runtime.resources import File, digest_of_files

FILES = (File("a/b/c", b"deep"), File("top", b"\0high", 0o600), File("empty", b""))


def test_what_was_written_is_what_is_read(tmp_path: Path) -> None:
    write(str(tmp_path), FILES)

    assert digest_of_directory(str(tmp_path)) == digest_of_files(FILES)


def test_modes_do_not_depend_on_the_umask(tmp_path: Path) -> None:
    before = os.umask(0o077)
    try:
        write(str(tmp_path), FILES)
    finally:
        os.umask(before)

    assert digest_of_directory(str(tmp_path)) == digest_of_files(FILES)
    assert (tmp_path / "a").stat().st_mode & 0o777 == 0o755


def test_nothing_else_stays(tmp_path: Path) -> None:
    write(str(tmp_path), (File("a/old", b""), File("gone/far/away", b""), File("top/was/a/directory", b"")))
    (tmp_path / "a" / "b").write_bytes(b"was a file")

    write(str(tmp_path), FILES)

    assert digest_of_directory(str(tmp_path)) == digest_of_files(FILES)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a", "empty", "top"]


@pytest.mark.parametrize("place", ["a", "a/b", "top"])
def test_a_link_is_replaced_and_not_followed(tmp_path: Path, place: str) -> None:
    outside, volume = tmp_path / "outside", tmp_path / "volume"
    outside.mkdir()
    (outside / "c").write_bytes(b"theirs")
    (volume / place).parent.mkdir(parents=True)
    (volume / place).symlink_to(outside)

    write(str(volume), FILES)

    assert digest_of_directory(str(volume)) == digest_of_files(FILES)
    assert [(path.name, path.read_bytes()) for path in outside.iterdir()] == [("c", b"theirs")]


@pytest.mark.parametrize("path", ["../x", "/x", "a/../../x", ""])
def test_a_file_that_leads_out_is_refused(tmp_path: Path, path: str) -> None:
    with pytest.raises(EngineError, match="leads out of the volume"):
        write(str(tmp_path), (File(path, b""),))


@pytest.mark.parametrize(
    "meddle",
    [
        lambda root: (root / "top").write_bytes(b"low"),
        lambda root: (root / "top").chmod(0o644),
        lambda root: (root / "top").unlink(),
        lambda root: (root / "a" / "new").write_bytes(b""),
        lambda root: (root / "link").symlink_to("top"),
        lambda root: os.mkfifo(root / "pipe"),
    ],
    ids=["content", "mode", "removed", "added", "link", "pipe"],
)
def test_any_meddling_changes_the_digest(tmp_path: Path, meddle: object) -> None:
    write(str(tmp_path), FILES)
    meddle(tmp_path)  # type: ignore[operator]

    assert digest_of_directory(str(tmp_path)) not in {digest_of_files(FILES), MISSING}


def test_a_directory_that_is_not_there_is_missing(tmp_path: Path) -> None:
    assert digest_of_directory(str(tmp_path / "none")) == MISSING


def test_a_place_that_cannot_be_written_to_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")

    with pytest.raises(EngineError, match=f"cannot write into the volume at {tmp_path}/file: "):
        write(str(tmp_path / "file"), FILES)
