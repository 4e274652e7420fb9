"""A rollback is one commit that undoes what it says, and nothing changes when it can't be made."""

import os
import socket
from pathlib import Path

import pytest

from gitops.git.revert import Revert, carry_out, plan_revert
from gitops.git.source import Source, SourceError
from tests.gitops.repository import Repository


@pytest.fixture
def bare(repository: Repository, tmp_path: Path) -> Repository:
    repository.commit("First", {"web.yaml": "one\n", "api.yaml": "one\n"})
    repository.commit("Second", {"web.yaml": "two\n"})
    repository.commit("Third", {"web.yaml": "three\n", "new.yaml": "x\n"})
    return repository.clone(tmp_path / "bare.git", "--bare")


@pytest.fixture
def source(bare: Repository, state: Path) -> Source:
    return Source(str(bare.directory), state=state)


def roll_back(source: Source, **options: int | str) -> str:
    return carry_out(source, plan_revert(source, **options))  # type: ignore[arg-type]


def refs(repository: Repository) -> str:
    return repository.git("for-each-ref")


def test_the_last_commit_is_undone_by_a_new_one(source: Source, bare: Repository) -> None:
    third = bare.head()
    revert = plan_revert(source)

    assert (revert.branch, revert.tip, revert.files) == ("main", third, ("new.yaml", "web.yaml"))
    assert [commit.subject for commit in revert.commits] == ["Third"]
    assert bare.head() == third, "planning only looks"
    sha = carry_out(source, revert)
    assert bare.head() == source.resolve() == sha
    assert source.files(sha) == {"web.yaml": b"two\n", "api.yaml": b"one\n"}
    assert bare.head(f"{sha}^") == third


def test_the_message_names_what_is_undone(source: Source, bare: Repository) -> None:
    third, second = bare.head(), bare.head("HEAD^")

    assert plan_revert(source).message == (
        f'Roll back "Third" ({third[:7]})\n\nThis undoes:\n{third[:7]} Third\n\nSloop-Reverts: {third}\n'
    )
    assert plan_revert(source, steps=2).message == (
        f"Roll back 2 commits\n\nThis undoes:\n{third[:7]} Third\n{second[:7]} Second\n\n"
        f"Sloop-Reverts: {third}\nSloop-Reverts: {second}\n"
    )


def test_a_second_rollback_goes_one_further_back(source: Source, bare: Repository) -> None:
    roll_back(source)
    roll_back(source)

    assert bare.read("web.yaml") == "one"
    assert bare.git("log", "-1", "--format=%s").startswith('Roll back "Second"')
    with pytest.raises(SourceError, match="there is nothing to roll back"):
        plan_revert(source)


def test_several_steps_are_one_commit(source: Source, bare: Repository) -> None:
    third = bare.head()
    roll_back(source, steps=2)

    assert bare.read("web.yaml") == "one"
    assert bare.head("HEAD^") == third


@pytest.mark.parametrize("steps", [0, -1, 3, 100])
def test_more_steps_than_there_are_is_an_error(source: Source, bare: Repository, steps: int) -> None:
    before = refs(bare)

    with pytest.raises(SourceError, match="\n"):
        plan_revert(source, steps=steps)
    assert refs(bare) == before


def test_to_restores_a_whole_state(source: Source, bare: Repository) -> None:
    first = bare.head("HEAD~2")
    roll_back(source, to="HEAD~2")

    assert bare.head("HEAD^{tree}") == bare.head(f"{first}^{{tree}}")
    assert f"Sloop-Restores: {first}" in bare.git("log", "-1", "--format=%B")
    with pytest.raises(SourceError, match="nothing to roll back"):
        plan_revert(source)
    roll_back(source, to="HEAD~1")
    assert bare.read("web.yaml") == "three"


def test_an_empty_commit_is_nothing_to_roll_back(
    repository: Repository, bare: Repository, source: Source
) -> None:
    repository.commit("Empty")
    repository.git("push", "-q", str(bare.directory), "main")

    assert [commit.subject for commit in plan_revert(source).commits] == ["Third"]


def test_a_state_that_is_there_already_is_an_error(source: Source) -> None:
    with pytest.raises(SourceError, match="nothing to roll back"):
        plan_revert(source, to="HEAD")


def test_only_commits_that_touch_the_path_count(repository: Repository, state: Path, tmp_path: Path) -> None:
    repository.commit("First", {"deploy/web.yaml": "1", "code.c": "1"})
    repository.commit("Deploy and code", {"deploy/web.yaml": "2", "code.c": "2"})
    repository.commit("Code", {"code.c": "3"})
    bare = repository.clone(tmp_path / "bare.git", "--bare")
    roll_back(Source(str(bare.directory), path="deploy", state=state))

    assert (bare.read("deploy/web.yaml"), bare.read("code.c")) == ("1", "3")
    assert "Sloop-Path: deploy" in bare.git("log", "-1", "--format=%B")


