"""A source reads commits, here and far away, and never a work tree."""

import os
import shutil
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from gitops.git.source import Commit, Source, SourceError, Special, at_directory
from tests.gitops.repository import Repository


def test_a_commit_is_read_and_the_work_tree_is_not(repository: Repository, state: Path) -> None:
    sha = repository.commit("First", {"web.yaml": "kind: Pod\n"})
    (repository.directory / "web.yaml").write_text("dirty\n")
    (repository.directory / "new.yaml").write_text("untracked\n")
    source = Source(str(repository.directory), state=state)

    assert source.resolve() == sha
    assert source.files(sha) == {"web.yaml": b"kind: Pod\n"}


def test_names_are_relative_to_the_path(repository: Repository, state: Path) -> None:
    sha = repository.commit("First", {"deploy/a/web.yaml": "1", "other.yaml": "2"})
    source = Source(str(repository.directory), path="deploy", state=state)
    source.resolve()

    assert source.files(sha) == {"a/web.yaml": b"1"}


@pytest.mark.parametrize("spelling", ["{0}", "{0}/", "{0}/.git", "file://{0}"])
def test_a_local_repository_may_be_spelled_in_many_ways(
    repository: Repository, state: Path, spelling: str
) -> None:
    sha = repository.commit("First", {"web.yaml": "1"})
    source = Source(spelling.format(repository.directory), state=state)

    assert source.resolve() == sha
    assert source.id == Source(str(repository.directory), state=state).id


def test_a_bare_repository_and_a_linked_work_tree_are_read(
    repository: Repository, state: Path, tmp_path: Path
) -> None:
    sha = repository.commit("First", {"web.yaml": "1"})
    repository.clone(tmp_path / "bare.git", "--bare")
    repository.git("worktree", "add", "--quiet", "-b", "side", str(tmp_path / "linked"))

    for place in ("bare.git", "linked"):
        source = Source(str(tmp_path / place), state=state)
        assert source.resolve() == sha
        assert source.files(sha) == {"web.yaml": b"1"}


def test_a_bare_repository_is_read_by_users_who_distrust_them(
    repository: Repository, state: Path, tmp_path: Path
) -> None:
    sha = repository.commit("First", {"web.yaml": "1"})
    bare = repository.clone(tmp_path / "bare.git", "--bare")
    Path(os.environ["GIT_CONFIG_GLOBAL"]).write_text("[safe]\n\tbareRepository = explicit\n")

    assert Source(str(bare.directory), state=state).resolve() == sha


def test_the_id_is_of_the_place_and_the_path_and_not_of_the_ref(tmp_path: Path, state: Path) -> None:
    here = Source(str(tmp_path), state=state)

    assert here.id == Source(str(tmp_path), ref="prod", path="./", state=state).id
    assert here.id != Source(str(tmp_path), path="deploy", state=state).id
    assert len(here.id) == 12


def test_a_branch_a_tag_and_a_commit_are_found(repository: Repository, state: Path) -> None:
    first = repository.commit("First", {"web.yaml": "1"})
    repository.git("tag", "light")
    repository.git("tag", "-a", "-m", "annotated", "v1.0")
    repository.git("branch", "release/1")
    second = repository.commit("Second", {"web.yaml": "2"})
    place = str(repository.directory)

    assert Source(place, state=state).resolve() == second
    for ref in ("light", "v1.0", "release/1", "refs/tags/v1.0", "main~1", "HEAD^", first, first[:8]):
        assert Source(place, ref=ref, state=state).resolve() == first
        assert Source(place, state=state).resolve(ref) == first


def test_a_branch_goes_before_a_tag_of_its_name(repository: Repository, state: Path) -> None:
    repository.commit("First", {"web.yaml": "1"})
    repository.git("tag", "prod")
    second = repository.commit("Second", {"web.yaml": "2"})
    repository.git("branch", "prod")

    assert Source(str(repository.directory), ref="prod", state=state).resolve() == second


def test_head_means_the_ref_of_the_source(repository: Repository, state: Path) -> None:
    first = repository.commit("First")
    repository.commit("Second")
    repository.git("branch", "prod")
    repository.commit("Third")

    assert Source(str(repository.directory), ref="prod", state=state).resolve("HEAD~1") == first


