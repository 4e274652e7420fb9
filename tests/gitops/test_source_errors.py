"""Every mistake with a local source is one message with the way out."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from gitops.git.source import Source, SourceError
from tests.gitops.repository import Repository


def test_no_such_directory(tmp_path: Path, state: Path) -> None:
    with pytest.raises(SourceError, match=r"there is no directory .*/gone\n.*--repo"):
        Source(str(tmp_path / "gone"), state=state).resolve()


def test_a_directory_that_is_no_repository(tmp_path: Path, state: Path) -> None:
    with pytest.raises(SourceError, match=r"no git repository.*\n.*--repo"):
        Source(str(tmp_path), state=state).resolve()


def test_a_directory_inside_a_repository_names_its_top(repository: Repository, state: Path) -> None:
    repository.commit("First", {"deploy/web.yaml": "1"})

    with pytest.raises(SourceError, match=rf"--repo {repository.directory} --path deploy"):
        Source(str(repository.directory / "deploy"), state=state).resolve()


def test_a_repository_without_a_commit(repository: Repository, state: Path) -> None:
    with pytest.raises(SourceError, match=r"has no commit yet\ncommit"):
        Source(str(repository.directory), state=state).resolve()


def test_a_head_without_a_commit_names_the_branches(repository: Repository, state: Path) -> None:
    repository.commit("First")
    repository.git("symbolic-ref", "HEAD", "refs/heads/unborn")

    with pytest.raises(SourceError, match=r"no branch that HEAD stands for\nits branches are: main"):
        Source(str(repository.directory), state=state).resolve()


def test_a_commit_that_is_not_there(repository: Repository, state: Path) -> None:
    repository.commit("First")

    with pytest.raises(SourceError, match=r"the commit is not there any more\n"):
        Source(str(repository.directory), state=state).files("1" * 40)


def test_an_unknown_ref_names_the_nearest_branch_or_all(repository: Repository, state: Path) -> None:
    repository.commit("First")
    repository.git("branch", "production")
    place = str(repository.directory)

    with pytest.raises(SourceError, match=r"no branch, tag or commit prodution\ndid you mean production\?"):
        Source(place, ref="prodution", state=state).resolve()
    with pytest.raises(
        SourceError, match=r"no branch, tag or commit zzz\nits branches are: main, production"
    ):
        Source(place, ref="zzz", state=state).resolve()
    with pytest.raises(SourceError, match=r"no branch, tag or commit 0{40}\n"):
        Source(place, ref="0" * 40, state=state).resolve()


def test_a_branch_that_was_deleted(repository: Repository, state: Path) -> None:
    repository.commit("First")
    repository.git("branch", "feature")
    source = Source(str(repository.directory), ref="feature", state=state)
    source.resolve()
    repository.git("branch", "-D", "feature")

    with pytest.raises(SourceError, match="no branch, tag or commit feature"):
        source.resolve()


def test_beyond_the_first_commit(repository: Repository, state: Path) -> None:
    repository.commit("First")

    with pytest.raises(SourceError, match="beyond the first commit"):
        Source(str(repository.directory), state=state).resolve("HEAD~1")


@pytest.mark.parametrize(
    "ref",
    [
        "-x",
        "--upload-pack=id",
        "a b",
        "a..b",
        "*",
        "a:b",
        "@{-1}",
        ":/text",
        "x\ny",
        "a?",
        "/x",
        "x.lock",
        "^",
    ],
)
def test_a_ref_that_is_no_name_is_refused_before_git_sees_it(tmp_path: Path, state: Path, ref: str) -> None:
    with pytest.raises(SourceError, match="no name of a branch"):
        Source(str(tmp_path), ref=ref, state=state)


def test_a_repository_of_another_user_needs_a_word(
    repository: Repository, state: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sha = repository.commit("First", {"web.yaml": "1"})
    real = shutil.which("git")
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/git").write_text(f'#!/bin/sh\nGIT_TEST_ASSUME_DIFFERENT_OWNER=1 exec {real} "$@"\n')
    (tmp_path / "bin/git").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}/bin:{os.environ['PATH']}")
    source = Source(str(repository.directory), state=state)

    with pytest.raises(SourceError, match="belongs to another user"):
        source.files(sha)
    with pytest.raises(SourceError, match=r"belongs to another user\n.*safe.directory"):
        source.resolve()
    subprocess.run(
        ["git", "config", "--global", "--add", "safe.directory", str(repository.directory)], check=True
    )
    assert source.files(source.resolve()) == {"web.yaml": b"1"}


def test_git_that_is_not_installed(
    repository: Repository, state: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(SourceError, match="git is not installed\n"):
        Source(str(repository.directory), state=state).resolve()


def test_a_state_directory_that_can_not_be_made(repository: Repository, tmp_path: Path) -> None:
    repository.commit("First")
    (tmp_path / "file").touch()

    with pytest.raises(SourceError, match="state directory"):
        Source(str(repository.directory), state=tmp_path / "file").resolve()


def test_a_repository_with_sha256_names_is_refused_by_name(tmp_path: Path, state: Path) -> None:
    subprocess.run(["git", "init", "-q", "--object-format=sha256", str(tmp_path / "new")], check=True)
    repository = Repository(tmp_path / "new")
    repository.commit("First")

    with pytest.raises(SourceError, match="SHA-256"):
        Source(str(repository.directory), state=state).resolve()
