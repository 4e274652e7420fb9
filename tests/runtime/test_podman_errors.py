"""Podman's refusals, as a person reads them."""

import pytest

from runtime.engine import EngineError, EngineUnreachable, Gone, ImageMissing, NameTaken
from runtime.podman_errors import CUT_OFF, Refusal, asking_podman_to, plain, unless_gone, unless_said

ID = "cf41a375e575" + "0" * 52


@pytest.mark.parametrize(
    ("said", "read"),
    [
        (
            f'creating container storage: the container name "shop.web" is already in use by {ID}. You have'
            " to remove that container to be able to reuse that name: that name is already in use",
            "the container name 'shop.web' is already in use by cf41a375e575",
        ),
        (
            'runc: runc create failed: unable to start container process: exec: "/no":'
            " stat /no: no such file",
            "exec: '/no': stat /no: no such file",
        ),
        (
            "initializing source docker://nope:1: pinging container registry registry-1.docker.io: Get"
            ' "https://registry-1.docker.io/v2/": dial tcp: lookup registry-1.docker.io: no such host',
            "dial tcp: lookup registry-1.docker.io: no such host",
        ),
        (
            f"renaming container {ID}: updating container config table with new configuration for container"
            f" {ID}: UNIQUE constraint failed: ContainerConfig.Name",
            "renaming container cf41a375e575: the name is already in use",
        ),
        ("statfs /nope:\n no such file\n", "statfs /nope: no such file"),
        ("no such volume: no such volume", "no such volume"),
    ],
)
def test_a_reason_is_one_line_without_wrapping(said: str, read: str) -> None:
    assert plain(said) == read


def test_a_file_of_podmans_own_that_is_cut_off_is_told_with_the_way_out() -> None:
    told = Refusal(500, CUT_OFF, f"creating secret login: {CUT_OFF}").reason

    assert told.startswith(f"creating secret login: {CUT_OFF}: a file of Podman's own was cut off")
    assert Refusal(500, "", "no such volume").reason == "no such volume"


@pytest.mark.parametrize(
    ("status", "cause", "kind"),
    [
        (500, "that name is already in use", NameTaken),
        (409, "network already exists", NameTaken),
        (500, "secret name in use", NameTaken),
        (500, "UNIQUE constraint failed: ContainerConfig.Name", NameTaken),
        (404, "image not known", ImageMissing),
        (404, "no such container", Gone),
        (409, "network is being used", EngineError),
        (500, "address already in use", EngineError),
    ],
)
def test_a_refusal_becomes_the_error_of_its_sort(status: int, cause: str, kind: type[EngineError]) -> None:
    with (
        pytest.raises(EngineError, match=f"^cannot make it: {cause}$") as raised,
        asking_podman_to("make it"),
    ):
        raise Refusal(status, cause, cause)

    assert raised.type is kind


@pytest.mark.parametrize(
    ("error", "read"),
    [
        (TimeoutError(), "cannot look: Podman doesn't answer in time"),
        (ConnectionResetError(104, "Connection reset by peer"), "Connection reset by peer"),
    ],
)
def test_a_broken_connection_is_an_engine_out_of_reach(error: OSError, read: str) -> None:
    with pytest.raises(EngineUnreachable, match=read), asking_podman_to("look"):
        raise error


def test_what_is_gone_may_be_removed_and_nothing_else() -> None:
    with unless_gone():
        raise Refusal(404, "no such volume", "no such volume")
    with pytest.raises(Refusal), unless_gone():
        raise Refusal(409, "volume is being used", "volume is being used")


def test_what_is_so_already_may_be_asked_for_and_nothing_else() -> None:
    with unless_said("already connected"):
        raise Refusal(500, "", "web is already connected to shop")
    with pytest.raises(Refusal), unless_said("already connected"):
        raise Refusal(500, "", "no such network")
