"""The commands that look, as far as they come without Podman: what is misused, and what the ledger tells."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from gitops.cli import app
from gitops.git.source import Source
from runtime.ledger import open_ledger
from runtime.resources import Owner
from tests.gitops.repository import Repository

WEB, JOB = Owner("Deployment", "shop", "web"), Owner("Pod", "default", "job")


@pytest.fixture
def events(repository: Repository, state: Path) -> list[str]:
    """Keep four events in a ledger; return the beginning of the command line that finds them."""
    source = Source(str(repository.directory), state=state)
    with open_ledger(state, pytest.fail) as ledger:
        ledger.tell(source.id, WEB, "Create", "first", 1.0)
        ledger.tell(source.id, JOB, "Create", "second", 2.0)
        ledger.warn(source.id, WEB, "StepFailed", "third", 3.0)
        ledger.tell("another source", WEB, "Create", "not ours", 4.0)
    return ["--repo", str(repository.directory), "--state", str(state)]


def sloop(*words: str) -> Result:
    return CliRunner().invoke(app, list(words))


def told(*words: str) -> Any:
    return json.loads(sloop(*words, "-o", "json").stdout)


def test_the_newest_event_is_the_last_line(events: list[str]) -> None:
    lines = sloop(*events, "events").stdout.splitlines()

    assert lines[0].split() == ["TIME", "(UTC)", "TYPE", "REASON", "OBJECT", "MESSAGE"]
    assert [line.split()[-1] for line in lines[1:]] == ["first", "second", "third"]


def test_a_limit_keeps_the_newest_events(events: list[str]) -> None:
    assert [event["message"] for event in told(*events, "events", "--limit", "2")] == ["second", "third"]


def test_events_are_of_one_object_or_namespace_where_that_is_said(events: list[str]) -> None:
    of_web = told(*events, "events", "deploy/web", "-n", "shop")
    of_default = told(*events, "events", "-n", "default")

    assert [event["message"] for event in of_web] == ["first", "third"]
    assert [event["message"] for event in of_default] == ["second"]


def test_no_events_are_told_as_such_and_leave_no_ledger_behind(repository: Repository, state: Path) -> None:
    asked = ["--repo", str(repository.directory), "--state", str(state), "events"]

    assert told(*asked) == []
    assert "No events found." in sloop(*asked).stderr
    assert not state.exists()


@pytest.mark.parametrize(
    "words",
    [
        ("get", "foo"),
        ("describe", "web"),
        ("describe", "foo/web"),
        ("events", "web"),
        ("logs", "foo/web"),
        ("logs", "pod/web", "-f"),
        ("exec", "web/", "--", "sh"),
    ],
)
def test_misuse_is_told_in_one_line_and_one_document(words: tuple[str, ...]) -> None:
    answer = sloop("-o", "json", *words)

    assert answer.exit_code == 2
    assert json.loads(answer.stdout) == {"error": answer.stderr.rstrip("\n")}
    assert len(answer.stderr.splitlines()) == 1


@pytest.mark.parametrize(
    "words", [("get", "pods"), ("describe", "pod/web"), ("logs", "pod/web"), ("exec", "pod/web", "--", "sh")]
)
def test_a_podman_out_of_reach_is_told_in_one_line_and_one_document(
    repository: Repository, state: Path, words: tuple[str, ...]
) -> None:
    nobody = f"unix://{state}/nobody.sock"
    where = ["--repo", str(repository.directory), "--state", str(state), "--podman", nobody]

    answer = sloop(*where, "-o", "json", *words)

    assert answer.exit_code == 4
    assert nobody in json.loads(answer.stdout)["error"]
    assert len(answer.stderr.splitlines()) == 1
