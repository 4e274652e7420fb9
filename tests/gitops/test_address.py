"""An address has one identity, and shows its password to nobody."""

from pathlib import Path

import pytest

from gitops.git.address import parse, sub_path
from gitops.git.git_error import SourceError


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("https://example.org/o/r", "https://example.org/o/r.git"),
        ("https://example.org/o/r", "https://example.org/o/r/"),
        ("https://example.org/o/r", "https://example.org/o/r.git/"),
        ("https://example.org/o/r", "https://example.org:443/o/r"),
        ("http://example.org/o/r", "http://example.org:80/o/r"),
        ("https://example.org/o/r", "HTTPS://Example.ORG/o/r"),
        ("https://example.org/o/r", "https://user:secret@example.org/o/r"),
        ("https://example.org/o/r", "https://token@example.org/o/r"),
        ("https://example.org/o/r", "https://example.org//o//r"),
        ("https://example.org/o/~r", "https://example.org/o/%7Er"),
        ("ssh://git@example.org/o/r", "git@example.org:o/r.git"),
        ("ssh://git@example.org/o/r", "git@example.org:/o/r"),
        ("ssh://git@example.org/o/r", "ssh://git@example.org:22/o/r.git"),
        ("ssh://git@example.org/~/r", "git@example.org:r"),
        ("ssh://git@[::1]/r", "git@[::1]:r"),
        ("/srv/site", "/srv/site/"),
        ("/srv/site", "/srv/site/.git"),
        ("/srv/site", "/srv/other/../site"),
        ("/srv/site", "file:///srv/site"),
        ("/srv/my site", "file://localhost/srv/my%20site"),
    ],
)
def test_spellings_of_one_place_have_one_identity(one: str, other: str) -> None:
    assert parse(one).identity == parse(other).identity


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("https://example.org/o/r", "https://example.org/o/R"),
        ("https://example.org/o/r", "https://example.org:8443/o/r"),
        ("https://example.org/o/r", "http://example.org/o/r"),
        ("https://example.org/o/r", "ssh://example.org/o/r"),
        ("alice@example.org:site", "bob@example.org:site"),
        ("/srv/site", "/srv/site.git"),
    ],
)
def test_different_places_have_different_identities(one: str, other: str) -> None:
    assert parse(one).identity != parse(other).identity


def test_a_digest_is_the_same_in_every_release() -> None:
    assert parse("https://example.org/o/r.git").digest == "b55480b41e81"
    assert parse("git@example.org:o/r").digest == "a9bcf62d5658"


def test_a_link_to_a_local_repository_is_the_repository(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")

    assert parse(str(tmp_path / "link")).identity == str((tmp_path / "real").resolve())


@pytest.mark.parametrize(
    "url",
    ["https://user:secret@example.org/r", "https://secret@example.org/r", "ssh://git:secret@example.org/r"],
)
def test_what_git_is_given_holds_no_password(url: str) -> None:
    address = parse(url)

    assert "secret" not in address.url + address.identity
    assert "secret" not in repr(address)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "-u",
        "--upload-pack=touch /tmp/x",
        "ext::sh -c id",
        "fd::17",
        "git://example.org/r",
        "ftp://example.org/r",
        "file://elsewhere/r",
        "https://",
        "https://example.org:port/r",
        "ssh://-oProxyCommand=id/r",
        "ssh://-oProxyCommand=id@example.org/r",
        "https://example.org/r\nb",
    ],
)
def test_an_address_that_is_none_or_runs_a_program_is_refused(url: str) -> None:
    with pytest.raises(SourceError, match="\n"):
        parse(url)


def test_an_error_about_an_address_shows_no_password() -> None:
    with pytest.raises(SourceError) as caught:
        parse("ftp://user:secret@example.org/r")

    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("given", "path"),
    [("", ""), (".", ""), ("./", ""), ("deploy/", "deploy"), ("./a//b", "a/b"), ("a/./b", "a/b")],
)
def test_a_path_has_one_spelling(given: str, path: str) -> None:
    assert sub_path(given) == path


@pytest.mark.parametrize("path", ["..", "a/../..", "/etc", "a/\n"])
def test_a_path_outside_the_repository_is_refused(path: str) -> None:
    with pytest.raises(SourceError):
        sub_path(path)
