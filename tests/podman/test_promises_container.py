"""What a manifest says of a container's surroundings is what it has: paths, rights, limits, names."""

import stat
from pathlib import Path
from typing import Any

from tests.podman.manifests import headless, mounted, pod, within
from tests.podman.program import Program


def volume(name: str = "files", **source: Any) -> dict[str, Any]:
    """Return pod fields with one volume."""
    return {"volumes": [{"name": name, **source}]}


def test_paths_of_the_machine_arrive_and_are_made_where_they_may_be(program: Program, tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    (tmp_path / "there/file").write_text("from the machine")
    paths = {"there": "Directory", "made": "DirectoryOrCreate", "touched": "FileOrCreate"}
    volumes = [
        {"name": name, "hostPath": {"path": str(tmp_path / name), "type": type_}}
        for name, type_ in paths.items()
    ]
    mounts = [mounted(name, f"/mnt/{name}") for name in paths]
    program.deploy(pod("app", volumeMounts=mounts, pod={"volumes": volumes}))

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
    program.deploy(pod("app", volumeMounts=mounts, pod={"volumes": volumes}), pod("other"))

    assert "8192" in program.do("default.app", "df", "-k", "/dev/fast")
    assert program.do("default.app", "touch", "/scratch/file") == ""
    assert program.do("default.app", "ls", "/scratch") == "file\n"
    program.deploy(pod("other"))
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
    program.deploy(pod("app", workingDir="/tmp", securityContext=context, pod=shared))

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
    program.deploy(pod("app", resources=resources))

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
    program.deploy(pod("app", pod=around))

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
    program.deploy(headless("data", "db"), labelled, pod("near"), within("elsewhere", pod("far")))

    address = program.address("default.db")
    names = ["data", "data.default", "data.default.svc", "data.default.svc.cluster.local"]
    asked = [program.do("default.near", "nslookup", name) for name in names]
    assert [address in answer for answer in asked] == [True] * 4
    assert address not in program.do("elsewhere.far", "nslookup", "data")
    assert address not in program.do("elsewhere.far", "nslookup", "data.default")
