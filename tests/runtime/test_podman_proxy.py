"""A proxy's configuration in its volume."""

from pathlib import Path

import pytest

from runtime.engine import EngineError
from runtime.podman_proxy import configure, home_of
from runtime.proxies import CURRENT, MAIN
from runtime.resources import Configuration, File


class Away:
    """A Podman that has gone."""

    def get(self, path: str) -> object:
        raise ConnectionRefusedError(111, f"nobody tells of {path}")


def configuration() -> Configuration:
    return Configuration("shop.web__service", {}, (File(MAIN, b"global\n"),))


def test_a_podman_that_goes_away_meanwhile_is_no_disk_that_refuses(tmp_path: Path) -> None:
    with pytest.raises(ConnectionRefusedError):
        configure(Away(), configuration(), {"Mountpoint": str(tmp_path)})  # type: ignore[arg-type]

    assert not (home_of({"Mountpoint": str(tmp_path)}) / CURRENT).exists()


def test_a_disk_that_refuses_is_told_with_the_volume(tmp_path: Path) -> None:
    nowhere = tmp_path / "nowhere"

    with pytest.raises(EngineError, match=f"cannot write into the volume at {nowhere}.*: No such file"):
        configure(Away(), configuration(), {"Mountpoint": str(nowhere)})  # type: ignore[arg-type]
