"""What Podman is asked for, as plain data."""

from dataclasses import replace
from typing import Any

import pytest

from runtime.podman_spec import container_spec, network_spec
from runtime.resources import (
    Container,
    Limits,
    Mount,
    Names,
    Network,
    Owner,
    Pod,
    Port,
    SecretFile,
    Security,
)

PLAIN = Pod(
    name="shop.web",
    owner=Owner("Pod", "shop", "web"),
    labels={"sloop/pod": "shop.web"},
    digest="1:0",
    network="sloop-shop",
    containers=(Container("web", "web:1"),),
)


def spec_of(**container: Any) -> dict[str, Any]:
    bound = {mount: f"/volumes{mount.target}" for mount in container.get("mounts", ()) if mount.sub_path}
    pod = replace(PLAIN, containers=(Container("web", "web:1", **container),))
    return container_spec(pod, pod.containers[0], bound, frozenset({"files"}))


def whole_spec(pod: Pod) -> dict[str, Any]:
    return container_spec(pod, pod.containers[0], {}, frozenset())


def test_a_plain_pod_asks_for_nothing_that_it_did_not_name() -> None:
    assert whole_spec(PLAIN) == {
        "name": "shop.web",
        "image": "web:1",
        "labels": {"sloop/pod": "shop.web"},
        "annotations": {"sloop/made": "true"},
        "netns": {"nsmode": "bridge"},
        "networks": {"sloop-shop": {"aliases": []}},
        "restart_policy": "on-failure",
        "restart_tries": 3,
        "stop_timeout": 30,
        "healthconfig": {"Test": ["NONE"]},
    }


@pytest.mark.parametrize(
    ("restart", "policy", "tries"),
    [("Always", "on-failure", 3), ("OnFailure", "on-failure", 3), ("Never", "no", None)],
)
def test_podman_restarts_a_few_times_and_never_what_should_run_once(
    restart: str, policy: str, tries: int | None
) -> None:
    spec = whole_spec(replace(PLAIN, restart=restart))

    assert (spec["restart_policy"], spec.get("restart_tries")) == (policy, tries)


def test_no_time_to_stop_is_said_as_such() -> None:
    assert whole_spec(replace(PLAIN, grace=0))["stop_timeout"] == 0


def test_leases_come_from_the_lower_half_after_the_gateway() -> None:
    spec = network_spec(Network("shop", {"a": "b"}, "10.89.16.0/20"))

    assert spec["subnets"] == [
        {
            "subnet": "10.89.16.0/20",
            "gateway": "10.89.16.1",
            "lease_range": {"start_ip": "10.89.16.2", "end_ip": "10.89.23.255"},
        }
    ]
    assert (spec["dns_enabled"], spec["options"], spec["labels"]) == (True, {"isolate": "true"}, {"a": "b"})


def test_a_network_without_a_subnet_leaves_it_to_podman() -> None:
    assert "subnets" not in network_spec(Network("shop", {}))


@pytest.mark.parametrize(
    ("mount", "kind", "expected"),
    [
        (
            Mount("/data", volume="claim"),
            "volumes",
            {"Name": "claim", "Dest": "/data", "Options": ["nocopy", "rw"]},
        ),
        (
            Mount("/data", volume="claim", read_only=True),
            "volumes",
            {"Name": "claim", "Dest": "/data", "Options": ["nocopy", "ro"]},
        ),
        (
            Mount("/etc/web", volume="files"),
            "volumes",
            {"Name": "files", "Dest": "/etc/web", "Options": ["nocopy", "ro"]},
        ),
        (Mount("/empty", volume=""), "volumes", {"Name": "", "Dest": "/empty", "Options": ["nocopy", "rw"]}),
        (
            Mount("/one", volume="files", sub_path="one"),
            "mounts",
            {"type": "bind", "source": "/volumes/one", "destination": "/one", "options": ["rbind", "ro"]},
        ),
        (
            Mount("/memory", tmpfs=1024),
            "mounts",
            {
                "type": "tmpfs",
                "source": "tmpfs",
                "destination": "/memory",
                "options": ["nosuid", "nodev", "mode=1777", "rw", "size=1024"],
            },
        ),
        (
            Mount("/memory", tmpfs=0),
            "mounts",
            {
                "type": "tmpfs",
                "source": "tmpfs",
                "destination": "/memory",
                "options": ["nosuid", "nodev", "mode=1777", "rw"],
            },
        ),
    ],
    ids=["claim", "read-only", "files", "anonymous", "sub-path", "memory", "unbounded-memory"],
)
def test_each_sort_of_mount_has_its_form(mount: Mount, kind: str, expected: dict[str, Any]) -> None:
    spec = spec_of(mounts=(mount,))

    assert spec[kind] == [expected]
    assert {"volumes", "mounts"} & spec.keys() == {kind}


