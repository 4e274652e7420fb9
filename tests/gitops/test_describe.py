"""``describe`` tells all about one object, and the value of no Secret."""

import json

import pytest

from gitops.telling.describe import described
from gitops.telling.meant import meant
from gitops.telling.sheet import sheet
from gitops.telling.which import Missing
from runtime.resources import Owner
from tests.gitops.shop import AROUND, FILES, JOB, SECRET, SECRET_IN_BASE64, opened, seen, workload
from tests.host import Host

WEB = Owner("Deployment", "shop", "web")
POD = Owner("Pod", "default", "job")


def test_it_says_where_an_object_is_written_and_who_touched_the_file_last(host: Host) -> None:
    opened(host)
    first = host.repository.head()
    host.commit("Something else", {**FILES, "other.yaml": "# nothing"})

    git = described(seen(host), WEB)["git"]

    assert (git["file"], git["line"]) == ("web.yaml", 1)
    assert (git["touched"]["revision"], git["touched"]["author"]) == (first, "Ada")
    assert git["touched"]["subject"] == "Open the shop"


def test_it_says_what_runs_and_from_what_it_is_made(host: Host) -> None:
    opened(host)

    document = described(seen(host), WEB)
    first, _ = document["pods"]

    assert (document["health"], document["ready"], document["replicas"]) == ("Healthy", "2/2", 2)
    assert (first["image"], first["status"], first["networks"]) == ("app:1", "Running", ["sloop-shop"])
    assert first["mounts"][0].startswith("/etc/conf from volume shop.files-conf-")
    assert first["exitCode"] is None


def test_ports_are_told_with_those_of_the_container(host: Host) -> None:
    opened(host)

    assert described(seen(host), POD)["pods"][0]["ports"] == ["8080->80/tcp"]


def test_a_pod_of_a_deployment_is_described_under_its_own_name_with_its_owner(host: Host) -> None:
    opened(host)
    name = host.pods("shop.web-*-0")[0].removeprefix("shop.")

    document = described(seen(host), Owner("Pod", "shop", name))

    assert (document["kind"], document["name"], document["owner"]) == ("Pod", name, "Deployment/shop/web")
    assert [pod["name"] for pod in document["pods"]] == [name]
    assert document["git"]["file"] == "web.yaml"


def test_a_failed_container_is_told_with_its_last_lines_and_without_secrets(host: Host) -> None:
    opened(host)
    host.engine.said["default.job"] = [b"one\n", f"using {SECRET}\n".encode(), b"\x1b[31mend"]
    host.engine.kill("default.job", 3)

    document = described(seen(host), POD)

    assert document["output"] == [{"pod": "job", "lines": ["one", "using (hidden)", " [31mend"]}]
    assert document["pods"][0]["exitCode"] == 3
    assert document["reason"] == "Error (exit 3)"


def test_a_secret_that_has_changed_since_is_hidden_too(host: Host) -> None:
    opened(host)
    host.engine.said["default.job"] = [f"using {SECRET}\n".encode()]
    host.engine.kill("default.job", 3)
    host.commit("Another password", {**FILES, "around.yaml": AROUND.replace(SECRET_IN_BASE64, "b3RoZXI=")})

    assert described(seen(host), POD)["output"][0]["lines"] == ["using (hidden)"]


def test_where_git_cannot_tell_the_secrets_the_output_is_not_told(host: Host) -> None:
    opened(host)
    host.engine.said["default.job"] = [f"using {SECRET}\n".encode()]
    host.engine.kill("default.job", 3)
    host.repository.directory.rename(host.directory / "away")
    (host.directory / "state" / "mirrors").rename(host.directory / "lost")

    document = described(seen(host), POD)

    assert document["output"] == []
    assert document["sync"] == "Unknown"
    assert "see sloop logs" in document["notices"][-1]


def test_of_secrets_keys_and_sizes_are_told_and_never_a_value(host: Host) -> None:
    opened(host)
    secret = described(seen(host), Owner("Secret", "shop", "keys"))
    config = described(seen(host), Owner("ConfigMap", "shop", "conf"))

    told = json.dumps([secret, config]) + "\n".join([*sheet(secret), *sheet(config)])

    assert secret["data"] == {"password": f"{len(SECRET)} bytes"}
    assert config["data"] == {"motd": "hello\nworld", "copy": "(hidden) in the wrong place"}
    assert SECRET not in told
    assert SECRET_IN_BASE64 not in told


@pytest.mark.parametrize("which", ["ns/shop", "cm/conf", "secret/keys", "pvc/data", "svc/web", "deploy/web"])
def test_every_kind_is_described_for_people(host: Host, which: str) -> None:
    opened(host)

    lines = list(sheet(described(seen(host), meant(which, "shop"))))

    assert lines[0].startswith("Kind:")
    assert any(line.strip().startswith("Last touched:") for line in lines)
    assert "Events:" in lines


@pytest.mark.parametrize(
    ("which", "told"),
    [
        ("sts/set", ["Replicas:", "Pod management policy:  OrderedReady", "Type:             RollingUpdate"]),
        ("rs/set", ["Replicas:", "main:  app:1"]),
        ("ds/set", ["Update strategy:", "main:  app:1"]),
    ],
)
def test_every_sort_of_workload_is_described_for_people(host: Host, which: str, told: list[str]) -> None:
    kind = meant(which, "shop").kind
    host.commit("Sets", {"set.yaml": workload(kind)})
    host.apply()

    lines = [line.strip() for line in sheet(described(seen(host), meant(which, "shop")))]

    assert [one for one in told if not any(line.startswith(one) for line in lines)] == []


def test_an_object_that_is_nowhere_is_one_line_with_the_way_out(host: Host) -> None:
    opened(host)

    with pytest.raises(Missing, match=r"there is no deployment web in the namespace default; .* add -n shop"):
        described(seen(host), Owner("Deployment", "default", "web"))
    with pytest.raises(Missing, match=r"there is no pod job in the namespace shop; .* add -n default"):
        described(seen(host), Owner("Pod", "shop", "job"))


def test_an_object_that_left_git_and_still_runs_says_so(host: Host) -> None:
    opened(host)
    host.commit("Drop the job", {name: text for name, text in FILES.items() if text != JOB})

    document = described(seen(host), POD)

    assert (document["git"], document["sync"]) == (None, "OutOfSync")
    assert "left git" in document["reason"]


def test_its_events_are_told_newest_last(host: Host) -> None:
    opened(host)
    host.clock.now += 60
    host.commit("New image", {**FILES, "job.yaml": JOB.replace("app:2", "app:3")})
    host.apply()

    assert [one["reason"] for one in described(seen(host), POD)["events"]] == ["Create", "Update"]