def test_a_narrower_path_leaves_the_rest(repository: Repository, state: Path, tmp_path: Path) -> None:
    both = ("d/web/a.yaml", "d/api/a.yaml")
    for content in ("1", "2", "3"):
        repository.commit(content, dict.fromkeys(both, content))
    bare = repository.clone(tmp_path / "bare.git", "--bare")
    source = Source(str(bare.directory), path="d", state=state)

    roll_back(source, path="web")
    assert [bare.read(name) for name in both] == ["2", "3"]
    roll_back(source, path="web")
    assert [bare.read(name) for name in both] == ["1", "3"]
    roll_back(source, path="api/a.yaml")
    assert [bare.read(name) for name in both] == ["1", "2"]
    roll_back(source, to="HEAD~3", path="web")
    assert [bare.read(name) for name in both] == ["3", "2"]


def test_a_merge_is_undone_against_its_first_parent(
    repository: Repository, state: Path, tmp_path: Path
) -> None:
    repository.commit("First", {"a.yaml": "1", "b.yaml": "1"})
    repository.git("switch", "-q", "-c", "feature")
    repository.commit("Feature one", {"a.yaml": "2"})
    repository.commit("Feature two", {"c.yaml": "1"})
    repository.git("switch", "-q", "main")
    repository.commit("Main", {"b.yaml": "2"})
    repository.git("merge", "-q", "--no-ff", "-m", "Merge", "feature")
    bare = repository.clone(tmp_path / "bare.git", "--bare")
    source = Source(str(bare.directory), state=state)

    assert [commit.subject for commit in plan_revert(source).commits] == ["Merge"]
    assert source.files(roll_back(source)) == {"a.yaml": b"1", "b.yaml": b"2"}
    assert source.files(roll_back(source)) == {"a.yaml": b"1", "b.yaml": b"1"}


def test_after_git_revert_a_rollback_goes_further_back(
    repository: Repository, state: Path, tmp_path: Path
) -> None:
    for content in ("1", "2", "3"):
        repository.commit(content, {"web.yaml": content})
    repository.git("revert", "--no-edit", "HEAD")
    bare = repository.clone(tmp_path / "bare.git", "--bare")
    roll_back(Source(str(bare.directory), state=state))

    assert bare.read("web.yaml") == "1"


def test_a_conflict_names_the_file_and_changes_nothing(
    repository: Repository, state: Path, tmp_path: Path
) -> None:
    for content in ("one", "two", "three"):
        repository.commit(content, {"web.yaml": f"{content}\n"})
    bad = repository.head("HEAD~1")
    repository.commit(f"Undone otherwise\n\nSloop-Reverts: {repository.head()}", {"web.yaml": "four\n"})
    bare = repository.clone(tmp_path / "bare.git", "--bare")
    before = refs(bare)

    with pytest.raises(SourceError, match=rf"{bad[:7]}.*: web.yaml changed since\n.*--to"):
        plan_revert(Source(str(bare.directory), state=state))
    assert refs(bare) == before


def test_undoing_what_made_the_source_is_an_error(
    repository: Repository, state: Path, tmp_path: Path
) -> None:
    repository.commit("First", {"README": "x"})
    repository.commit("Manifests", {"deploy/web.yaml": "1"})
    bare = repository.clone(tmp_path / "bare.git", "--bare")

    with pytest.raises(SourceError, match="would leave no file"):
        plan_revert(Source(str(bare.directory), path="deploy", state=state))


@pytest.mark.parametrize("meanwhile", ["moved on", "moved back", "deleted"])
def test_a_branch_that_moved_meanwhile_is_an_error(source: Source, bare: Repository, meanwhile: str) -> None:
    revert = plan_revert(source)
    tree = bare.head("HEAD^{tree}")
    new = bare.git("commit-tree", tree, "-p", "HEAD", "-m", "x")
    target = {"moved on": [new], "moved back": ["HEAD~1"], "deleted": ["-d"]}[meanwhile]
    deleted = ["-d", "refs/heads/main"] if target == ["-d"] else ["refs/heads/main", *target]
    bare.git("update-ref", *deleted)
    before = refs(bare)

    with pytest.raises(SourceError, match="has moved meanwhile\nrun the rollback again"):
        carry_out(source, revert)
    assert refs(bare) == before


def test_a_push_that_is_refused_is_an_error_with_its_cause(source: Source, bare: Repository) -> None:
    hook = bare.directory / "hooks/pre-receive"
    hook.write_text("#!/bin/sh\nprintf 'main is \\033[31mprotected' >&2\nexit 1\n")
    hook.chmod(0o755)
    before = refs(bare)

    with pytest.raises(SourceError, match=r"refuses a push to main: main is  \[31mprotected\n"):
        roll_back(source)
    assert refs(bare) == before


@pytest.mark.parametrize("ref", ["v1", "HEAD~1"])
def test_there_is_nothing_to_push_to_but_a_branch(bare: Repository, state: Path, ref: str) -> None:
    bare.git("tag", "v1")

    with pytest.raises(SourceError, match="no branch"):
        plan_revert(Source(str(bare.directory), ref=ref, state=state))


def test_a_bare_repository_must_be_pushed_to(source: Source, bare: Repository) -> None:
    before = refs(bare)

    with pytest.raises(SourceError, match="--no-push"):
        carry_out(source, plan_revert(source), push=False)
    assert refs(bare) == before


