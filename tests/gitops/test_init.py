"""A repository that deploys what is pushed to it, with real git; Podman is out of reach all the time."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import pytest

from gitops import hook
from gitops.git.git_error import SourceError
from gitops.hook import START
from gitops.service.first import FILES
from gitops.service.init import MARK, make, told
from gitops.settings import Settings
from tests.gitops.repository import Repository

POD = "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec: {containers: [{name: a, image: a}]}\n"
BAD = POD.replace("image: a", "imgae: a")
NOBODY = "nobody.sock"
READS = ("--inh-caps=+dac_read_search", "--ambient-caps=+dac_read_search")  # Python may be in root's home
ANOTHER = () if os.geteuid() else ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", *READS)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(state=tmp_path / "state", podman=f"unix://{tmp_path}/{NOBODY}")


@pytest.fixture
def here(tmp_path: Path, settings: Settings) -> Path:
    """Return a repository that deploys, under a path that a shell could stumble over."""
    directory = tmp_path / """it's "my" $(site) `here`.git"""
    make(settings, directory, "main", template=False)
    return directory


@pytest.fixture
def clone(here: Path, tmp_path: Path) -> Repository:
    one = Repository(tmp_path / "clone")
    one.git("remote", "add", "origin", str(here))
    return one


def pushed(clone: Repository, *words: str, **environment: str) -> tuple[int, str]:
    """Push, and return how that ended and what the other side said."""
    done = subprocess.run(
        ["git", "push", "origin", *words],
        cwd=clone.directory,
        env={**os.environ, **environment},
        text=True,
        capture_output=True,
        check=False,
    )
    said = [line.removeprefix("remote:").strip() for line in done.stderr.splitlines()]
    return done.returncode, "\n".join(said)


def commands() -> Iterator[bytes]:
    """Yield the command line of each process."""
    for file in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):  # it ended meanwhile
            yield file.read_bytes()


def head(here: Path) -> str:
    asked = ["git", "-C", str(here), "rev-parse", "--verify", "--quiet", "main"]
    return subprocess.run(asked, text=True, capture_output=True, check=False).stdout.strip()


def test_a_good_push_is_checked_accepted_and_brought_to_podman(clone: Repository, here: Path) -> None:
    sha = clone.commit("One", {"a.yaml": POD})

    code, said = pushed(clone, "main")

    assert (code, head(here)) == (0, sha)
    checked, trouble = said.splitlines()[:2]
    assert checked == "1 object in 1 file: valid"
    assert NOBODY in trouble


def test_a_bad_push_is_refused_with_file_and_line_and_changes_nothing(clone: Repository, here: Path) -> None:
    good = clone.commit("One", {"deploy/a.yaml": POD})
    pushed(clone, "main")
    clone.commit("Two", {"deploy/a.yaml": BAD})

    code, said = pushed(clone, "main")

    assert (code, head(here)) == (1, good)
    assert "deploy/a.yaml:4:" in said
    assert "did you mean `image`" in said
    assert NOBODY not in said


def test_a_push_is_deployed_by_the_process_that_has_checked_it(
    clone: Repository, here: Path, settings: Settings, tmp_path: Path
) -> None:
    program = tmp_path / "hook.py"
    program.write_text(Path(hook.__file__).read_text().replace(START, "raise SystemExit(9)"))
    second = here / "hooks/post-receive"
    second.write_text(second.read_text().replace(hook.__file__, str(program)))
    clone.commit("One", {"a.yaml": POD})

    _, said = pushed(clone, "main")

    assert NOBODY in said
    assert not list(settings.state.glob("push-*"))


def test_a_refused_push_leaves_nobody_behind(clone: Repository, settings: Settings) -> None:
    clone.commit("One", {"a.yaml": BAD})

    pushed(clone, "main")

    assert not list(settings.state.glob("push-*"))
    assert not [words for words in commands() if os.fsencode(settings.state) in words]


def test_only_what_lies_below_the_path_is_checked_and_files_are_named_from_the_top(
    tmp_path: Path, settings: Settings
) -> None:
    make(
        Settings(state=settings.state, podman=settings.podman, path="deploy"),
        tmp_path / "s.git",
        "main",
        template=False,
    )
    clone = Repository(tmp_path / "clone")
    clone.git("remote", "add", "origin", str(tmp_path / "s.git"))
    clone.commit("One", {"deploy/a.yaml": POD, "docs/b.yaml": BAD})
    assert pushed(clone, "main")[0] == 0
    clone.commit("Two", {"deploy/a.yaml": BAD})

    code, said = pushed(clone, "main")

    assert code == 1
    assert "deploy/a.yaml:4:" in said


def test_a_commit_without_manifests_needs_a_word(clone: Repository, here: Path) -> None:
    sha = clone.commit("Nothing", {"README": "no manifest"})

    code, said = pushed(clone, "main")

    assert code == 1
    assert "git push -o allow-empty" in said
    assert pushed(clone, "main", "-o", "allow-empty")[0] == 0
    assert head(here) == sha


def test_an_unknown_push_option_is_refused_by_its_name(clone: Repository) -> None:
    clone.commit("One", {"a.yaml": POD})

    code, said = pushed(clone, "main", "-o", "allow-emty")

    assert code == 1
    assert "'allow-emty'" in said


def test_another_branch_and_a_tag_are_kept_and_not_deployed(clone: Repository) -> None:
    clone.commit("One", {"a.yaml": BAD})
    clone.git("tag", "v1")

    code, said = pushed(clone, "main:feature", "v1")

    assert code == 0
    assert said.splitlines()[0] == "sloop: nothing is deployed: this machine follows main"