def test_a_commit_on_no_branch_is_read(repository: Repository, state: Path) -> None:
    repository.commit("First")
    repository.git("checkout", "--quiet", "--detach")
    sha = repository.commit("Detached", {"web.yaml": "1"})
    source = Source(str(repository.directory), state=state)

    assert source.files(source.resolve()) == {"web.yaml": b"1"}
    assert source.resolve() == sha


def test_a_commit_is_fetched_by_whatever_needs_it_first(repository: Repository, state: Path) -> None:
    sha = repository.commit("First", {"web.yaml": "1"})
    place = str(repository.directory)

    assert Source(place, state=state / "a").files(sha) == {"web.yaml": b"1"}
    assert Source(place, state=state / "b").commit(sha).subject == "First"
    assert set(Source(place, state=state / "c").last_touched(None, sha, ["web.yaml"])) == {"web.yaml"}


def test_a_force_push_moves_the_source_and_a_pinned_commit_stays(repository: Repository, state: Path) -> None:
    repository.commit("First", {"web.yaml": "1"})
    lost = repository.commit("Lost", {"web.yaml": "2"})
    source = Source(str(repository.directory), state=state)
    source.pin("running", source.resolve())
    repository.git("reset", "--quiet", "--hard", "HEAD~1")
    other = repository.commit("Other", {"web.yaml": "3"})

    assert source.resolve() == other
    source.mirror.git("gc", "--quiet", "--prune=now")
    assert source.pinned() == {"running": lost}
    assert source.files(lost) == {"web.yaml": b"2"}
    assert not source.is_ancestor(lost, other)


def test_pins_are_per_source_and_can_be_let_go(repository: Repository, state: Path) -> None:
    sha = repository.commit("First", {"deploy/web.yaml": "1"})
    whole, part = (Source(str(repository.directory), path=path, state=state) for path in ("", "deploy"))
    whole.pin("good", whole.resolve())

    assert part.pinned() == {}
    whole.unpin("good")
    whole.unpin("good")
    assert whole.pinned() == {}
    with pytest.raises(SourceError, match="not in the mirror"):
        whole.pin("good", sha[::-1])
    with pytest.raises(SourceError, match="name of a kept commit"):
        whole.pin("../heads/main", sha)


def test_a_commit_tells_who_made_it(repository: Repository, state: Path) -> None:
    repository.commit("First", {"web.yaml": "1"})
    repository.git(
        "commit", "-q", "--amend", "--author", "Zoë <z@x>", "--date", "2026-01-02T03:04:05Z", "-m", "Söt\n\nx"
    )
    source = Source(str(repository.directory), state=state)
    sha = source.resolve()

    assert source.commit(sha) == Commit(sha, "Zoë", "z@x", datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC), "Söt")
    assert source.commit(sha).short == sha[:7]


def test_a_commit_from_an_impossible_time_is_told_all_the_same(repository: Repository, state: Path) -> None:
    first = repository.commit("First")
    raw = repository.git("cat-file", "commit", first)
    lines = [
        f"author Ada <a@x> {10**12} +9999" if line.startswith("author") else line for line in raw.split("\n")
    ]
    made = repository.git(
        "hash-object", "-t", "commit", "-w", "--literally", "--stdin", stdin="\n".join(lines)
    )
    repository.git("update-ref", "refs/heads/main", made)
    source = Source(str(repository.directory), state=state)

    assert source.commit(source.resolve()).date.tzinfo is not None


def test_a_commit_can_not_write_on_the_terminal(repository: Repository, state: Path) -> None:
    repository.commit("First")
    repository.git(
        "commit", "-q", "--allow-empty", "--amend", "--author", "A\x1b[2J <a@x>", "-m", "S\x1b]0;x\x07"
    )
    source = Source(str(repository.directory), state=state)
    commit = source.commit(source.resolve())

    assert (commit.author, commit.subject) == ("A [2J", "S ]0;x ")


