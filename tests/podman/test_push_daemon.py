"""A daemon that runs takes the work of hooks, and webhooks wake it, whatever its interval."""

import hashlib
import hmac
import json
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.machine import ports
from tests.podman.keeping import Keeper, keeping
from tests.podman.manifests import ONE, TWO, deployment
from tests.podman.program import Program, until
from tests.podman.test_push import NEVER, outcomes, push, said

SECRET = "correct horse battery staple"


@pytest.fixture
def pushing(program: Program, tmp_path: Path) -> Program:
    """Return the program with a clone whose origin deploys what is pushed to it."""
    there = tmp_path / "site.git"
    assert program.run("init", str(there)).code == 0
    program.repository.git("remote", "add", "origin", str(there))
    return replace(program, source=str(there))


@pytest.fixture
def keeper(pushing: Program) -> Iterator[Keeper]:
    """Return a daemon that asks git once an hour, on a repository that has a commit."""
    with push(pushing, "One", deployment()) as first:
        said(first)
    with keeping(pushing, "--interval", "1h") as kept:
        until((pushing.state / "run.sock").exists)
        yield kept
        assert kept.end() == 0


def test_a_push_is_deployed_by_the_daemon_and_told_to_the_pusher(pushing: Program, keeper: Keeper) -> None:
    with push(pushing, "Two", deployment(image=TWO)) as second:
        told = said(second)
    assert told[0] == "1 object in 1 file: valid"
    assert "update Deployment default/web  [rolling]" in told
    assert told[-1].endswith(" is deployed, and well")
    assert pushing.images() == [TWO]
    assert keeper.lines("update Deployment")

    with push(pushing, "Bad", {**deployment(), "spek": {}}) as bad:
        told = said(bad)
    assert "unknown field" in told[0]

    with push(pushing, "Image", deployment(image="localhost/nobody/has:1")) as missing:
        told = said(missing)
    assert any(line.startswith("not well: Deployment/default/web: ") for line in told)
    assert "push a commit that mends it" in told[-1]
    assert pushing.images() == [TWO]
    assert outcomes(pushing) == [
        ("Image", "push", "Failed"),
        ("Two", "push", "Synced"),
        ("One", "push", "Synced"),
    ]


def test_a_push_overtakes_one_that_hangs_at_the_daemon_too(pushing: Program, keeper: Keeper) -> None:
    with push(pushing, "Hangs", deployment(image=TWO, readinessProbe=NEVER)) as hanging:
        keeper.says("waits   Deployment/default/web")
        assert len(pushing.of("web")) == 2
        with push(pushing, "Better", deployment(replicas=2)) as better:
            assert said(better)[-1].endswith(" is deployed, and well")
        overtaken = said(hanging)

    assert any(line.startswith("waits   Deployment/default/web") for line in overtaken)
    assert " is superseded by " in overtaken[-1]
    assert pushing.images() == [ONE, ONE]


def test_a_webhook_wakes_the_daemon_and_its_numbers_are_read_over_http(
    program: Program, tmp_path: Path
) -> None:
    (tmp_path / "secret").write_text(f"{SECRET}\n")
    address = f"127.0.0.1:{ports.free()}"
    program.commit("One", deployment())
    environment = {"SLOOP_WEBHOOK_SECRET_FILE": str(tmp_path / "secret")}
    with keeping(program, "--interval", "1h", "--listen", address, **environment) as keeper:
        keeper.says(f"listening at http://{address}/")
        until(lambda: outcomes(program) == [("One", "run", "Synced")])
        until(lambda: asked(address, "/readyz") == (200, "ok\n"))
        assert asked(address, "/healthz") == (200, "ok\n")

        program.commit("Two", deployment(image=TWO))
        body = json.dumps({"ref": "refs/heads/main"}).encode()
        assert asked(address, "/webhook", body, "0" * 64)[0] == 401
        sign = hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
        assert asked(address, "/webhook", body, sign) == (202, "looking\n")
        until(lambda: program.images() == [TWO])

        numbers = asked(address, "/metrics")[1].splitlines()
        where = 'kind="Deployment",name="web",namespace="default",source=""'
        assert f"sloop_object_pods_wanted{{{where}}} 1.0" in numbers
        assert "# TYPE sloop_pass_seconds histogram" in numbers
        assert keeper.end() == 0


def asked(address: str, path: str, body: bytes | None = None, sign: str = "") -> tuple[int, str]:
    """Ask over HTTP; nobody there is 0."""
    headers = {"X-Hub-Signature-256": f"sha256={sign}"}
    request = urllib.request.Request(f"http://{address}{path}", data=body, headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()
    except OSError:
        return 0, ""
