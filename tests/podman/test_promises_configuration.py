"""Configuration that is written in git is what a program in a container finds."""

import base64
from typing import Any

import pytest

from tests.podman.manifests import ONE, Object, config_map, mounted, pod, secret, variable
from tests.podman.program import Program

BYTES = bytes(range(256))


def volume(name: str = "files", **source: Any) -> dict[str, Any]:
    """Return pod fields with one volume."""
    return {"volumes": [{"name": name, **source}]}


def found(program: Program, path: str) -> tuple[str, str]:
    """Return a file's content and mode in the container."""
    return program.do("default.app", "cat", path), program.do(
        "default.app", "stat", "-Lc", "%a", path
    ).strip()


def variables(program: Program) -> dict[str, str]:
    """Return the environment of the container's program."""
    lines = program.do("default.app", "cat", "/proc/1/environ").split("\0")
    return dict(line.split("=", 1) for line in lines if "=" in line)


def test_a_config_map_arrives_as_files_with_their_modes(program: Program) -> None:
    items = [{"key": "a", "path": "deep/one", "mode": 0o600}, {"key": "b", "path": "two"}]
    source = {"name": "settings", "items": items, "defaultMode": 0o440}
    program.deploy(
        config_map(a="first", b="second", c="left out"),
        pod("app", volumeMounts=[mounted("files", "/etc/app")], pod=volume(configMap=source)),
    )

    assert found(program, "/etc/app/deep/one") == ("first", "600")
    assert found(program, "/etc/app/two") == ("second", "440")
    assert program.do("default.app", "ls", "/etc/app").split() == ["deep", "two"]
    assert program.do("default.app", "touch", "/etc/app/three") == ""
    assert program.do("default.app", "ls", "/etc/app/three") == ""


def test_a_config_map_arrives_byte_by_byte_and_with_its_empty_keys(program: Program) -> None:
    binary = {"all.bin": base64.b64encode(BYTES).decode()}
    program.deploy(
        config_map(binary=binary, empty=""),
        pod("app", volumeMounts=[mounted("files", "/files")], pod=volume(configMap={"name": "settings"})),
    )

    arrived = program.do("default.app", "base64", "/files/all.bin")
    assert base64.b64decode(arrived) == BYTES
    assert program.do("default.app", "stat", "-Lc", "%s", "/files/empty") == "0\n"


def test_one_key_arrives_as_one_file_among_others(program: Program) -> None:
    mount = mounted("files", "/etc/motd", subPath="motd")
    program.deploy(
        config_map(motd="Ahoy", other="no"),
        pod("app", volumeMounts=[mount], pod=volume(configMap={"name": "settings"})),
    )

    assert program.do("default.app", "cat", "/etc/motd") == "Ahoy"
    assert "root" in program.do("default.app", "cat", "/etc/passwd")


def test_a_secret_arrives_as_files_with_their_modes_and_its_empty_keys(program: Program) -> None:
    items = [{"key": "key", "path": "tls/key.pem", "mode": 0o400}, {"key": "none", "path": "none"}]
    program.deploy(
        secret(key="private", none=""),
        pod(
            "app",
            volumeMounts=[mounted("files", "/keys")],
            pod=volume(secret={"secretName": "login", "items": items}),
        ),
    )

    assert found(program, "/keys/tls/key.pem") == ("private", "400")
    assert program.do("default.app", "stat", "-Lc", "%s", "/keys/none") == "0\n"


def test_the_environment_arrives_with_prefixes_references_and_what_is_optional(program: Program) -> None:
    program.deploy(
        config_map(COLOR="blue", EMPTY=""),
        secret(password="hunter2", blank=""),
        pod(
            "app",
            command=("sh", "-c", "exec sleep $(SECONDS_LEFT)"),
            envFrom=[
                {"prefix": "APP_", "configMapRef": {"name": "settings"}},
                {"secretRef": {"name": "missing", "optional": True}},
            ],
            env=[
                {"name": "SECONDS_LEFT", "value": "1000"},
                variable("PASSWORD", "login", "password"),
                variable("BLANK", "login", "blank"),
                {"name": "URL", "value": "db://$(PASSWORD)@$(APP_COLOR)/$$(APP_COLOR)/$(UNKNOWN)"},
                {"name": "POD", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}},
                {"name": "NAMESPACE", "valueFrom": {"fieldRef": {"fieldPath": "metadata.namespace"}}},
            ],
        ),
    )

    got = variables(program)
    assert (got["APP_COLOR"], got["APP_EMPTY"]) == ("blue", "")
    assert (got["PASSWORD"], got["BLANK"]) == ("hunter2", "")
    assert got["URL"] == "db://hunter2@blue/$(APP_COLOR)/$(UNKNOWN)"
    assert (got["POD"], got["NAMESPACE"]) == ("app", "default")


@pytest.mark.parametrize("changed", ["configuration", "secret"])
def test_a_changed_value_replaces_its_readers_only(program: Program, changed: str) -> None:
    def objects(color: str) -> list[Object]:
        reader = pod("reader", env=[variable("PASSWORD", "login", "password")], envFrom=[maps])
        values = {"configuration": (color, "hunter2"), "secret": ("blue", color)}[changed]
        return [config_map(COLOR=values[0]), secret(password=values[1]), reader, pod("other", image=ONE)]

    maps = {"configMapRef": {"name": "settings"}}
    program.deploy(*objects("blue"))
    before = program.ids()

    program.deploy(*objects("red"))

    after = program.ids()
    assert after["default.other"] == before["default.other"]
    assert after["default.reader"] != before["default.reader"]
    assert "red" in program.do("default.reader", "cat", "/proc/1/environ")
