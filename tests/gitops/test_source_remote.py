"""A source elsewhere: over ssh and http, with and without a login, silent or not there."""

import os
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from gitops.git.revert import carry_out, plan_revert
from gitops.git.source import Source, SourceError
from tests.gitops.http_server import serving
from tests.gitops.repository import Repository
from tests.machine.engine import until


@pytest.fixture
def bare(repository: Repository, tmp_path: Path) -> Repository:
    repository.commit("First", {"web.yaml": "1"})
    repository.git("tag", "-a", "v1", "-m", "One")
    repository.commit("Second", {"web.yaml": "2"})
    repository.git("branch", "prod", "HEAD~1")
    bare = repository.clone(tmp_path / "served/site.git", "--bare")
    bare.git("config", "http.receivepack", "true")
    return bare


@pytest.fixture
def ssh(bare: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Give git a program in the place of ssh that runs the asked command here, and notes its call."""
    program = tmp_path / "ssh"
    program.write_text(
        f'#!/bin/sh\necho "$@" >> {tmp_path}/calls\nfor last; do :; done\nexec sh -c "$last"\n'
    )
    program.chmod(0o755)
    monkeypatch.setenv("GIT_SSH_COMMAND", str(program))
    return f"ssh://git@example.org{bare.directory}"


@contextmanager
def program(path: Path, text: str) -> Iterator[Path]:
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    yield path


def exercise(source: Source, bare: Repository) -> None:
    """Read, follow a new commit, look up names, roll back."""
    second = bare.head("main")
    assert source.resolve() == second
    assert source.files(second) == {"web.yaml": b"2"}
    assert source.branch() == "main"
    for name in ("prod", "v1", "refs/tags/v1", "HEAD~1", bare.head("prod"), bare.head("prod")[:9]):
        assert source.resolve(name) == bare.head("prod")
    sha = carry_out(source, plan_revert(source))
    assert source.resolve() == bare.head("main") == sha
    assert source.files(sha) == {"web.yaml": b"1"}


def test_a_repository_over_ssh(bare: Repository, ssh: str, state: Path) -> None:
    exercise(Source(ssh, state=state), bare)


def test_a_repository_over_ssh_in_short(bare: Repository, ssh: str, state: Path) -> None:
    assert ssh.startswith("ssh://")
    exercise(Source(f"git@example.org:{bare.directory}", state=state), bare)


def test_a_repository_over_http(bare: Repository, state: Path) -> None:
    with serving(bare.directory.parent) as (place, _):
        exercise(Source(f"http://{place}/site.git", state=state), bare)


def test_a_password_in_the_address_is_used_and_written_nowhere(bare: Repository, state: Path) -> None:
    with serving(bare.directory.parent, login="ada:se/cret") as (place, _):
        source = Source(f"http://ada:se%2Fcret@{place}/site.git", state=state)
        exercise(source, bare)

    assert source.display == f"http://{place}/site.git"
    kept = [path.read_bytes() for path in state.rglob("*") if path.is_file()]
    assert not any(b"se/cret" in content or b"se%2Fcret" in content for content in kept)


def test_a_password_goes_to_no_other_host(
    bare: Repository, state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving(bare.directory.parent, login="x:y") as (place, seen):
        source = Source("http://ada:secret@example.org/site.git", state=state)
        monkeypatch.setenv("GIT_CONFIG_COUNT", "1")
        monkeypatch.setenv("GIT_CONFIG_KEY_0", f"url.http://{place}/.insteadOf")
        monkeypatch.setenv("GIT_CONFIG_VALUE_0", "http://example.org/")
        with pytest.raises(SourceError, match="login was refused"):
            source.resolve()

    assert seen == [""]


def test_a_wrong_or_missing_login_is_told_with_the_way_out(bare: Repository, state: Path) -> None:
    with serving(bare.directory.parent, login="ada:secret") as (place, _):
        for login in ("", "ada:wr0ng@", "t0ken@"):
            with pytest.raises(SourceError, match=r"the login was refused\n.*deploy key") as caught:
                Source(f"http://{login}{place}/site.git", state=state).resolve()
            assert "wr0ng" not in str(caught.value)
            assert "t0ken" not in str(caught.value)


def test_a_push_without_permission_changes_nothing(bare: Repository, state: Path) -> None:
    bare.git("config", "http.receivepack", "false")
    before = bare.git("for-each-ref")
    with serving(bare.directory.parent) as (place, _):
        source = Source(f"http://{place}/site.git", state=state)
        revert = plan_revert(source)
        with pytest.raises(SourceError, match=r"cannot roll back http.*login was refused"):
            carry_out(source, revert)

    assert bare.git("for-each-ref") == before


def test_a_push_whose_answer_is_lost_has_arrived(
    bare: Repository, ssh: str, state: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = Source(ssh, state=state)
    revert = plan_revert(source)
    losing = 'for last; do :; done; sh -c "$last"; case $last in *receive-pack*) exit 3;; esac'
    with program(tmp_path / "losing", losing) as broken:
        monkeypatch.setenv("GIT_SSH_COMMAND", str(broken))
        sha = carry_out(source, revert)

    assert bare.head("main") == sha


def test_a_repository_that_is_not_there(bare: Repository, state: Path) -> None:
    with serving(bare.directory.parent) as (place, _), pytest.raises(SourceError, match="no git repository"):
        Source(f"http://{place}/other.git", state=state).resolve()


def test_an_unknown_ref_names_the_branches_there(bare: Repository, state: Path) -> None:
    with (
        serving(bare.directory.parent) as (place, _),
        pytest.raises(SourceError, match=r"commit zzz\nits branches are: main, prod"),
    ):
        Source(f"http://{place}/site.git", ref="zzz", state=state).resolve()


def test_a_repository_elsewhere_without_a_commit(state: Path, tmp_path: Path) -> None:
    Repository(tmp_path / "served/empty.git", bare=True)
    with serving(tmp_path / "served") as (place, _), pytest.raises(SourceError, match="no commit yet"):
        Source(f"http://{place}/empty.git", state=state).resolve()


def test_nobody_listens(state: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]

    with pytest.raises(SourceError, match=r"127.0.0.1 can't be reached\n"):
        Source(f"http://127.0.0.1:{port}/site.git", state=state).resolve()


def test_what_was_fetched_stays_readable_when_the_host_is_gone(bare: Repository, state: Path) -> None:
    with serving(bare.directory.parent) as (place, _):
        source = Source(f"http://{place}/site.git", state=state)
        sha = source.resolve()

    with pytest.raises(SourceError, match="can't be reached"):
        source.resolve()
    assert source.files(sha) == {"web.yaml": b"2"}


def test_a_host_that_never_answers_is_given_up_in_time(state: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        source = Source(f"http://127.0.0.1:{silent.getsockname()[1]}/r", state=state, timeout=0.3)
        started = time.monotonic()
        with pytest.raises(SourceError, match=r"took longer than 0.3 s"):
            source.resolve()

    assert time.monotonic() - started < 5


def test_a_time_limit_ends_every_process_that_git_started(
    state: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with program(tmp_path / "ssh", f"echo $$ > {tmp_path}/pid; exec sleep 1000") as hanging:
        monkeypatch.setenv("GIT_SSH_COMMAND", str(hanging))
        with pytest.raises(SourceError, match="took longer"):
            Source("ssh://example.org/r", state=state, timeout=1).resolve()

    pid = (tmp_path / "pid").read_text().strip()
    state_of = Path(f"/proc/{pid}/stat")
    until(lambda: _ended(state_of))
    assert _ended(state_of)


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("git@example.org: Permission denied (publickey).", "the login was refused"),
        ("Host key verification failed.", "the ssh key of example.org is not known here"),
        (
            "ssh: Could not resolve hostname example.org: Name or service not known",
            "example.org can't be reached",
        ),
        ("ssh: connect to host example.org port 22: Connection refused", "example.org can't be reached"),
        ("ERROR: Repository not found.", "no git repository"),
    ],
)
def test_what_ssh_says_is_told_with_the_way_out(
    state: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, said: str, told: str
) -> None:
    with program(tmp_path / "ssh", f"echo '{said}' >&2; exit 255") as failing:
        monkeypatch.setenv("GIT_SSH_COMMAND", str(failing))
        with pytest.raises(SourceError, match=rf"cannot read ssh://git@example.org/r: .*{told}.*\n."):
            Source("ssh://git@example.org/r", state=state).resolve()


def test_nobody_is_asked_for_a_password(
    state: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, bare: Repository
) -> None:
    asked = tmp_path / "asked"
    with (
        program(tmp_path / "ask", f"touch {asked}; echo x") as ask,
        serving(bare.directory.parent, login="a:b") as (place, _),
    ):
        monkeypatch.setenv("GIT_ASKPASS", str(ask))
        monkeypatch.setenv("SSH_ASKPASS", str(ask))
        Path(os.environ["GIT_CONFIG_GLOBAL"]).write_text(f"[core]\n\taskPass = {ask}\n")
        with pytest.raises(SourceError, match="login was refused"):
            Source(f"http://{place}/site.git", state=state).resolve()

    assert not asked.exists()


def _ended(process: Path) -> bool:
    return not process.exists() or process.read_text().split()[2] == "Z"
