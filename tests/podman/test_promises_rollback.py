"""A rollback is a commit: on the source's branch, pushed, applied; or nothing has changed anywhere."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from tests.gitops.repository import Repository
from tests.podman.manifests import ONE, TWO, config_map, deployment
from tests.podman.program import Program, Said

Place = Callable[[Program], Program]


def in_a_work_tree(program: Program) -> Program:
    return program


def in_a_bare_repository(program: Program) -> Program:
    bare = program.repository.clone(program.repository.directory.with_name("site.git"), "--bare")
    program.repository.git("remote", "add", "origin", str(bare.directory))
    return replace(program, source=str(bare.directory))


def at_a_url(program: Program) -> Program:
    bare = in_a_bare_repository(program)
    return replace(bare, source=f"file://{bare.source}")


def published(program: Program) -> Repository:
    """Return the repository that is the source."""
    place = program.source.removeprefix("file://")
    return (
        Repository(program.repository.directory.with_name("site.git"), bare=True)
        if place
        else program.repository
    )


def deployed(program: Program) -> None:
    """Deploy one image, then the other."""
    program.commit("Good", deployment())
    program.commit("Bad", deployment(image=TWO))


def refused(program: Program, *arguments: str) -> Said:
    """Roll back, and find that nothing has happened."""
    before = published(program).head("main"), program.ids()

    said = program.run("rollback", *arguments)

    assert said.code in {2, 4}, said
    assert 1 <= len(said.lines) <= 2
    assert (published(program).head("main"), program.ids()) == before
    return said


@pytest.mark.parametrize("place", [in_a_work_tree, in_a_bare_repository, at_a_url])
def test_a_rollback_is_committed_published_and_applied(program: Program, place: Place) -> None:
    deployed(program)
    there = place(program)
    assert there.run("apply").code == 0
    assert there.images() == [TWO]

    said = there.run("rollback")

    assert said.code == 0, said
    assert there.images() == [ONE]
    assert 'Roll back "Bad"' in published(there).git("log", "-1", "--format=%s", "main")
    history = there.json("history")
    assert [(one["outcome"], one["trigger"]) for one in history] == [
        ("RolledBack", "rollback"),
        ("Synced", "apply"),
    ]
    assert there.run("diff").code == 0


def test_a_second_rollback_goes_one_further_back(program: Program) -> None:
    program.commit("First", deployment(), config_map(color="blue"))
    program.commit("Second", deployment(replicas=2), config_map(color="blue"))
    program.commit("Third", deployment(replicas=3), config_map(color="blue"))
    assert program.run("apply").code == 0

    codes = [program.run("rollback").code, program.run("rollback").code]

    assert codes == [0, 0]
    assert len(program.running()) == 1


@pytest.mark.parametrize("arguments", [("--steps", "2"), ("--to", "HEAD~2")])
def test_several_commits_are_taken_back_by_one(program: Program, arguments: tuple[str, ...]) -> None:
    program.commit("First", deployment())
    program.commit("Second", deployment(replicas=2))
    program.commit("Third", deployment(replicas=3))
    assert program.run("apply").code == 0

    said = program.run("rollback", *arguments)

    assert said.code == 0, said
    assert len(program.running()) == 1
    assert program.repository.git("rev-list", "--count", "main") == "4"


def test_what_a_rollback_would_do_is_shown_and_not_done(program: Program) -> None:
    deployed(program)
    assert program.run("apply").code == 0
    before = program.repository.head()

    said = program.run("rollback", "--dry-run")

    assert said.code == 1
    assert "Bad" in said.out
    assert (program.repository.head(), program.images()) == (before, [TWO])


def test_a_dirty_work_tree_is_left_alone(program: Program) -> None:
    deployed(program)
    assert program.run("apply").code == 0
    (file,) = program.repository.directory.glob("*.yaml")
    file.write_text(f"{file.read_text()}\n")

    said = refused(program)

    assert "commit or stash" in said.err
    assert file.read_text().endswith("\n")


def test_a_conflict_is_told(program: Program) -> None:
    deployed(program)
    last = program.commit("Worse", deployment(image=TWO, replicas=2))
    program.commit(f"Undone by hand\n\nSloop-Reverts: {last}", deployment(image=ONE, replicas=4))
    assert program.run("apply").code == 0

    said = refused(program)

    assert "deployment-web.yaml changed since" in said.err
    assert "--to REV" in said.err


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--to", "no-such-commit"), "no-such-commit"),
        (("--steps", "7"), "--to REV"),
        (("--path", "nowhere"), "nothing to roll back"),
        (("--to", "HEAD"), "nothing to roll back"),
    ],
)
def test_what_cannot_be_rolled_back_is_told(program: Program, arguments: tuple[str, ...], told: str) -> None:
    deployed(program)
    assert program.run("apply").code == 0

    assert told in refused(program, *arguments).err


def test_a_rollback_of_a_bare_repository_must_be_pushed(program: Program) -> None:
    deployed(program)
    there = in_a_bare_repository(program)
    assert there.run("apply").code == 0

    assert "--no-push" in refused(there, "--no-push").err


def test_a_push_that_a_hook_refuses_changes_nothing(program: Program) -> None:
    deployed(program)
    there = in_a_bare_repository(program)
    assert there.run("apply").code == 0
    hook = published(there).directory / "hooks/pre-receive"
    hook.write_text("#!/bin/sh\necho ask the captain\nexit 1\n")
    hook.chmod(0o755)

    assert "ask the captain" in refused(there).err


def test_a_branch_that_moves_meanwhile_is_left_where_it_is(program: Program) -> None:
    deployed(program)
    there = in_a_bare_repository(program)
    assert there.run("apply").code == 0
    bare = published(there)
    newer = bare.git("commit-tree", "main^{tree}", "-p", "main", "-m", "Somebody was quicker")
    hook = bare.directory / "hooks/pre-receive"
    hook.write_text(f"#!/bin/sh\nunset GIT_QUARANTINE_PATH\ngit update-ref refs/heads/main {newer}\n")
    hook.chmod(0o755)

    said = there.run("rollback")

    assert said.code == 4
    assert "moved meanwhile" in said.err
    assert bare.head("main") == newer
    assert there.images() == [TWO]
