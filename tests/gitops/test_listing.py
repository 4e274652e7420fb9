"""``get`` tells of every kind what kubectl tells, as far as git and the ledger are in reach."""

import json
from typing import Any

import pytest

from gitops.git.git_error import SourceError
from gitops.telling.listing import listed, told_kinds
from gitops.telling.which import Missing
from reconcilers.kinds import KINDS
from tests.gitops.shop import FILES, SECRET, SECRET_IN_BASE64, WEB, opened, seen, workload
from tests.host import Host


def one(host: Host, kind: str, name: str, namespace: str | None = "shop") -> dict[str, Any]:
    (item,) = listed(seen(host), kind, name, namespace)
    return item


def pod(host: Host, pattern: str) -> dict[str, Any]:
    (name,) = host.pods(pattern)
    return one(host, "Pod", name.partition(".")[2], name.partition(".")[0])


def test_pods_are_those_that_run_under_kubernetes_names(host: Host) -> None:
    opened(host)

    front, _ = listed(seen(host), "Pod", None, "shop")

    assert front["name"].startswith("web-")
    assert front["namespace"] == "shop"
    assert front["owner"] == "Deployment/shop/web"
    assert (front["ready"], front["status"], front["restarts"]) == ("1/1", "Running", 0)


@pytest.mark.parametrize(
    ("kind", "name", "columns"),
    [
        ("Deployment", "web", {"ready": "2/2", "upToDate": 2, "available": 2}),
        ("ConfigMap", "conf", {"data": 2}),
        ("Secret", "keys", {"type": "Opaque", "data": 1}),
        ("PersistentVolumeClaim", "data", {"status": "Bound", "volume": "shop.data"}),
        ("Service", "web", {"type": "NodePort", "ports": ["80:30080/TCP", "53:30242/TCP"]}),
        ("Namespace", "shop", {"status": "Active"}),
    ],
)
def test_every_kind_has_its_columns(host: Host, kind: str, name: str, columns: dict[str, Any]) -> None:
    opened(host)

    assert one(host, kind, name).items() >= columns.items()


@pytest.mark.parametrize(
    ("kind", "columns"),
    [
        ("StatefulSet", {"ready": "2/2"}),
        ("ReplicaSet", {"desired": 2, "current": 2, "readyPods": 2}),
        ("ReplicationController", {"desired": 2, "current": 2, "readyPods": 2}),
        (
            "DaemonSet",
            {"desired": 1, "current": 1, "readyPods": 1, "upToDate": 1, "available": 1, "nodeSelector": []},
        ),
    ],
)
def test_every_sort_of_workload_has_kubectls_columns(host: Host, kind: str, columns: dict[str, Any]) -> None:
    host.commit("Sets", {"set.yaml": workload(kind)})
    host.apply()

    told = one(host, kind, "set")

    assert told.items() >= columns.items()
    assert told.keys() - columns.keys() == {"kind", "namespace", "name", "created"}


def test_a_daemon_set_for_another_machine_wants_no_pod_and_says_what_it_asks_for(host: Host) -> None:
    host.commit("Elsewhere", {"set.yaml": workload("DaemonSet", "nodeSelector: {disk: ssd}")})
    host.apply()

    told = one(host, "DaemonSet", "set")

    assert (told["desired"], told["current"], told["nodeSelector"]) == (0, 0, ["disk=ssd"])


def test_a_rollout_shows_how_many_pods_are_new(host: Host) -> None:
    opened(host)
    host.clock.now += 60
    host.commit("New image", {**FILES, "web.yaml": WEB.replace("app:1", "app:3")})
    host.loop().sync_once()

    counts = one(host, "Deployment", "web")

    assert (counts["ready"], counts["upToDate"], counts["available"]) == ("3/2", 1, 3)


@pytest.mark.parametrize(
    ("act", "status"),
    [
        (lambda engine, name: engine.pause(name), "Paused"),
        (lambda engine, name: engine.kill(name, 1), "Error"),
        (lambda engine, name: engine.kill(name, 0), "Completed"),
        (lambda engine, name: engine.kill(name, 137, out_of_memory=True), "OOMKilled"),
    ],
)
def test_a_pods_status_is_told_in_kubectls_words(host: Host, act: Any, status: str) -> None:
    opened(host)

    act(host.engine, "default.job")

    assert one(host, "Pod", "job", "default")["status"] == status


