"""StatefulSets, DaemonSets and ReplicaSets on a real Podman: names, volumes, order."""

import platform
import re
import signal
from dataclasses import replace
from itertools import count, takewhile
from typing import Any

import pytest

from tests.podman import doomed
from tests.podman.hands import Hands
from tests.podman.manifests import ONE, SLEEP, TWO, Object, headless, pod, stateful_set, workload
from tests.podman.program import Program

FULL = "svc.cluster.local"


def applied(program: Program, *objects: Any) -> list[str]:
    """Commit and apply; return the pods that were removed and created, in that order."""
    program.commit("Something else", *objects)
    said = program.run("-o", "json", "apply")
    assert said.code == 0, said
    steps = [(one["verb"], one["resource"]) for one in said.document["steps"]]
    return [f"{verb} {name}" for verb, name in steps if name.startswith("pod/")]


def addresses(program: Program, name: str, asked: str) -> set[str]:
    """Return what a name means inside of a pod."""
    answer = program.do(name, "nslookup", asked).partition("Name:")[2]
    return set(re.findall(r"Address(?: \d+)?:\s+(\d+\.\d+\.\d+\.\d+)", answer))


def written(program: Program, name: str) -> str:
    return program.do(name, "cat", "/data/who")


def write(program: Program, name: str, what: str) -> None:
    program.do(name, "sh", "-c", f"echo {what} > /data/who")


def volumes(program: Program) -> list[str]:
    return program.things().get("volumes", [])


def test_every_pod_goes_by_its_own_name_and_by_that_of_its_service(program: Program) -> None:
    applied(program, stateful_set(), headless("db", "db"), pod("other"))
    first, second = (program.address(f"default.db-{number}") for number in (0, 1))

    for asker in ("default.db-0", "default.other"):
        for spelling in ("db-1.db", "db-1.db.default", "db-1.db.default.svc", f"db-1.db.default.{FULL}"):
            assert addresses(program, asker, spelling) == {second}
        assert addresses(program, asker, f"db-0.db.default.{FULL}") == {first}
        assert addresses(program, asker, f"db.default.{FULL}") == {first, second}
    assert program.do("default.db-1", "hostname").strip() == "db-1"


def test_its_service_may_come_later_and_rolls_nobody(program: Program) -> None:
    applied(program, stateful_set())
    before = program.ids()

    assert applied(program, stateful_set(), headless("db", "db")) == []
    assert program.ids() == before


def test_a_pod_knows_its_number(program: Program) -> None:
    index = {"fieldRef": {"fieldPath": "metadata.labels['apps.kubernetes.io/pod-index']"}}
    one = stateful_set(ordinals={"start": 3})
    one["spec"]["template"]["spec"]["containers"][0]["env"] = [{"name": "INDEX", "valueFrom": index}]
    applied(program, one)

    assert program.do("default.db-4", "sh", "-c", "echo $INDEX").strip() == "4"


def test_pods_come_in_order_and_are_replaced_from_the_top_and_keep_their_volumes(program: Program) -> None:
    came = applied(program, stateful_set(replicas=3))
    for number in range(3):
        write(program, f"default.db-{number}", f"I was {number}")
    old = program.address("default.db-2")
    changed = applied(program, stateful_set(image=TWO, replicas=3))

    assert came == [f"create pod/default.db-{number}" for number in (0, 1, 2)]
    assert changed == [f"{verb} pod/default.db-{n}" for n in (2, 1, 0) for verb in ("remove", "create")]
    assert program.images() == [TWO] * 3
    assert [written(program, f"default.db-{n}") for n in range(3)] == [f"I was {n}\n" for n in range(3)]
    assert addresses(program, "default.db-0", "db-2.db") == {program.address("default.db-2")} != {old}


def test_volumes_outlive_scaling_down_and_are_found_again(program: Program) -> None:
    applied(program, stateful_set(replicas=3))
    write(program, "default.db-2", "still here")
    gone = applied(program, stateful_set(replicas=1))
    left = volumes(program)
    applied(program, stateful_set(replicas=3))

    assert gone == ["remove pod/default.db-2", "remove pod/default.db-1"]
    assert left == [f"default.data-db-{number}" for number in range(3)]
    assert written(program, "default.db-2") == "still here\n"


def test_volumes_go_only_where_the_set_says_so(program: Program) -> None:
    retention = {"whenDeleted": "Delete", "whenScaled": "Delete"}
    policy = {"persistentVolumeClaimRetentionPolicy": retention}
    applied(program, stateful_set(replicas=2, **policy), stateful_set("safe"), pod("other"))
    applied(program, stateful_set(replicas=1, **policy), stateful_set("safe"), pod("other"))
    scaled = volumes(program)
    program.commit("No sets any more", pod("other"))
    assert program.run("apply", "--allow-empty").code == 0

    assert scaled == ["default.data-db-0", "default.data-safe-0", "default.data-safe-1"]
    assert volumes(program) == ["default.data-safe-0", "default.data-safe-1"]


def test_a_pod_below_the_partition_comes_back_as_it_was(program: Program) -> None:
    applied(program, stateful_set(replicas=2))
    held = {"updateStrategy": {"rollingUpdate": {"partition": 1}}}
    changed = applied(program, stateful_set(image=TWO, **held))
    Hands(program.podman).remove("default.db-0")
    assert program.run("apply").code == 0

    images = {one["Names"][0]: one["Image"] for one in program.containers()}
    assert changed == ["remove pod/default.db-1", "create pod/default.db-1"]
    assert images == {"default.db-0": ONE, "default.db-1": TWO}
    assert program.run("diff").code == 0


