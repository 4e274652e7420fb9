"""What counts as a manifest of a commit, and what is refused."""

import os
import time
from pathlib import Path

import pytest

from gitops.git.source import Source, SourceError
from tests.gitops.repository import Repository


def files_of(repository: Repository, state: Path, path: str = "") -> dict[str, bytes]:
    source = Source(str(repository.directory), path=path, state=state)
    return dict(source.files(source.resolve()))


def link(repository: Repository, name: str, target: str) -> None:
    (repository.directory / name).parent.mkdir(parents=True, exist_ok=True)
    (repository.directory / name).symlink_to(target)


def test_yaml_and_json_are_manifests_and_hidden_paths_are_not(repository: Repository, state: Path) -> None:
    names = [
        "a.yaml",
        "b.yml",
        "c.json",
        "d/e.yaml",
        "README.md",
        ".hidden.yaml",
        ".github/w.yaml",
        "d/.x/y.yaml",
        "yaml",
    ]
    repository.commit("First", dict.fromkeys(names, "x"))

    assert sorted(files_of(repository, state)) == ["a.yaml", "b.yml", "c.json", "d/e.yaml"]


def test_sloopignore_at_the_top_of_the_path_leaves_out(repository: Repository, state: Path) -> None:
    names = ["deploy/a.yaml", "deploy/test/b.yaml", "deploy/test/c.yaml", "other/d.yaml"]
    ignore = {"deploy/.sloopignore": "test/*\n!c.yaml\n", ".sloopignore": "*"}
    repository.commit("First", dict.fromkeys(names, "x") | ignore)

    assert sorted(files_of(repository, state, "deploy")) == ["a.yaml", "test/c.yaml"]
    assert files_of(repository, state) == {}


def test_a_hidden_directory_may_be_the_path_itself(repository: Repository, state: Path) -> None:
    repository.commit("First", {".deploy/a.yaml": "x"})

    assert files_of(repository, state, ".deploy") == {"a.yaml": b"x"}


def test_a_path_that_is_not_there_names_those_that_are(repository: Repository, state: Path) -> None:
    repository.commit("First", {"deploy/a.yaml": "x", "docs/b": "x", "file": "x"})

    for path in ("deplyo", "file", "deploy/a.yaml"):
        with pytest.raises(SourceError, match=f"no directory {path}\n.*deploy, docs"):
            files_of(repository, state, path)


def test_an_empty_tree_has_no_files(repository: Repository, state: Path) -> None:
    repository.commit("Empty")

    assert files_of(repository, state) == {}


def test_a_link_inside_the_path_is_the_file_it_points_to(repository: Repository, state: Path) -> None:
    link(repository, "d/one.yaml", "../base/web.yaml")
    link(repository, "d/two.yaml", "one.yaml")
    link(repository, "linked", "base")
    repository.commit("First", {"base/web.yaml": "x"})

    assert files_of(repository, state) == {"base/web.yaml": b"x", "d/one.yaml": b"x", "d/two.yaml": b"x"}


@pytest.mark.parametrize("target", ["../secret.yaml", "/etc/passwd", "a/../../secret.yaml", ".."])
@pytest.mark.parametrize("name", ["d/web.yaml", "d/linked"])
def test_a_link_that_leaves_the_path_is_refused(
    repository: Repository, state: Path, name: str, target: str
) -> None:
    link(repository, name, target)
    repository.commit("First", {"secret.yaml": "x"})

    with pytest.raises(SourceError, match="points out of the path"):
        files_of(repository, state, "d")


@pytest.mark.parametrize("target", ["gone.yaml", "web.yaml", "d", ".hidden.yaml"])
def test_a_manifest_that_is_a_link_to_no_file_is_refused(
    repository: Repository, state: Path, target: str
) -> None:
    link(repository, "web.yaml", target)
    repository.commit("First", {"d/a.yaml": "x", ".hidden.yaml": "x"})

    with pytest.raises(SourceError, match=r"the link web.yaml points to"):
        files_of(repository, state)


