"""A mirror is complete or not there, and one that is broken is made anew."""

import os
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from gitops.git.source import Source, SourceError
from tests.gitops.repository import Repository


@pytest.fixture
def source(repository: Repository, state: Path) -> Source:
    repository.commit("First", {"web.yaml": "1"})
    return Source(str(repository.directory), state=state)


def works(source: Source, repository: Repository) -> bool:
    sha = source.resolve()
    return sha == repository.head() and source.files(sha)["web.yaml"] == repository.read("web.yaml").encode()


def test_what_a_crash_left_half_made_is_neither_trusted_nor_kept(
    source: Source, repository: Repository
) -> None:
    mirrors = source.mirror.directory.parent
    half = mirrors / f".{source.mirror.directory.name}.abc"
    (half / "objects").mkdir(parents=True)

    assert works(source, repository)
    assert {path.name for path in mirrors.iterdir()} == {
        source.mirror.directory.name,
        f"{source.mirror.directory.name}.lock",
    }


def test_a_failed_first_fetch_leaves_no_mirror(source: Source, repository: Repository) -> None:
    sha = source.resolve()
    shutil.rmtree(source.mirror.directory)
    tree = repository.head("HEAD:web.yaml")
    (repository.directory / ".git/objects" / tree[:2] / tree[2:]).unlink()

    with pytest.raises(SourceError):
        source.resolve()
    assert [path.name for path in source.mirror.directory.parent.iterdir()] == [
        f"{source.mirror.directory.name}.lock"
    ]
    repository.commit("Mended", {"web.yaml": "1"})
    assert source.resolve() != sha


@pytest.mark.parametrize(
    "damage", ["HEAD", "objects", "refs", "config", "objects/pack/*.pack", "objects/pack/*.idx"]
)
def test_a_broken_mirror_is_made_anew(source: Source, repository: Repository, damage: str) -> None:
    source.pin("good", source.resolve())
    inside = source.mirror.directory
    for broken in sorted(inside.glob(damage)):
        shutil.rmtree(broken, ignore_errors=True)
        broken.unlink(missing_ok=True)
        broken.write_bytes(b"rubbish")

    assert works(source, repository)
    repository.commit("Second", {"web.yaml": "2"})
    assert works(source, repository)


def test_a_file_missing_in_the_mirror_is_fetched_again(source: Source, repository: Repository) -> None:
    sha = source.resolve()
    pack = next((source.mirror.directory / "objects/pack").glob("*.pack"))
    moved = pack.rename(source.mirror.directory / "moved.pack")
    for left in pack.parent.iterdir():
        left.unlink()
    with moved.open("rb") as stream:
        subprocess.run(["git", "unpack-objects", "-q"], cwd=source.mirror.directory, stdin=stream, check=True)
    blob = repository.head("HEAD:web.yaml")
    (source.mirror.directory / "objects" / blob[:2] / blob[2:]).unlink()

    assert source.files(sha) == {"web.yaml": b"1"}


def test_a_mirror_made_anew_keeps_what_a_force_push_removed(source: Source, repository: Repository) -> None:
    lost = repository.commit("Lost", {"web.yaml": "2"})
    source.pin("running", source.resolve())
    repository.git("reset", "--quiet", "--hard", "HEAD~1")
    source.mirror.renew()

    assert source.pinned() == {"running": lost}
    assert source.files(lost) == {"web.yaml": b"2"}


def test_the_old_mirror_stays_when_a_new_one_can_not_be_made(source: Source, repository: Repository) -> None:
    sha = source.resolve()
    shutil.move(repository.directory, repository.directory.with_name("away"))

    with pytest.raises(SourceError):
        source.files("0" * 40)
    assert source.files(sha) == {"web.yaml": b"1"}


def test_deleted_branches_leave_the_mirror_and_may_become_directories(
    source: Source, repository: Repository
) -> None:
    repository.git("branch", "feature")
    source.resolve()
    repository.git("branch", "-D", "feature")
    repository.git("branch", "feature/one")
    repository.commit("Second", {"web.yaml": "2"})

    assert works(source, repository)
    assert set(source.mirror.refs("refs/heads")) == {"main", "feature/one"}
    with pytest.raises(SourceError, match="has no branch, tag or commit feature"):
        source.resolve("feature")


def test_only_branches_and_what_is_asked_for_are_fetched(source: Source, repository: Repository) -> None:
    repository.git("tag", "unused")
    repository.git("tag", "-a", "used", "-m", "x", "HEAD")
    repository.git("update-ref", "refs/pull/1/head", "HEAD")
    source.resolve("used")

    assert set(source.mirror.refs("refs")) <= {"heads/main", "tags/used"}


def test_a_shallow_clone_is_a_source(repository: Repository, state: Path, tmp_path: Path) -> None:
    repository.commit("First", {"web.yaml": "1"})
    repository.commit("Second", {"web.yaml": "2"})
    repository.git("clone", "-q", "--depth=1", f"file://{repository.directory}", str(tmp_path / "shallow"))

    shallow = Source(str(tmp_path / "shallow"), state=state)

    assert works(shallow, repository)
    repository.commit("Third", {"web.yaml": "3"})
    repository.commit("Fourth", {"web.yaml": "4"})
    subprocess.run(
        ["git", "fetch", "-q", "--depth=1", "origin", "main"], cwd=tmp_path / "shallow", check=True
    )
    subprocess.run(["git", "reset", "-q", "--hard", "FETCH_HEAD"], cwd=tmp_path / "shallow", check=True)
    assert works(shallow, repository)
    assert shallow.last_touched(None, shallow.resolve(), ["web.yaml"])["web.yaml"].subject == "Fourth"


def test_sources_of_one_repository_share_a_mirror_and_their_writers_wait(
    repository: Repository, state: Path
) -> None:
    repository.commit("First", {f"{n}/web.yaml": str(n) for n in range(6)})
    sources = [Source(str(repository.directory), path=str(n), state=state) for n in range(6)]
    found: dict[int, bytes] = {}

    def read(number: int) -> None:
        found[number] = sources[number].files(sources[number].resolve())["web.yaml"]

    threads = [threading.Thread(target=read, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == {number: str(number).encode() for number in range(6)}
    assert len(list((state / "mirrors").glob("*.lock"))) == 1


def test_a_writer_that_was_killed_holds_no_lock(source: Source, repository: Repository, state: Path) -> None:
    hold = f"""
import os
from pathlib import Path
from gitops.git.source import Source
with Source({str(repository.directory)!r}, state=Path({str(state)!r})).mirror.writing():
    os.kill(os.getpid(), 9)
"""
    done = subprocess.run([sys.executable, "-c", hold], check=False, env=os.environ)

    assert done.returncode == -9
    assert works(source, repository)