def test_a_revision_that_hangs_is_taken_back_without_a_hand(program: Program) -> None:
    probe = {"exec": {"command": ["test", "-e", "/bin/sh"]}, "periodSeconds": 1}
    good, bad = stateful_set(), stateful_set(image=TWO)
    good["spec"]["template"]["spec"]["containers"][0]["readinessProbe"] = probe
    never = {**probe, "exec": {"command": ["false"]}}
    bad["spec"]["template"]["spec"]["containers"][0]["readinessProbe"] = never
    applied(program, good)
    program.commit("Hangs", bad)
    hung = program.run("apply", "--timeout", "4s")
    images = program.images()
    back = applied(program, good)

    assert (hung.code, sorted(images)) == (3, [ONE, TWO])
    assert back == ["remove pod/default.db-1", "create pod/default.db-1"]
    assert program.images() == [ONE, ONE]


@pytest.mark.parametrize("when", [doomed.BEFORE, doomed.AFTER])
def test_killed_at_any_change_of_an_update_the_next_apply_ends_it(program: Program, when: str) -> None:
    applied(program, stateful_set())
    for number in range(2):
        write(program, f"default.db-{number}", f"I was {number}")

    moments = list(takewhile(lambda moment: killed_in_an_update(program, moment, when), count(1)))

    assert len(moments) > 4
    assert [written(program, f"default.db-{n}") for n in range(2)] == ["I was 0\n", "I was 1\n"]
    assert program.run("diff").code == 0


def killed_in_an_update(program: Program, moment: int, when: str) -> bool:
    """Update all pods, and say whether the first attempt was killed at this moment; the next one ends it."""
    image = (ONE, TWO)[moment % 2]
    program.commit(f"Update {moment}", stateful_set(image=image))
    first = replace(program, command=(*doomed.MODULE, str(moment), when)).run("apply")

    assert program.run("apply").code == 0
    assert program.images() == [image, image]
    return first.code == -signal.SIGKILL


def test_a_daemon_set_runs_where_its_labels_are(program: Program) -> None:
    architecture = {"x86_64": "amd64", "aarch64": "arm64"}[platform.machine()]
    here = workload("DaemonSet", "here", pod={"nodeSelector": {"kubernetes.io/arch": architecture}})
    elsewhere = workload("DaemonSet", "elsewhere", pod={"nodeSelector": {"kubernetes.io/arch": "vax"}})
    applied(program, here, elsewhere)

    assert [len(program.of(name)) for name in ("here", "elsewhere")] == [1, 0]
    told = {one["name"]: one for one in program.json("get", "ds")["items"]}
    assert [told[name]["desired"] for name in ("here", "elsewhere")] == [1, 0]


def test_a_daemon_set_stops_first_unless_it_may_surge(program: Program) -> None:
    surge = {"updateStrategy": {"rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}}}
    applied(program, workload("DaemonSet", "first"), workload("DaemonSet", "second", spec=surge))
    changed = applied(
        program, workload("DaemonSet", "first", TWO), workload("DaemonSet", "second", TWO, spec=surge)
    )

    order = {name: [step.split()[0] for step in changed if name in step] for name in ("first", "second")}
    assert order == {"first": ["remove", "create"], "second": ["create", "remove"]}
    assert program.images() == [TWO, TWO]


def test_a_replica_set_replaces_nobody_until_a_hand_does(program: Program) -> None:
    applied(program, workload("ReplicaSet", "web", replicas=2))
    kept = applied(program, workload("ReplicaSet", "web", TWO, replicas=2))
    Hands(program.podman).remove(program.of("web")[0])
    assert program.run("apply").code == 0

    assert kept == []
    assert sorted(program.images()) == [ONE, TWO]


def test_a_replication_controller_without_a_selector_is_kept_scaled_and_found(program: Program) -> None:
    applied(program, replication_controller(replicas=1))
    changed = applied(program, replication_controller(TWO, replicas=2))
    told = program.run("get", "rc").out.split()
    Hands(program.podman).remove(program.of("web")[0])
    assert program.run("apply").code == 0
    program.commit("No controller any more")
    assert program.run("apply", "--allow-empty").code == 0

    assert [one.rpartition(".web-")[0] for one in changed] == ["create pod/default"]
    assert told[:-1] == ["NAME", "DESIRED", "CURRENT", "READY", "AGE", "web", "2", "2", "2"]
    assert program.containers() == []


def replication_controller(image: str = ONE, *, replicas: int) -> Object:
    made = workload("ReplicationController", "web", image, replicas=replicas)
    return {**made, "apiVersion": "v1", "spec": {**made["spec"], "selector": {}}}


def test_people_find_the_new_kinds_by_their_short_names(program: Program) -> None:
    applied(program, stateful_set(), workload("ReplicaSet", "web", command=SLEEP), workload("DaemonSet", "a"))

    told = {kind: program.run("get", kind).out.split() for kind in ("sts", "rs", "ds")}

    assert told["sts"][:-1] == ["NAME", "READY", "AGE", "db", "2/2"]
    assert told["rs"][:-1] == ["NAME", "DESIRED", "CURRENT", "READY", "AGE", "web", "1", "1", "1"]
    assert told["ds"][-8:-1] == ["a", "1", "1", "1", "1", "1", "<none>"]
    assert "podManagementPolicy" in program.run("-o", "json", "describe", "sts/db").out