def test_each_file_has_the_newest_commit_that_touched_it(repository: Repository, state: Path) -> None:
    first = repository.commit("First", {"d/a.yaml": "1", "d/b.yaml": "1", "d/c d.yaml": "1"})
    repository.commit("Elsewhere", {"x.yaml": "1"})
    second = repository.commit("Second", {"d/a.yaml": "2"})
    third = repository.commit("Third", {"d/b.yaml": None})
    source = Source(str(repository.directory), path="d", state=state)
    source.resolve()

    everything = source.last_touched(None, third, ["a.yaml", "b.yaml", "c d.yaml", "none.yaml"])
    assert {name: commit.sha for name, commit in everything.items()} == {
        "a.yaml": second,
        "b.yaml": third,
        "c d.yaml": first,
    }
    assert set(source.last_touched(first, second, ["a.yaml", "b.yaml", "c d.yaml"])) == {"a.yaml"}
    assert set(source.last_touched("0" * 40, second, ["a.yaml", "b.yaml"])) == {"a.yaml", "b.yaml"}


def test_a_file_changed_on_a_merged_branch_is_credited_to_its_author(
    repository: Repository, state: Path
) -> None:
    base = repository.commit("First", {"a.yaml": "1"})
    repository.git("switch", "--quiet", "-c", "feature")
    feature = repository.commit("Feature", {"a.yaml": "2"})
    repository.git("switch", "--quiet", "main")
    repository.commit("Other", {"b.yaml": "1"})
    repository.git("merge", "--quiet", "--no-ff", "-m", "Merge", "feature")
    source = Source(str(repository.directory), state=state)

    assert source.last_touched(base, source.resolve(), ["a.yaml"])["a.yaml"].sha == feature


def test_ancestry_is_known_and_unknown_commits_have_none(repository: Repository, state: Path) -> None:
    first, second = repository.commit("First"), repository.commit("Second")
    source = Source(str(repository.directory), state=state)

    assert not source.is_ancestor(first, second)
    source.resolve()
    assert source.is_ancestor(first, second)
    assert not source.is_ancestor(second, first)
    assert not source.is_ancestor("0" * 40, second)


def test_the_branch_is_named_for_a_rollback_and_nothing_else_is_one(
    repository: Repository, state: Path
) -> None:
    repository.commit("First")
    repository.git("tag", "v1")
    place = str(repository.directory)

    assert Source(place, state=state).branch() == "main"
    assert Source(place, ref="refs/heads/main", state=state).branch() == "main"
    for ref in ("v1", repository.head(), "main^0"):
        with pytest.raises(SourceError, match="no branch"):
            Source(place, ref=ref, state=state).branch()
    repository.git("checkout", "--quiet", "--detach")
    with pytest.raises(SourceError, match="no branch"):
        Source(place, state=state).branch()


@pytest.mark.parametrize("elsewhere", ["other/.git", "gone"])
def test_the_callers_git_variables_do_not_lead_elsewhere(
    repository: Repository, state: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, elsewhere: str
) -> None:
    sha = repository.commit("First", {"web.yaml": "1"})
    other = Repository(tmp_path / "other")
    other.commit("Other", {"other.yaml": "1"})
    git = tmp_path / elsewhere
    for name, value in {
        "GIT_DIR": git,
        "GIT_WORK_TREE": other.directory,
        "GIT_INDEX_FILE": git / "index",
        "GIT_OBJECT_DIRECTORY": git / "objects",
        "GIT_COMMON_DIR": git,
        "GIT_PREFIX": "sub/",
        "GIT_ALLOW_PROTOCOL": "ext",
    }.items():
        monkeypatch.setenv(name, str(value))
    source = Source(str(repository.directory), state=state)

    assert source.resolve() == sha
    assert source.files(sha) == {"web.yaml": b"1"}
    assert source.commit(sha).subject == "First"
    source.pin("good", sha)
    assert other.git("for-each-ref", "refs/sloop") == ""


def test_a_hook_reads_the_repository_that_was_pushed_to(
    repository: Repository, state: Path, tmp_path: Path
) -> None:
    sha = repository.commit("First", {"web.yaml": "1"})
    bare = Repository(tmp_path / "bare.git", bare=True)
    read = f"""#!{sys.executable}
from pathlib import Path
from gitops.git.source import Source, at_directory
source = Source(str(at_directory(Path.cwd())), ref="main", state=Path({str(state)!r}))
sha = source.resolve()
Path({str(tmp_path)!r}, "read").write_text(f"{{sha}} {{dict(source.files(sha))}}")
"""
    for name in ("post-receive", "post-update"):
        (bare.directory / "hooks" / name).write_text(read)
        (bare.directory / "hooks" / name).chmod(0o755)
    repository.git("push", "-q", str(bare.directory), "main")

    assert (tmp_path / "read").read_text() == f"{sha} {{'web.yaml': b'1'}}"


