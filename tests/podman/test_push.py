"""Who pushes sees what becomes of it, on a real Podman; what fails keeps the old version in service."""

import json
import os
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.podman.manifests import ONE, TWO, Object, deployment, named, pod_spec
from tests.podman.program import Program, until

NEVER = {"exec": {"command": ["false"]}, "periodSeconds": 1}
REFUSE = ("sh", "-c", "echo no such column: users.name; exit 1")
CRY = ("sh", "-c", "echo no settings; exit 3")


@pytest.fixture
def pushing(program: Program, tmp_path: Path) -> Program:
    """Return the program with a clone whose origin deploys what is pushed to it."""
    there = tmp_path / "my site.git"
    assert program.run("init", str(there)).code == 0
    program.repository.git("remote", "add", "origin", str(there))
    return replace(program, source=str(there))


@contextmanager
def push(program: Program, subject: str, *objects: Mapping[str, Any]) -> Iterator[subprocess.Popen[str]]:
    """Commit these objects and push them; what the other side says is in stderr."""
    program.commit(subject, *objects)
    command = ["git", "push", "--quiet", "origin", "main"]
    with subprocess.Popen(
        command,
        cwd=program.repository.directory,
        env=program.environment(),
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as pushed:
        yield pushed
        pushed.kill()


def said(pushed: subprocess.Popen[str]) -> list[str]:
    """Return all that was said until the push was over."""
    _, told = pushed.communicate(timeout=60)
    return [line.removeprefix("remote: ").strip() for line in told.splitlines()]


def outcomes(program: Program) -> list[tuple[str, str, str]]:
    return [(one["subject"], one["trigger"], one["outcome"]) for one in program.json("history")]


def test_a_push_deploys_and_what_it_breaks_is_told_while_the_old_version_serves(pushing: Program) -> None:
    with push(pushing, "One", deployment()) as first:
        told = said(first)
    assert told[0] == "1 object in 1 file: valid"
    assert "create Deployment default/web" in told
    assert told[-1].endswith("Synced)")
    assert pushing.images() == [ONE]

    with push(pushing, "Image", deployment(image="localhost/nobody/has:1")) as second:
        told = said(second)
    assert any(line.startswith("failed  pull image/localhost/nobody/has:1") for line in told)
    assert told[-2].endswith("Failed)")
    assert "push a commit that mends it" in told[-1]
    assert not any(line.startswith("Last output of") for line in told)
    assert pushing.images() == [ONE]

    assert outcomes(pushing) == [("Image", "push", "Failed"), ("One", "push", "Synced")]


def test_a_push_overtakes_one_that_hangs_and_both_are_told(pushing: Program) -> None:
    with push(pushing, "Good", deployment()) as good:
        said(good)
    with push(pushing, "Hangs", deployment(image=TWO, readinessProbe=NEVER)) as hanging:
        until(lambda: sorted(pushing.images()) == [ONE, TWO])
        with push(pushing, "Better", deployment(replicas=2)) as better:
            told = said(better)
        assert told[-1].endswith("Synced)")
        overtaken = said(hanging)

    assert any(line.startswith("waits   Deployment/default/web: 0 of 1 pods") for line in overtaken)
    assert " is superseded by " in overtaken[-1]
    assert pushing.images() == [ONE, ONE]
    assert outcomes(pushing)[:2] == [("Better", "push", "Synced"), ("Hangs", "push", "Superseded")]


def test_a_deployment_outlives_the_one_who_pushed(pushing: Program) -> None:
    slow = {"exec": {"command": ["true"]}, "initialDelaySeconds": 2, "periodSeconds": 1}
    with push(pushing, "Slow", deployment(readinessProbe=slow)) as pushed:
        until(lambda: pushing.images() == [ONE])
        os.killpg(pushed.pid, 2)
        pushed.wait(10)

    until(lambda: outcomes(pushing) == [("Slow", "push", "Synced")])


def test_the_last_words_of_what_fails_are_told(program: Program) -> None:
    program.commit("Cries", deployment(command=CRY))

    told = program.run("apply", "--timeout", "3s")

    assert told.code == 3
    assert "Last output of web-" in told.out
    assert "  no settings" in told.out.splitlines()
    assert json.loads(program.run("-o", "json", "apply", "--timeout", "1s").out)["output"][0]["lines"]


def test_a_rollback_of_what_was_pushed_deploys_once(pushing: Program) -> None:
    with push(pushing, "One", deployment()) as first:
        said(first)
    with push(pushing, "Two", deployment(image=TWO)) as second:
        said(second)

    assert pushing.run("rollback").code == 0

    assert pushing.images() == [ONE]
    runs = outcomes(pushing)
    assert [outcome for _, _, outcome in runs] == ["RolledBack", "Synced", "Synced"]
    assert [trigger for _, trigger, _ in runs] == ["rollback", "push", "push"]


def hook(phase: str, *command: str, name: str = "migrate") -> Object:
    """Return a Job that runs once for each commit."""
    annotations = {"argocd.argoproj.io/hook": phase}
    spec = pod_spec(ONE, command=command, pod={"restartPolicy": "Never"})
    job = named("Job", name, api="batch/v1", annotations=annotations)
    return {**job, "spec": {"backoffLimit": 0, "template": {"spec": spec}}}


def test_a_migration_that_fails_stops_a_push_and_says_its_last_words(pushing: Program) -> None:
    with push(pushing, "One", deployment(), hook("PreSync", "true")) as first:
        assert said(first)[-1].endswith("Synced)")
    serving = pushing.of("web")

    with push(pushing, "Two", deployment(image=TWO), hook("PreSync", *REFUSE)) as second:
        told = said(second)
    assert told[-2].endswith("Failed)")
    assert "no such column: users.name" in told
    assert any("Job/default/migrate: BackoffLimitExceeded" in line for line in told)
    assert pushing.of("web") == serving
    assert pushing.images() == [ONE]

    log = hook("PostSync", "sh", "-c", "echo all is well", name="test")
    with push(pushing, "Three", deployment(image=TWO), hook("PreSync", "true"), log) as third:
        assert said(third)[-1].endswith("Synced)")
    assert pushing.images() == [TWO]
    assert pushing.run("logs", "job/test").out == "all is well\n"
    assert [outcome for _, _, outcome in outcomes(pushing)] == ["Synced", "Failed", "Synced"]