def test_another_branch_than_heads_is_rolled_back(bare: Repository, state: Path) -> None:
    bare.git("branch", "release/prod")
    source = Source(str(bare.directory), ref="release/prod", state=state)
    main = bare.head("main")

    assert roll_back(source) == bare.head("release/prod")
    assert bare.head("main") == main


class TestInAWorkTree:
    """The source is a work tree, which is committed to directly."""

    @pytest.fixture
    def source(self, repository: Repository, state: Path) -> Source:
        repository.commit("First", {"web.yaml": "one\n"})
        repository.commit("Second", {"web.yaml": "two\n", "new.yaml": "x\n"})
        return Source(str(repository.directory), state=state)

    @pytest.mark.parametrize("push", [True, False])
    def test_branch_index_and_files_follow(self, source: Source, repository: Repository, push: bool) -> None:
        sha = carry_out(source, plan_revert(source), push=push)

        assert repository.head() == sha
        assert repository.git("status", "--porcelain") == ""
        assert (repository.directory / "web.yaml").read_text() == "one\n"
        assert not (repository.directory / "new.yaml").exists()

    def test_an_untracked_file_does_not_matter(self, source: Source, repository: Repository) -> None:
        (repository.directory / "notes.txt").write_text("mine")

        assert roll_back(source) == repository.head()
        assert (repository.directory / "notes.txt").read_text() == "mine"

    def test_no_hook_runs(self, source: Source, repository: Repository, tmp_path: Path) -> None:
        for name in ("pre-commit", "commit-msg", "post-merge", "post-checkout", "reference-transaction"):
            hook = repository.directory / ".git/hooks" / name
            hook.write_text(f"#!/bin/sh\ntouch {tmp_path}/ran\nexit 1\n")
            hook.chmod(0o755)

        roll_back(source)
        assert not (tmp_path / "ran").exists()

    def test_changes_that_are_not_committed_are_kept(self, source: Source, repository: Repository) -> None:
        (repository.directory / "web.yaml").write_text("mine\n")
        before = refs(repository)

        with pytest.raises(SourceError, match="not committed\ncommit or stash"):
            roll_back(source)
        assert (repository.directory / "web.yaml").read_text() == "mine\n"
        assert refs(repository) == before

    def test_an_untracked_file_in_the_way_is_kept(self, source: Source, repository: Repository) -> None:
        repository.commit("Remove", {"new.yaml": None})
        (repository.directory / "new.yaml").write_text("mine\n")
        before = refs(repository)

        with pytest.raises(SourceError, match=r"(?s)new.yaml.*move"):
            roll_back(source)
        assert (repository.directory / "new.yaml").read_text() == "mine\n"
        assert refs(repository) == before

    def test_another_branch_that_is_checked_out_is_named(
        self, repository: Repository, source: Source, state: Path
    ) -> None:
        repository.git("switch", "-q", "-c", "other")
        main = Source(source.display, ref="main", state=state)

        with pytest.raises(SourceError, match="is on branch other, not on main\nrun git switch main"):
            roll_back(main)

    def test_a_detached_head_is_an_error(self, repository: Repository, source: Source, state: Path) -> None:
        repository.git("checkout", "-q", "--detach")

        with pytest.raises(SourceError, match="no branch"):
            plan_revert(source)
        with pytest.raises(SourceError, match="is on no branch"):
            roll_back(Source(source.display, ref="main", state=state))

    @pytest.mark.parametrize("target", ["elsewhere", "HEAD~1"])
    def test_a_branch_that_moved_meanwhile_is_an_error(
        self, source: Source, repository: Repository, target: str
    ) -> None:
        repository.git("switch", "-q", "-c", "elsewhere")
        repository.commit("Third", {"web.yaml": "three\n"})
        repository.git("switch", "-q", "main")
        revert = plan_revert(source)
        repository.git("reset", "-q", "--hard", target)
        before = refs(repository)

        with pytest.raises(SourceError, match="has moved meanwhile"):
            carry_out(source, revert)
        assert refs(repository) == before


def author(repository: Repository) -> str:
    return repository.git("log", "-1", "--format=%an <%ae> %cn <%ce>")


def test_the_configured_identity_commits(source: Source, bare: Repository) -> None:
    roll_back(source)
    assert author(bare) == "Ada <ada@example.org> Ada <ada@example.org>"

    bare.git("config", "user.name", "Local")
    roll_back(source)
    assert author(bare) == "Local <ada@example.org> Local <ada@example.org>"


def test_without_an_identity_sloop_commits(
    source: Source, bare: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    monkeypatch.delenv("EMAIL", raising=False)
    roll_back(source)

    mine = f"sloop <sloop@{socket.gethostname()}>"
    assert author(bare) == f"{mine} {mine}"


def test_a_plan_can_be_made_again_without_leaving_more_behind(source: Source) -> None:
    def made() -> int:
        return sum(1 for path in source.mirror.directory.rglob("objects/??/*") if path.is_file())

    first = plan_revert(source)
    count = made()

    assert plan_revert(source) == first
    assert isinstance(first, Revert)
    assert made() == count
