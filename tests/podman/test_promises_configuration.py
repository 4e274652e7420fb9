"""Configuration that is written in git is what a program in a container finds."""

import base64
import stat
from pathlib import Path
from typing import Any

import pytest

from tests.podman.manifests import (
    ONE,
    Object,
    config_map,
    headless,
    mounted,
    pod,
    secret,
    variable,
    within,
)
from tests.podman.program import Program

BYTES = bytes(range(256))


def volume(name: str = "files", **source: Any) -> dict[str, Any]:
    """Return pod fields with one volume."""
    return {"volumes": [{"name": name, **source}]}


def applied(program: Program, *objects: Object) -> None:
    """Commit and apply, and find all well, now and at a second look."""
    program.commit("Configuration", *objects)
    said = program.run("apply")
    assert said.code == 0, said
    assert program.run("diff").code == 0


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
    applied(
        program,
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
    applied(
        program,
        config_map(binary=binary, empty=""),
        pod("app", volumeMounts=[mounted("files", "/files")], pod=volume(configMap={"name": "settings"})),
    )

    arrived = program.do("default.app", "base64", "/files/all.bin")
    assert base64.b64decode(arrived) == BYTES
    assert program.do("default.app", "stat", "-Lc", "%s", "/files/empty") == "0\n"


def test_one_key_arrives_as_one_file_among_others(program: Program) -> None:
    mount = mounted("files", "/etc/motd", subPath="motd")
    applied(
        program,
        config_map(motd="Ahoy", other="no"),
        pod("app", volumeMounts=[mount], pod=volume(configMap={"name": "settings"})),
    )

    assert program.do("default.app", "cat", "/etc/motd") == "Ahoy"
    assert "root" in program.do("default.app", "cat", "/etc/passwd")


def test_a_secret_arrives_as_files_with_their_modes_and_its_empty_keys(program: Program) -> None:
    items = [{"key": "key", "path": "tls/key.pem", "mode": 0o400}, {"key": "none", "path": "none"}]
    applied(
        program,
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
    applied(
        program,
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


def test_paths_of_the_machine_arrive_and_are_made_where_they_may_be(program: Program, tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    (tmp_path / "there/file").write_text("from the machine")
    paths = {"there": "Directory", "made": "DirectoryOrCreate", "touched": "FileOrCreate"}
    volumes = [
        {"name": name, "hostPath": {"path": str(tmp_path / name), "type": type_}}
        for name, type_ in paths.items()
    ]
    mounts = [mounted(name, f"/mnt/{name}") for name in paths]
    applied(program, pod("app", volumeMounts=mounts, pod={"volumes": volumes}))

    assert program.do("default.app", "cat", "/mnt/there/file") == "from the machine"
    assert stat.S_ISDIR((tmp_path / "made").stat().st_mode)
    assert stat.S_ISREG((tmp_path / "touched").stat().st_mode)


def test_a_path_of_the_machine_that_is_not_there_fails_its_pod_and_no_other(
    program: Program, tmp_path: Path
) -> None:
    wrong = volume(hostPath={"path": str(tmp_path / "absent"), "type": "Directory"})
    program.commit("Absent", pod("app", volumeMounts=[mounted("files", "/mnt")], pod=wrong), pod("other"))

    said = program.run("apply")

    assert said.code == 1
    assert str(tmp_path / "absent") in said.out
    assert program.running() == ["default.other"]


def test_scratch_space_is_shared_bounded_and_gone_with_its_pod(program: Program) -> None:
    memory = {"emptyDir": {"medium": "Memory", "sizeLimit": "8Mi"}}
    volumes = [{"name": "memory", **memory}, {"name": "disk", "emptyDir": {}}]
    mounts = [mounted("memory", "/dev/fast"), mounted("disk", "/scratch")]
    applied(program, pod("app", volumeMounts=mounts, pod={"volumes": volumes}), pod("other"))

    assert "8192" in program.do("default.app", "df", "-k", "/dev/fast")
    assert program.do("default.app", "touch", "/scratch/file") == ""
    assert program.do("default.app", "ls", "/scratch") == "file\n"
    applied(program, pod("other"))
    assert "volumes" not in program.things()


def test_identity_rights_and_place_arrive(program: Program) -> None:
    context = {
        "runAsUser": 1000,
        "runAsGroup": 2000,
        "readOnlyRootFilesystem": True,
        "allowPrivilegeEscalation": False,
        "capabilities": {"drop": ["ALL"], "add": ["NET_BIND_SERVICE"]},
    }
    shared = {"securityContext": {"supplementalGroups": [3000]}}
    applied(program, pod("app", workingDir="/tmp", securityContext=context, pod=shared))

    status = dict(
        line.split(":\t", 1) for line in program.do("default.app", "cat", "/proc/1/status").splitlines()
    )
    assert status["Uid"].split()[0] == "1000"
    assert status["Gid"].split()[0] == "2000"
    assert "3000" in status["Groups"].split()
    assert int(status["CapBnd"], 16) == 1 << 10  # CAP_NET_BIND_SERVICE
    assert status["NoNewPrivs"] == "1"
    assert program.do("default.app", "pwd") == "/tmp\n"
    assert "ro," in program.do("default.app", "grep", " / ", "/proc/mounts")


def test_limits_arrive(program: Program) -> None:
    resources = {
        "limits": {"memory": "64Mi", "cpu": "500m"},
        "requests": {"memory": "32Mi", "cpu": "250m"},
    }
    applied(program, pod("app", resources=resources))

    limits = program.inspect("default.app")["HostConfig"]
    assert (limits["Memory"], limits["MemoryReservation"]) == (64 << 20, 32 << 20)
    assert limits["CpuQuota"] / limits["CpuPeriod"] == 0.5
    assert limits["CpuShares"] == 256


def test_names_of_hosts_and_resolvers_arrive(program: Program) -> None:
    around = {
        "hostname": "captain",
        "hostAliases": [{"ip": "10.1.2.3", "hostnames": ["ledger", "ledger.example.org"]}],
        "dnsConfig": {
            "nameservers": ["10.9.8.7"],
            "searches": ["example.org"],
            "options": [{"name": "ndots", "value": "3"}],
        },
    }
    applied(program, pod("app", pod=around))

    assert program.do("default.app", "hostname") == "captain\n"
    hosts = program.do("default.app", "cat", "/etc/hosts").splitlines()
    assert {"ledger", "ledger.example.org"} <= {
        word for line in hosts if line.startswith("10.1.2.3") for word in line.split()
    }
    resolver = program.do("default.app", "cat", "/etc/resolv.conf")
    assert "10.9.8.7" in resolver
    assert "search example.org" in resolver
    assert "ndots:3" in resolver


def test_a_headless_name_resolves_inside_its_namespace_and_not_outside(program: Program) -> None:
    labelled = {**pod("db"), "metadata": {"name": "db", "labels": {"app": "db"}}}
    applied(program, headless("data", "db"), labelled, pod("near"), within("elsewhere", pod("far")))

    address = program.address("default.db")
    names = ["data", "data.default", "data.default.svc", "data.default.svc.cluster.local"]
    asked = [program.do("default.near", "nslookup", name) for name in names]
    assert [address in answer for answer in asked] == [True] * 4
    assert address not in program.do("elsewhere.far", "nslookup", "data")
    assert address not in program.do("elsewhere.far", "nslookup", "data.default")


@pytest.mark.parametrize("changed", ["configuration", "secret"])
def test_a_changed_value_replaces_its_readers_only(program: Program, changed: str) -> None:
    def objects(color: str) -> list[Object]:
        reader = pod("reader", env=[variable("PASSWORD", "login", "password")], envFrom=[maps])
        values = {"configuration": (color, "hunter2"), "secret": ("blue", color)}[changed]
        return [config_map(COLOR=values[0]), secret(password=values[1]), reader, pod("other", image=ONE)]

    maps = {"configMapRef": {"name": "settings"}}
    applied(program, *objects("blue"))
    before = program.ids()

    applied(program, *objects("red"))

    after = program.ids()
    assert after["default.other"] == before["default.other"]
    assert after["default.reader"] != before["default.reader"]
    assert "red" in program.do("default.reader", "cat", "/proc/1/environ")