def test_the_branch_that_is_deployed_is_not_deleted_and_others_are(clone: Repository, here: Path) -> None:
    sha = clone.commit("One", {"a.yaml": POD})
    pushed(clone, "main", "main:feature")

    kept, gone = pushed(clone, "--delete", "main"), pushed(clone, "--delete", "feature")

    assert (kept[0], gone[0]) == (1, 0)
    assert "allow-empty" in kept[1]
    assert head(here) == sha


def test_a_force_push_back_is_deployed_like_any_other(clone: Repository, here: Path) -> None:
    first = clone.commit("One", {"a.yaml": POD})
    clone.commit("Two", {"b.yaml": POD.replace("name: a}", "name: b}")})
    pushed(clone, "main")

    code, said = pushed(clone, "--force", f"{first}:main")

    assert (code, head(here)) == (0, first)
    assert said.splitlines()[0] == "1 object in 1 file: valid"
    assert NOBODY in said


def test_who_rolls_back_deploys_by_itself(clone: Repository) -> None:
    clone.commit("One", {"a.yaml": POD})

    code, said = pushed(clone, "main", SLOOP_DEPLOYER="sloop rollback")

    assert code == 0
    assert NOBODY not in said


def test_a_push_by_another_user_is_checked_and_not_deployed_to_a_podman_of_theirs(
    clone: Repository, here: Path
) -> None:
    hook = here / "hooks/post-receive"
    hook.write_text(hook.read_text().replace(f" deploy {os.geteuid()} ", " deploy 54321 "))
    sha = clone.commit("One", {"a.yaml": POD})

    code, said = pushed(clone, "main")

    assert (code, head(here)) == (0, sha)
    assert f"{sha[:7]} is accepted, but not deployed by this push" in said
    assert "user 54321" in said
    assert NOBODY not in said


def test_who_only_checks_needs_nothing_of_a_state_that_belongs_to_another_user(settings: Settings) -> None:
    settings.state.mkdir()
    settings.state.chmod(0o700 if os.geteuid() == 0 else 0)

    with tempfile.TemporaryDirectory() as place:
        Path(place).chmod(0o755)
        Path(place, "a.yaml").write_text(POD)
        check = [sys.executable, "-c", START, "--state", str(settings.state), "validate", place]
        done = subprocess.run([*ANOTHER, *check], text=True, capture_output=True, check=False)

    assert (done.returncode, done.stderr) == (0, "")
    assert "1 object in 1 file: valid" in done.stdout


def test_hooks_whose_sloop_has_moved_away_say_what_to_do(clone: Repository, here: Path) -> None:
    hook = here / "hooks/pre-receive"
    hook.write_text(hook.read_text().replace("python=", "python=/nowhere"))
    clone.commit("One", {"a.yaml": POD})

    code, said = pushed(clone, "main")

    assert code == 1
    assert f"sloop init {here}" in said


def test_the_first_repository_is_valid_and_can_be_pushed_to(tmp_path: Path, settings: Settings) -> None:
    document = make(settings, tmp_path / "site.git", "trunk", template=True)
    clone = Repository(tmp_path / "first")
    clone.git("fetch", "--quiet", str(tmp_path / "site.git"), "trunk")
    clone.git("reset", "--quiet", "--hard", "FETCH_HEAD")
    clone.git("remote", "add", "origin", str(tmp_path / "site.git"))
    clone.commit("Mine", {"more.yaml": POD})

    code, said = pushed(clone, "main:trunk")

    assert (document["branch"], document["made"]) == ("trunk", True)
    assert set(FILES) <= set(clone.git("ls-files").split())
    assert code == 0
    assert said.splitlines()[0] == "3 objects in 2 files: valid"
    assert any("apply" in line for line in told(document))


def test_who_makes_the_same_repository_at_once_finds_it_made(tmp_path: Path, settings: Settings) -> None:
    with ThreadPoolExecutor(8) as pool:
        both = [pool.submit(make, settings, tmp_path / "site.git", "main", template=True) for _ in range(8)]

    assert sorted(one.result()["made"] for one in both) == [False] * 7 + [True]


def test_hooks_are_renewed_and_nothing_else_is(here: Path, clone: Repository, settings: Settings) -> None:
    sha = clone.commit("One", {"a.yaml": POD})
    pushed(clone, "main")
    hook = here / "hooks/pre-receive"
    hook.write_text(f"{MARK}\nan older one\n")

    document = make(settings, here, "elsewhere", template=True)

    assert document["made"] is False
    assert (document["branch"], head(here)) == ("main", sha)
    assert sys.executable in hook.read_text()
    assert hook.stat().st_mode & 0o777 == 0o755


def test_a_hook_of_somebody_elses_is_left_alone(here: Path, settings: Settings) -> None:
    hook = here / "hooks/post-receive"
    hook.write_text("#!/bin/sh\necho mine\n")

    with pytest.raises(SourceError, match="is not sloop's"):
        make(settings, here, "main", template=False)

    assert hook.read_text() == "#!/bin/sh\necho mine\n"


@pytest.mark.parametrize("bare", [False, None], ids=["a work tree", "no repository"])
def test_a_directory_that_holds_something_else_is_left_alone(
    tmp_path: Path, settings: Settings, bare: bool | None
) -> None:
    place = tmp_path / "there"
    if bare is False:
        Repository(place)
    place.mkdir(exist_ok=True)
    (place / "letter.txt").write_text("mine")
    before = sorted(place.rglob("*"))

    with pytest.raises(SourceError, match="no bare repository"):
        make(settings, place, "main", template=False)

    assert sorted(place.rglob("*")) == before
