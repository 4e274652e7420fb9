"""The whole command line: help, exit codes, one JSON document, and nothing loaded that isn't needed."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

from gitops import VERSION
from gitops.cli import app, main, named_in
from gitops.commands.cli_rollout import rollout
from tests.gitops.repository import Repository

DEAR = {"sqlalchemy", "podman", "requests", "pydantic", "deepdiff", "git", "yaml", "rich", "sqlite3"}


def names(line: typer.Typer) -> list[str]:
    return sorted(typer.main.get_command(line).commands)  # type: ignore[attr-defined]


NAMES = names(app)
README = Path(__file__).parents[2] / "README.md"
POD = "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec: {containers: [{name: a, image: a}]}\n"
LOOKING = [
    ("get", "pods"),
    ("describe", "pod/a"),
    ("logs", "pod/a"),
    ("exec", "pod/a", "--", "sh"),
    ("status",),
    ("apply",),
    ("adopt", "pod/a"),
]
MODULES = """
import sys
sys.argv = ["sloop", *sys.argv[1:]]
from gitops.cli import main
try:
    main()
finally:
    print(*sys.modules, sep="\\n", file=sys.stderr)
"""


def sloop(*words: str) -> Result:
    return CliRunner().invoke(app, list(words))


def error_of(answer: Result) -> str:
    """Return the one error of an answer: the same line for people and, as one document, for scripts."""
    (said,) = json.loads(answer.stdout).values()
    assert answer.stderr == f"{said}\n"
    return str(said)


@pytest.mark.parametrize("name", NAMES)
def test_every_command_has_help_with_an_example(name: str) -> None:
    answer = sloop(name, "--help")

    assert answer.exit_code == 0
    assert re.search(rf"Example: sloop .*\b{name}\b", answer.stdout)


@pytest.mark.parametrize("name", sorted(typer.main.get_command(rollout).commands))  # type: ignore[attr-defined]
def test_every_command_for_rollouts_has_help_with_an_example(name: str) -> None:
    answer = sloop("rollout", name, "--help")

    assert answer.exit_code == 0
    assert re.search(rf"Example: sloop rollout {name}\b", answer.stdout)


@pytest.mark.parametrize("name", NAMES)
def test_every_option_of_every_command_says_what_it_does(name: str) -> None:
    command = typer.main.get_command(app).commands[name]  # type: ignore[attr-defined]

    assert [option.name for option in command.params if not option.help] == []


@pytest.mark.parametrize("name", NAMES)
def test_every_command_stands_in_the_readme(name: str) -> None:
    assert re.search(rf"^\| `sloop {name}\b", README.read_text(), re.MULTILINE)


def test_without_a_command_help_is_shown() -> None:
    answer = sloop()

    assert "Usage:" in answer.stdout + answer.stderr


@pytest.mark.parametrize("words", [("--help",), ("--version",), ("apply", "--help"), ("get", "--help")])
def test_help_and_version_load_nothing_that_is_dear(words: tuple[str, ...]) -> None:
    done = subprocess.run([sys.executable, "-c", MODULES, *words], text=True, capture_output=True, check=True)
    loaded = {module.partition(".")[0] for module in done.stderr.split()}

    assert "gitops" in loaded
    assert loaded & DEAR == set()


def test_the_version_is_told() -> None:
    assert sloop("--version").stdout == f"sloop {VERSION}\n"


@pytest.mark.parametrize(
    "words",
    [
        ("--nonsense",),
        ("nonsense",),
        ("describe",),
        ("apply", "--timeout", "soon"),
        ("history", "--limit", "0"),
        ("-o", "xml", "status"),
    ],
)
def test_wrong_usage_exits_with_2(words: tuple[str, ...]) -> None:
    assert sloop(*words).exit_code == 2


def test_valid_manifests_exit_with_0_and_bad_ones_with_2(tmp_path: Path) -> None:
    (tmp_path / "good.yaml").write_text(POD)
    (tmp_path / "bad.yaml").write_text(POD.replace("image", "imgae"))

    good, bad = (sloop("-o", "json", "validate", str(tmp_path / f"{name}.yaml")) for name in ("good", "bad"))

    assert (good.exit_code, bad.exit_code) == (0, 2)
    assert json.loads(good.stdout)["problems"] == []
    assert "did you mean `image`" in bad.stdout


@pytest.mark.parametrize("words", LOOKING)
def test_a_podman_out_of_reach_exits_with_4(
    repository: Repository, tmp_path: Path, words: tuple[str, ...]
) -> None:
    repository.commit("A pod", {"a.yaml": POD})
    nobody = f"unix://{tmp_path}/nobody.sock"
    where = ("--repo", str(repository.directory), "--state", str(tmp_path / "state"), "--podman", nobody)

    answer = sloop(*where, "-o", "json", *words)

    assert answer.exit_code == 4
    assert nobody in error_of(answer)


@pytest.mark.parametrize("words", [("status",), ("apply",), ("history",), ("events",), ("rollback",)])
def test_a_directory_that_is_no_repository_exits_with_4_and_names_the_way_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...]
) -> None:
    monkeypatch.chdir(tmp_path)

    answer = sloop("--state", str(tmp_path / "state"), "-o", "json", *words)

    assert answer.exit_code == 4
    assert "--repo" in error_of(answer)


def test_a_diff_that_fails_exits_with_2(repository: Repository, tmp_path: Path) -> None:
    nobody = f"unix://{tmp_path}/nobody.sock"
    where = ("--repo", str(repository.directory), "--state", str(tmp_path / "state"), "--podman", nobody)

    answer = sloop(*where, "-o", "json", "diff")

    assert answer.exit_code == 2
    assert error_of(answer)


def test_a_configuration_that_cannot_be_used_is_one_document_too(tmp_path: Path) -> None:
    (tmp_path / "sloop.yaml").write_text("colour: blue\n")

    answer = sloop("--config", str(tmp_path / "sloop.yaml"), "-o", "json", "status")

    assert answer.exit_code == 2
    assert "colour" in error_of(answer)


def test_whether_a_configuration_can_be_read_is_told_by_reading_it_and_never_by_a_usage_text(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "access", lambda *_: False)  # what the command line's library would ask

    answer = sloop("--config", str(tmp_path), "-o", "json", "status")

    assert answer.exit_code == 2
    assert error_of(answer) == f"cannot read {tmp_path}: Is a directory"


def test_a_ledger_that_cannot_be_read_exits_with_4(repository: Repository, tmp_path: Path) -> None:
    (tmp_path / "ledger.sqlite3").write_text("this is no database, whatever its name says " * 100)

    answer = sloop("--repo", str(repository.directory), "--state", str(tmp_path), "-o", "json", "history")

    assert answer.exit_code == 4
    assert "ledger.sqlite3" in error_of(answer)


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "utf-8"])
def test_a_terminal_whose_letters_are_few_is_told_all_the_same(tmp_path: Path, encoding: str) -> None:
    (tmp_path / "bad.yaml").write_text(POD.replace("kind: Pod", "kind: 日本\U0001f600"))

    def said(*words: str) -> bytes:
        command = [sys.executable, "-c", "from gitops.cli import main; main()", *words]
        surroundings = {**os.environ, "PYTHONIOENCODING": encoding}
        done = subprocess.run(command, cwd=tmp_path, env=surroundings, capture_output=True, check=False)
        assert (done.returncode, done.stderr) == (2, b"")
        return done.stdout

    (problem,) = json.loads(said("-o", "json", "validate", "bad.yaml"))["problems"]
    shown = said("validate", "bad.yaml").decode(encoding)

    assert "日本\U0001f600" in problem["message"]
    assert ("日本\U0001f600" in shown, "\\u65e5" in shown) == (encoding == "utf-8", encoding != "utf-8")


def test_wrong_usage_is_a_document_too_where_json_is_asked_for(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["sloop", "-o", "json", "describe"])

    with pytest.raises(SystemExit) as ended:
        main()

    said = capsys.readouterr()
    assert ended.value.code == 2
    assert "error" in json.loads(said.out)
    assert "Missing argument" in said.err


@pytest.mark.parametrize("name", NAMES)
def test_of_all_commands_those_are_made_ready_that_are_named(name: str) -> None:
    assert names(named_in(["--state", "/var/lib/shop", name, "-o", "json"])) == [name]


@pytest.mark.parametrize("words", [(), ("stauts",), ("--help", "status"), ("status", "--help")])
def test_all_commands_are_there_where_none_is_named_or_help_is_asked_for(words: tuple[str, ...]) -> None:
    assert names(named_in(words)) == NAMES
