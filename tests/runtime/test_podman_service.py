"""Where Podman is looked for, and how the user is told that it isn't there."""

import os
import socket
from pathlib import Path

import pytest

from runtime.engine import EngineUnreachable
from runtime.podman_service import Address, address_of, connect


@pytest.fixture
def run(tmp_path: Path) -> dict[str, str]:
    """Return the environment of a user whose run directory has nothing in it."""
    return {"XDG_RUNTIME_DIR": str(tmp_path)}


@pytest.mark.parametrize(
    "url", ["unix:///run/x.sock", "http+unix:///run/x.sock", "http+unix://%2Frun%2Fx.sock"]
)
def test_a_given_socket_is_taken_as_it_is(url: str, run: dict[str, str]) -> None:
    assert address_of(url, run, 1000) == Address("/run/x.sock")


def test_container_host_counts_as_given(run: dict[str, str]) -> None:
    environ = {**run, "CONTAINER_HOST": "unix:///run/theirs.sock"}

    assert address_of(None, environ, 1000) == Address("/run/theirs.sock")
    assert address_of("unix:///run/x.sock", environ, 1000) == Address("/run/x.sock")


@pytest.mark.parametrize("url", ["tcp://far:8080", "ssh://root:secret@far/run/podman.sock", "https://far"])
def test_another_machine_is_refused_with_the_reason(url: str, run: dict[str, str]) -> None:
    with pytest.raises(EngineUnreachable, match=r"://far: sloop must run on the same machine") as raised:
        address_of(url, run, 1000)
    assert "secret" not in str(raised.value)


@pytest.mark.parametrize("url", ["podman.sock", "/run/podman.sock", "unix://", "file:///run/x"])
def test_an_address_that_is_none_is_refused_with_an_example(url: str, run: dict[str, str]) -> None:
    with pytest.raises(EngineUnreachable, match=r"give unix:///path/to/podman\.sock"):
        address_of(url, run, 1000)


def test_the_usual_socket_is_used_where_somebody_answers(run: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "podman").mkdir()
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "podman/podman.sock"))
        listener.listen()

        assert address_of(None, run, 1000) == Address(f"{tmp_path}/podman/podman.sock")


def test_a_socket_left_behind_is_not_taken_for_a_podman(run: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "podman").mkdir()
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "podman/podman.sock"))

    assert address_of(None, run, 1000) == Address(f"{tmp_path}/sloop/podman.sock", private=True)


def test_another_configuration_of_podman_has_another_service(run: dict[str, str]) -> None:
    one = address_of(None, {**run, "CONTAINERS_CONF": "/one"}, 1000)
    other = address_of(None, {**run, "CONTAINERS_CONF": "/other"}, 1000)

    assert len({one, other, address_of(None, run, 1000)}) == 3
    assert one == address_of(None, {**run, "CONTAINERS_CONF": "/one"}, 1000)


@pytest.mark.parametrize("left_behind", [True, False])
def test_a_given_socket_without_podman_says_how_to_start_it(tmp_path: Path, left_behind: bool) -> None:
    path = tmp_path / "podman.sock"
    if left_behind:
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(str(path))

    with pytest.raises(EngineUnreachable, match=f"nobody answers at unix://{path} .*podman system service"):
        connect(Address(str(path)), 1)


def test_where_podman_is_not_installed_the_user_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(EngineUnreachable, match="it isn't installed; install the package `podman`"):
        connect(Address(str(tmp_path / "sloop/podman.sock"), private=True), 1)


def test_a_podman_that_does_not_start_says_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    broken = tmp_path / "podman"
    broken.write_text("#!/bin/sh\necho Error: the storage is broken >&2\nexit 125\n")
    broken.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")

    with pytest.raises(EngineUnreachable, match="cannot start Podman: Error: the storage is broken"):
        connect(Address(str(tmp_path / "sloop/podman.sock"), private=True), 1)


def test_a_place_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "sloop").touch()

    with pytest.raises(EngineUnreachable, match=f"cannot (start|reach) Podman at (unix://)?{tmp_path}"):
        connect(Address(str(tmp_path / "sloop/podman.sock"), private=True), 1)