def test_a_submodule_is_refused_unless_it_is_left_out(repository: Repository, state: Path) -> None:
    sha = repository.commit("First", {"a.yaml": "x"})
    repository.git("update-index", "--add", "--cacheinfo", f"160000,{sha},vendor")
    repository.git("commit", "-q", "-m", "Submodule")

    with pytest.raises(SourceError, match=r"vendor is a submodule.*\n.*sloopignore"):
        files_of(repository, state)
    (repository.directory / ".sloopignore").write_text("vendor\n")
    repository.git("add", ".sloopignore")
    repository.git("commit", "-q", "-m", "Leave out")
    assert files_of(repository, state) == {"a.yaml": b"x"}


def test_a_file_above_the_limit_is_refused(repository: Repository, state: Path) -> None:
    limit = 1024 * 1024
    repository.commit("First", {"just.yaml": "x" * limit, "big.txt": "x" * (limit + 1)})
    assert len(files_of(repository, state)["just.yaml"]) == limit

    repository.commit("Second", {"big.yaml": "x" * (limit + 1)})
    with pytest.raises(SourceError, match=r"big.yaml has 1048577 bytes"):
        files_of(repository, state)


def tree_of(repository: Repository, lines: list[str]) -> str:
    tree = repository.git("mktree", stdin="".join(f"{line}\n" for line in lines))
    repository.git("update-ref", "refs/heads/main", repository.git("commit-tree", tree, "-m", "Made"))
    return tree


def test_too_many_files_or_too_much_is_refused(repository: Repository, state: Path) -> None:
    repository.commit("First", {"one.yaml": "x", "big.yaml": "x" * 1024 * 1024})
    one, big = repository.head("HEAD:one.yaml"), repository.head("HEAD:big.yaml")

    tree_of(repository, [f"100644 blob {one}\t{number}.yaml" for number in range(10_001)])
    with pytest.raises(SourceError, match="there are 10001 manifests"):
        files_of(repository, state)
    tree_of(repository, [f"100644 blob {big}\t{number}.yaml" for number in range(65)])
    with pytest.raises(SourceError, match="have 65 MiB"):
        files_of(repository, state)


def test_a_tree_that_multiplies_itself_is_refused_in_bounded_time(
    repository: Repository, state: Path
) -> None:
    repository.commit("First", {"one.yaml": "x"})
    tree = repository.head("HEAD^{tree}")
    for _ in range(9):
        tree = tree_of(repository, [f"040000 tree {tree}\t{number}" for number in range(10)])

    with pytest.raises(SourceError, match="more than 50000 paths"):
        files_of(repository, state)


def test_a_name_that_no_terminal_should_see_is_refused(repository: Repository, state: Path) -> None:
    repository.commit("First", {"a\x1b[2J.yaml": "x"})
    with pytest.raises(SourceError, match="can't be shown"):
        files_of(repository, state)

    repository.commit("Second", {"a\x1b[2J.yaml": None})
    Path(os.fsdecode(os.fsencode(repository.directory) + b"/\xff.yaml")).touch()
    repository.commit("Third")
    with pytest.raises(SourceError, match="can't be shown"):
        files_of(repository, state)


def test_filters_attributes_and_hooks_of_the_repository_do_not_run(
    repository: Repository, state: Path, tmp_path: Path
) -> None:
    repository.commit("First", {".gitattributes": "* filter=evil\n", "web.yaml": "x\r\n"})
    repository.git("config", "filter.evil.smudge", f"touch {tmp_path}/ran")
    hook = repository.directory / ".git/hooks/post-upload-pack"
    for name in ("reference-transaction", "post-checkout", "pre-auto-gc"):
        hook.with_name(name).write_text(f"#!/bin/sh\ntouch {tmp_path}/ran\n")
        hook.with_name(name).chmod(0o755)

    assert files_of(repository, state) == {"web.yaml": b"x\r\n"}
    assert not (tmp_path / "ran").exists()


def test_a_thousand_files_are_read_in_well_under_a_second(repository: Repository, state: Path) -> None:
    repository.commit("First", {f"{n % 20}/{n}.yaml": f"number: {n}\n" for n in range(1000)})
    source = Source(str(repository.directory), state=state)
    sha = source.resolve()
    started = time.process_time()

    assert len(source.files(sha)) == 1000
    assert time.process_time() - started < 1