@pytest.mark.parametrize(
    ("limits", "expected"),
    [
        (Limits(cpu_limit=1.5), {"cpu": {"quota": 150_000, "period": 100_000}}),
        (Limits(cpu_limit=0.001), {"cpu": {"quota": 1_000, "period": 100_000}}),
        (Limits(cpu_request=0.25), {"cpu": {"shares": 256}}),
        (Limits(cpu_request=0.001), {"cpu": {"shares": 2}}),
        (Limits(cpu_request=0.0), {"cpu": {"shares": 2}}),
        (Limits(memory_limit=64, memory_request=32), {"memory": {"limit": 64, "reservation": 32}}),
    ],
)
def test_limits_are_the_kernels_numbers(limits: Limits, expected: dict[str, Any]) -> None:
    assert spec_of(limits=limits)["resource_limits"] == expected


def test_a_limit_of_0_is_none() -> None:
    nothing = Limits(cpu_limit=0.0, memory_limit=0, memory_request=0)

    assert "resource_limits" not in spec_of(limits=nothing)


def test_secrets_are_named_and_never_told() -> None:
    spec = spec_of(
        secret_env=(("PASSWORD", "sloop-pw"),), secret_files=(SecretFile("sloop-pw", "/pw", 0o400),)
    )

    assert spec["secret_env"] == {"PASSWORD": "sloop-pw"}
    assert spec["secrets"] == [{"Source": "sloop-pw", "Target": "/pw", "UID": 0, "GID": 0, "Mode": 0o400}]


def test_what_runs_is_as_the_manifest_says() -> None:
    spec = spec_of(entrypoint=("sh",), command=("-c", "x"), working_dir="/here", env=(("A", "1"),), tty=True)

    assert (spec["entrypoint"], spec["command"]) == (["sh"], ["-c", "x"])
    assert (spec["work_dir"], spec["create_working_dir"]) == ("/here", True)
    assert (spec["env"], spec["terminal"]) == ({"A": "1"}, True)


def test_names_and_ports_are_podmans() -> None:
    names = Names(
        "web-0", ("web", "web.shop"), (("db", "10.0.0.9"),), ("9.9.9.9",), ("shop.svc",), ("ndots:2",)
    )
    ports = (Port(80, 8080), Port(53, 53, "udp", "127.0.0.1"))

    spec = whole_spec(replace(PLAIN, names=names, ports=ports))

    assert spec["hostname"] == "web-0"
    assert spec["networks"] == {"sloop-shop": {"aliases": ["web", "web.shop"]}}
    assert spec["hostadd"] == ["db:10.0.0.9"]
    assert (spec["dns_server"], spec["dns_search"], spec["dns_option"]) == (
        ["9.9.9.9"],
        ["shop.svc"],
        ["ndots:2"],
    )
    assert spec["portmappings"] == [
        {"container_port": 80, "host_port": 8080, "protocol": "tcp", "host_ip": ""},
        {"container_port": 53, "host_port": 53, "protocol": "udp", "host_ip": "127.0.0.1"},
    ]


def test_rights_are_podmans() -> None:
    spec = spec_of(
        security=Security("1:2", ("3",), True, True, True, ("NET_RAW",), ("ALL",), (("a.b", "1"),))
    )

    assert (spec["user"], spec["groups"], spec["privileged"]) == ("1:2", ["3"], True)
    assert (spec["read_only_filesystem"], spec["no_new_privileges"]) == (True, True)
    assert (spec["cap_add"], spec["cap_drop"], spec["sysctl"]) == (["NET_RAW"], ["ALL"], {"a.b": "1"})


def test_what_confines_a_container_is_podmans() -> None:
    spec = spec_of(
        security=Security(
            seccomp="/profiles/a.json", app_armor="unconfined", se_linux=("level:s0",), unmasked=True
        )
    )

    assert (spec["seccomp_profile_path"], spec["apparmor_profile"]) == ("/profiles/a.json", "unconfined")
    assert (spec["selinux_opts"], spec["unmask"]) == (["level:s0"], ["ALL"])


def test_a_mount_may_pass_on_what_is_mounted_below_it() -> None:
    mount = Mount("/it", host="/srv", propagation="rslave")
    container = Container("main", "app:1", mounts=(mount,))
    spec = container_spec(replace(PLAIN, containers=(container,)), container, {mount: "/srv"}, frozenset())

    assert spec["mounts"][0]["options"] == ["rbind", "rw", "rslave"]