def test_a_pod_that_crashes_again_and_again_is_in_back_off_and_counts_its_restarts(host: Host) -> None:
    opened(host)
    host.crashing["app:1"] = 1
    host.live()
    host.apply(seconds=3)
    host.live()

    crashing = pod(host, "shop.web-*-0")
    assert crashing["status"] == "CrashLoopBackOff"
    assert crashing["restarts"] > 3
    assert crashing["ready"] == "0/1"


def test_an_object_is_as_old_as_its_creation_and_not_as_its_last_change(host: Host) -> None:
    opened(host)
    born = one(host, "Deployment", "web")["created"]
    host.clock.now += 3600
    host.commit("New image", {**FILES, "web.yaml": WEB.replace("app:1", "app:3")})
    host.apply()

    assert one(host, "Deployment", "web")["created"] == born


def test_only_the_namespace_that_is_meant_is_listed(host: Host) -> None:
    opened(host)

    assert [item["name"] for item in listed(seen(host), "Pod", None, "default")] == ["job"]
    assert len(listed(seen(host), "Pod", None, None)) == 3
    assert listed(seen(host), "Pod", None, "elsewhere") == []


def test_namespaces_are_those_that_objects_are_in(host: Host) -> None:
    opened(host)

    assert [item["name"] for item in listed(seen(host), "Namespace", None, "whichever")] == [
        "default",
        "shop",
    ]


def test_what_is_not_there_is_told_with_the_namespace_where_it_is(host: Host) -> None:
    opened(host)

    with pytest.raises(Missing, match=r"no deployment web in the namespace default; .* in shop: add -n shop"):
        listed(seen(host), "Deployment", "web", "default")


def test_an_object_that_left_git_is_listed_while_its_pods_run(host: Host) -> None:
    opened(host)
    host.commit("Close the web", {**FILES, "web.yaml": ""})

    assert one(host, "Deployment", "web")["ready"] == "2/0"


def test_no_kind_tells_the_value_of_a_secret(host: Host) -> None:
    opened(host)

    told = json.dumps([listed(seen(host), kind, None, None) for kind in KINDS])

    assert "keys" in told
    assert SECRET not in told
    assert SECRET_IN_BASE64 not in told


def test_without_a_ledger_only_ages_and_restarts_are_lost(host: Host) -> None:
    opened(host)
    host.forget()

    assert one(host, "ConfigMap", "conf") == {
        "kind": "ConfigMap",
        "namespace": "shop",
        "name": "conf",
        "data": 2,
        "created": None,
    }
    assert one(host, "Deployment", "web")["ready"] == "2/2"


def test_while_git_is_out_of_reach_the_commit_that_was_carried_out_tells(host: Host) -> None:
    opened(host)
    host.repository.directory.rename(host.directory / "away")

    sight = seen(host)

    assert [item["ready"] for item in listed(sight, "Deployment", None, "shop")] == ["2/2"]
    assert len(sight.notices) == 1
    assert "as of" in sight.notices[0]


def test_a_lost_ledger_and_no_git_leave_the_commit_that_the_pods_name(host: Host) -> None:
    opened(host)
    host.forget()
    host.repository.directory.rename(host.directory / "away")

    assert one(host, "ConfigMap", "conf")["data"] == 2


def test_a_commit_that_cannot_be_used_hides_nothing_that_runs(host: Host) -> None:
    opened(host)
    host.commit("Broken", {"broken.yaml": "kind: Pod\napiVersion: v1\n"})

    sight = seen(host)

    assert [item["ready"] for item in listed(sight, "Deployment", None, "shop")] == ["2/2"]
    assert "the newest commit can't be used" in sight.notices[0]


def test_without_git_and_mirror_pods_are_told_and_the_rest_is_an_error(host: Host) -> None:
    opened(host)
    host.repository.directory.rename(host.directory / "away")
    (host.directory / "state" / "mirrors").rename(host.directory / "lost")

    sight = seen(host)

    assert len(listed(sight, "Pod", None, "shop")) == 2
    assert [item["ready"] for item in listed(sight, "Deployment", None, "shop")] == ["2/?"]
    assert told_kinds(sight, ["Service", "Pod"]) == ["Pod"]
    with pytest.raises(SourceError, match="no directory"):
        told_kinds(sight, ["Service", "Secret"])


def test_looking_changes_neither_the_machine_nor_the_ledger(host: Host) -> None:
    opened(host)
    before = list(host.engine.calls), host.ledger.past.events(), host.ledger.past.history()

    for kind in KINDS:
        listed(seen(host), kind, None, None)

    assert (list(host.engine.calls), host.ledger.past.events(), host.ledger.past.history()) == before
