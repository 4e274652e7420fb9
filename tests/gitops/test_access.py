"""Private repositories, with a real sshd and a real HTTP server: who gets in, and what nobody gets to see."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from gitops.git.address import Access
from gitops.git.revert import carry_out, plan_revert
from gitops.git.source import Source, SourceError
from gitops.merged import settings
from gitops.sources import source_of
from tests.gitops.http_server import serving
from tests.gitops.repository import Repository
from tests.machine.sshd import Sshd, serving_ssh

WATCH = (
    '#!/bin/sh\ntr "\\0" " " < /proc/$PPID/cmdline >> {seen}\necho "$@" >> {seen}\nexec /usr/bin/git "$@"\n'
)


@pytest.fixture(scope="module")
def sshd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sshd]:
    with serving_ssh(tmp_path_factory.mktemp("sshd")) as served:
        yield served


@pytest.fixture
def bare(repository: Repository, tmp_path: Path) -> Repository:
    repository.commit("First", {"web.yaml": "1"})
    repository.commit("Second", {"web.yaml": "2"})
    bare = repository.clone(tmp_path / "served/site.git", "--bare")
    bare.git("config", "http.receivepack", "true")
    return bare


def test_a_key_opens_a_repository_over_ssh_for_reading_and_for_a_rollback(
    bare: Repository, sshd: Sshd, state: Path
) -> None:
    access = Access(key=sshd.key, known_hosts=sshd.known_hosts)
    source = Source(sshd.url(bare.directory), state=state, access=access)

    assert source.files(source.resolve()) == {"web.yaml": b"2"}
    sha = carry_out(source, plan_revert(source))
    assert bare.head("main") == sha


def test_a_host_that_is_not_known_is_not_spoken_to(
    bare: Repository, sshd: Sshd, state: Path, tmp_path: Path
) -> None:
    (tmp_path / "nobody").touch()
    access = Access(key=sshd.key, known_hosts=tmp_path / "nobody")

    with pytest.raises(SourceError, match=r"ssh key of 127\.0\.0\.1 is not known"):
        Source(sshd.url(bare.directory), state=state, access=access).resolve()


def test_another_key_is_refused(bare: Repository, sshd: Sshd, state: Path) -> None:
    access = Access(key=sshd.key.with_name("host"), known_hosts=sshd.known_hosts)

    with pytest.raises(SourceError, match="the login was refused"):
        Source(sshd.url(bare.directory), state=state, access=access).resolve()


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path / "run"))
    return tmp_path / "etc/sloop.yaml"


@pytest.mark.parametrize("place", ["beside", "credential", "absolute"])
def test_a_password_comes_from_a_file_and_is_seen_nowhere(
    bare: Repository, state: Path, file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    directory = file.parent if place == "beside" else tmp_path / "credentials"
    for made in (file.parent, tmp_path / "credentials", tmp_path / "bin"):
        made.mkdir(exist_ok=True)
    (directory / "token").write_text("se/cret: 1\n")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path / "credentials"))
    (tmp_path / "bin/git").write_text(WATCH.format(seen=tmp_path / "seen"))
    (tmp_path / "bin/git").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:/usr/bin:/bin")
    name = directory / "token" if place == "absolute" else "token"

    with serving(bare.directory.parent, login="ada:se/cret: 1") as (where, _):
        login = f"{{user: ada, passwordFile: {name}}}"
        file.write_text(f"sources: [{{name: a, url: 'http://{where}/site.git', login: {login}}}]\n")
        source = source_of(settings(file, {"state": state}, {}))
        assert source.files(source.resolve()) == {"web.yaml": b"2"}
        sha = carry_out(source, plan_revert(source))
        assert bare.head("main") == sha

    kept = [one.read_bytes() for one in [*state.rglob("*"), tmp_path / "seen"] if one.is_file()]
    assert "ls-remote" in (tmp_path / "seen").read_text()
    assert not any(b"se/cret" in content for content in kept)
    assert "se/cret" not in repr(source.address)


def test_a_password_that_cannot_be_read_is_told(state: Path, tmp_path: Path) -> None:
    access = Access(user="ada", password_file=tmp_path / "none")

    with pytest.raises(SourceError, match=r"the password in .*/none can't be read: No such file"):
        Source("http://127.0.0.1:9/site.git", state=state, access=access).resolve()


def test_a_wrong_password_is_refused_and_not_told(bare: Repository, state: Path, tmp_path: Path) -> None:
    (tmp_path / "token").write_text("wr0ng")
    access = Access(user="ada", password_file=tmp_path / "token")

    with (
        serving(bare.directory.parent, login="ada:right") as (where, _),
        pytest.raises(SourceError, match="the login was refused") as told,
    ):
        Source(f"http://{where}/site.git", state=state, access=access).resolve()

    assert "wr0ng" not in str(told.value)
