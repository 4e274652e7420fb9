"""Where mounts come from on this machine."""

import os
import socket
from pathlib import Path

import pytest

from runtime.engine import EngineError
from runtime.podman_places import binds, host_path, path_inside
from runtime.resources import Label, Mount


def test_only_host_paths_and_parts_of_volumes_are_bound(tmp_path: Path) -> None:
    (tmp_path / "part").mkdir()
    part, host = Mount("/b", volume="v", sub_path="part"), Mount("/c", host="/etc")
    mounts = (Mount("/a", volume="v"), part, host, Mount("/d", tmpfs=0))

    bound = binds(mounts, {"v": {"Mountpoint": str(tmp_path), "Labels": {}}})

    assert bound == {part: str(tmp_path / "part"), host: "/etc"}


def test_a_missing_part_is_made_in_a_claim_and_an_error_among_files(tmp_path: Path) -> None:
    mounts = (Mount("/a", volume="v", sub_path="new/part"),)
    volume = {"Mountpoint": str(tmp_path), "Labels": {Label.KIND: "files"}}

    with pytest.raises(EngineError, match="the volume has no such file"):
        binds(mounts, {"v": volume})
    binds(mounts, {"v": {**volume, "Labels": {Label.KIND: "claim"}}})
    assert (tmp_path / "new/part").is_dir()
    assert (tmp_path / "new/part").stat().st_mode & 0o777 == 0o777


@pytest.mark.parametrize("sub_path", ["..", "a/../..", "link/x", "/etc"])
def test_nothing_outside_of_a_volume_is_reached(tmp_path: Path, sub_path: str) -> None:
    (tmp_path / "link").symlink_to("/etc")

    with pytest.raises(EngineError, match="leads out of the volume"):
        path_inside(str(tmp_path), sub_path, create=True)


@pytest.mark.parametrize(
    ("kind", "mode"), [("", 0o755), ("DirectoryOrCreate", 0o755), ("FileOrCreate", 0o644)]
)
def test_what_may_be_made_is_made_once(tmp_path: Path, kind: str, mode: int) -> None:
    path = tmp_path / "parent" / "child"

    before = os.umask(0o077)
    try:
        made = [host_path(str(path), kind), host_path(str(path), kind)]
    finally:
        os.umask(before)

    assert made == [str(path)] * 2
    assert path.stat().st_mode & 0o777 == mode


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("Directory", "directory"),
        ("File", "file"),
        ("Socket", "socket"),
        ("CharDevice", "null"),
        ("", "none"),
    ],
)
def test_what_is_there_is_taken(tmp_path: Path, kind: str, name: str) -> None:
    (tmp_path / "directory").mkdir()
    (tmp_path / "file").touch()
    (tmp_path / "null").symlink_to("/dev/null")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "socket"))

        assert host_path(str(tmp_path / name), kind) == str(tmp_path / name)


@pytest.mark.parametrize("kind", ["Directory", "DirectoryOrCreate", "Socket", "CharDevice", "BlockDevice"])
def test_what_is_something_else_is_refused(tmp_path: Path, kind: str) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(EngineError, match=f"cannot mount the host path .*hostPath type {kind}"):
        host_path(str(tmp_path / "file"), kind)
