"""A secret's value is nowhere but in Podman's keeping and in its containers."""

import base64
import json

import pytest

from tests.podman.manifests import Object, deployment, mounted, secret, variable
from tests.podman.program import Program

VALUE = "correct-horse-battery"
NEXT = "staple-of-another-kind"
SPELLINGS = tuple(
    spelling
    for value in (VALUE, NEXT)
    for spelling in (value.encode(), base64.b64encode(value.encode()), value.encode().hex().encode())
)
FILES = {"volumes": [{"name": "keys", "secret": {"secretName": "login"}}]}
LOOKS = (
    ("diff",),
    ("status",),
    ("history",),
    ("events",),
    ("get", "all"),
    ("get", "secrets"),
    ("describe", "secret/login"),
    ("describe", "deployment/web"),
    ("validate", "."),
)


def keeper(**more: object) -> Object:
    """Return a Deployment that reads the secret as a file, and as ``more`` says."""
    return deployment(volumeMounts=[mounted("keys", "/keys")], pod=FILES, **more)


def looked(program: Program) -> list[bytes]:
    """Return what every command that only looks says, to people and to scripts."""
    ways: tuple[tuple[str, ...], ...] = ((), ("-o", "json"))
    return [spoken(program, *way, *look) for look in LOOKS for way in ways]


def told(text: bytes) -> list[bytes]:
    """Return the spellings of the secret that are in a text."""
    return [spelling for spelling in SPELLINGS if spelling in text]


def spoken(program: Program, *arguments: str) -> bytes:
    """Return all that a command writes to a terminal."""
    said = program.run(*arguments)
    return (said.out + said.err).encode()


def kept(program: Program) -> bytes:
    """Return every byte under the state directory; what git keeps of the repository is compressed."""
    files = [path for path in program.state.rglob("*") if path.is_file()]
    assert files
    return b"\n".join(path.read_bytes() for path in files)


def test_a_secret_is_told_by_no_command_and_kept_in_no_file(program: Program) -> None:
    program.commit("Open", secret(password=VALUE), keeper())
    said = [spoken(program, "diff"), spoken(program, "apply")]
    program.commit("Another", secret(password=NEXT), keeper())
    said += looked(program)
    said += [
        spoken(program, "-o", "json", "apply"),
        spoken(program, "-o", "json", "describe", "secret/login"),
    ]
    said += [spoken(program, "rollback", "--dry-run"), spoken(program, "-o", "json", "rollback")]

    assert all(said)
    assert [told(one) for one in said] == [[]] * len(said)
    assert told(kept(program)) == []


def test_a_changed_secret_is_told_as_changed(program: Program) -> None:
    program.commit("Open", secret(password=VALUE), keeper())
    assert program.run("apply").code == 0
    program.commit("Another", secret(password=NEXT), keeper())

    change = next(one for one in program.json("diff")["changes"] if one["kind"] == "Secret")

    assert change["verdict"] == "update"
    assert [field["path"] for field in change["fields"]] == ["stringData.password"]
    assert change["fields"][0]["old"] != change["fields"][0]["new"]


def test_a_secret_that_podman_quotes_in_an_error_is_cut_out_everywhere(program: Program) -> None:
    variables = [variable("PW", "login", "password")]
    program.commit("Quote", secret(password=VALUE), deployment(command=("/bin/$(PW)",), env=variables))

    said = [spoken(program, "apply"), spoken(program, "-o", "json", "apply")]
    said += looked(program)

    assert b"(hidden)" in said[0]
    assert [told(one) for one in said] == [[]] * len(said)
    assert told(kept(program)) == []


def test_podman_shows_the_names_of_secrets_that_are_files_and_not_their_values(program: Program) -> None:
    program.commit("Open", secret(password=VALUE), keeper())
    assert program.run("apply").code == 0
    (name,) = program.running()

    assert program.do(name, "cat", "/keys/password") == VALUE
    assert told(json.dumps(program.inspect(name)).encode()) == []


def test_a_bad_manifest_is_told_without_the_secret_beside_the_mistake(program: Program) -> None:
    wrong = {**secret(password=VALUE), "stringDato": {"password": VALUE}}
    program.commit("Wrong", wrong)

    said = program.run("apply")

    assert said.code == 2
    assert "stringDato" in said.err
    assert told((said.out + said.err).encode()) == []


@pytest.mark.parametrize("value", ["a", "on", "1"])
def test_a_short_secret_does_not_blank_out_what_is_told(program: Program, value: str) -> None:
    program.commit("Short", secret(password=value), deployment(image="localhost/not/there:1"))

    said = program.run("apply")

    assert said.code == 1
    assert "localhost/not/there:1" in said.out