def test_an_idle_look_does_not_import_gitpython(repository: Repository, state: Path) -> None:
    sha = repository.commit("First", {"web.yaml": "1"})
    source = Source(str(repository.directory), state=state)
    source.resolve()
    look = f"""
import sys
from pathlib import Path
from gitops.git.source import Source
print(Source({str(repository.directory)!r}, state=Path({str(state)!r})).resolve(), "git" in sys.modules)
"""
    done = subprocess.run(
        [sys.executable, "-c", look], capture_output=True, text=True, check=True, env=os.environ
    )

    assert done.stdout == f"{sha} False\n"


def test_an_idle_look_leaves_the_mirror_as_it_is(repository: Repository, state: Path) -> None:
    repository.commit("First", {"web.yaml": "1"})
    source = Source(str(repository.directory), state=state)
    source.resolve()
    before = {path: path.stat().st_mtime_ns for path in state.rglob("*")}

    source.resolve()
    assert {path: path.stat().st_mtime_ns for path in state.rglob("*")} == before


def test_what_a_mirror_lost_after_it_was_looked_at_is_fetched_again(
    repository: Repository, state: Path
) -> None:
    sha = repository.commit("First", {"web.yaml": "1"})
    source = Source(str(repository.directory), state=state)

    for lose in (shutil.rmtree, _empty):
        source.resolve()
        lose(source.mirror.directory)
        assert source.commit(sha).subject == "First"
        lose(source.mirror.directory)
        assert source.files(sha) == {"web.yaml": b"1"}


def _empty(mirror: Path) -> None:
    shutil.rmtree(mirror / "objects")
    (mirror / "objects").mkdir()


def test_the_directory_one_is_in_leads_to_its_repository(repository: Repository, tmp_path: Path) -> None:
    repository.commit("First", {"deploy/web.yaml": "1"})
    bare = repository.clone(tmp_path / "bare.git", "--bare")

    assert at_directory(repository.directory / "deploy") == repository.directory
    assert at_directory(bare.directory) == bare.directory
    with pytest.raises(SourceError, match="is in no git repository\nname one with --repo"):
        at_directory(tmp_path)


@pytest.mark.parametrize("there", ["", "file://"])
def test_a_range_of_versions_follows_the_highest_tag(repository: Repository, state: Path, there: str) -> None:
    first = repository.commit("First", {"web.yaml": "1"})
    repository.git("tag", "v1.2.0")
    source = Source(f"{there}{repository.directory}", ref="semver:^1.1", state=state)
    assert source.resolve() == first
    second = repository.commit("Second", {"web.yaml": "2"})
    repository.git("tag", "-a", "v1.10.0", "-m", "Ten")
    repository.git("tag", "v2.0.0")

    assert (source.resolve(), source.resolve("HEAD~1")) == (second, first)
    with pytest.raises(SourceError, match="is no branch"):
        source.branch()


def test_a_range_without_a_tag_or_sense_is_told(repository: Repository, state: Path) -> None:
    repository.commit("First", {"web.yaml": "1"})

    with pytest.raises(SourceError, match=r"no tag of a version in \^1\.1"):
        Source(str(repository.directory), ref="semver:^1.1", state=state).resolve()
    with pytest.raises(SourceError, match="no range of versions"):
        Source(str(repository.directory), ref="semver:soon", state=state)


def test_a_source_goes_on_being_known_by_the_place_that_it_had_at_first(tmp_path: Path) -> None:
    def known(url: str, path: str = "", known_by: tuple[str, str] | None = None) -> str:
        return Source(url, path=path, state=tmp_path, special=Special(known_by)).id

    assert known("/srv/new", known_by=("/srv/old", "")) == known("/srv/old")
    assert (
        known("/srv/new", "a", known_by=("/srv/new", "b")) == known("/srv/new", "b") != known("/srv/new", "a")
    )
