"""Volumes of several sources, and what a pod may read of itself, as a container finds them."""

from pathlib import Path

from tests.podman.manifests import Object, claim, claimed, config_map, deployment, mounted, named, pod, secret
from tests.podman.program import Program
from tests.podman.speaking import speaker, spoken

LIMITS = {"limits": {"cpu": "1500m", "memory": "64Mi"}, "requests": {"cpu": "250m"}}


def limited(one: Object, size: str) -> Object:
    """Return an object whose pods have scratch space of a limited size at /tmp, for their own user alone."""
    spec = one["spec"].get("template", one)["spec"]
    spec["volumes"] = [{"name": "tmp", "emptyDir": {"sizeLimit": size}}]
    spec["containers"][0]["volumeMounts"] = [mounted("tmp", "/tmp/own")]
    return one


def fill(program: Program, name: str) -> None:
    """Let a container write 3 MiB where nobody else may look."""
    program.do(
        name, "sh", "-c", "mkdir -m 700 /tmp/own/deep && dd if=/dev/zero of=/tmp/own/deep/a bs=3M count=1"
    )


def test_a_pod_whose_scratch_space_outgrows_its_limit_is_evicted_and_replaced_unless_it_stands_alone(
    program: Program,
) -> None:
    more = {"securityContext": {"runAsUser": 1000, "runAsGroup": 1000}}
    bare = limited(pod("bare", pod={"restartPolicy": "Always"}), "1Mi")
    program.deploy(
        limited(deployment(replicas=2, pod=more), "1Mi"), bare, limited(deployment("wide", pod=more), "4Mi")
    )
    first, wide = program.of("web")[0], program.of("wide")
    before = program.ids()
    for name in (first, "default.bare", *wide):
        fill(program, name)

    ended = program.run("apply", "--timeout", "30s")

    after = program.ids()
    assert ended.code == 1, ended
    assert {name for name, id_ in before.items() if after[name] != id_} == {first}
    assert program.do(first, "ls", "/tmp/own") == ""
    assert program.run("get", "pod", "bare").out.split()[-3] == "Evicted"
    told = [one for one in program.json("events") if one["reason"] == "Evicted"]
    assert sorted(one["message"].partition(" (it takes")[0] for one in told) == [
        f'{name}: Usage of EmptyDir volume "tmp" exceeds the limit "1Mi"' for name in ("default.bare", first)
    ]
    assert program.run("apply").code == 1
    assert program.ids() == after
    assert program.run("restart", "pod/bare").code == 0
    assert program.do("default.bare", "ls", "/tmp/own") == ""


def of_itself(path: str, field: str) -> dict[str, object]:
    return {"path": path, "fieldRef": {"fieldPath": field}}


def test_several_sources_appear_in_one_directory(program: Program) -> None:
    sources = [
        {"configMap": {"name": "settings", "items": [{"key": "colour", "path": "own/colour"}]}},
        {"secret": {"name": "login", "items": [{"key": "password", "path": "own/key", "mode": 0o400}]}},
        {"downwardAPI": {"items": [of_itself("name", "metadata.name")]}},
        {"secret": {"name": "none", "optional": True}},
    ]
    volume = {"name": "all", "projected": {"defaultMode": 0o444, "sources": sources}}
    look = (
        "cd /all; find . -type f | sort; cat own/colour own/key name; echo;"
        "stat -L -c %a own/key; touch new 2>&1 || true"
    )

    lines = spoken(
        program,
        config_map(colour="red "),
        secret(password="s3cr3t "),
        speaker(look, pod={"volumes": [volume]}, volumeMounts=[mounted("all", "/all")]),
    )

    assert lines[:-1] == ["./name", "./own/colour", "./own/key", "red s3cr3t speaker", "400"]
    assert "Read-only file system" in lines[-1]


def test_a_pod_reads_of_itself(program: Program) -> None:
    items = [
        of_itself("labels", "metadata.labels"),
        {"path": "memory", "resourceFieldRef": {"containerName": "main", "resource": "limits.memory"}},
    ]
    env = [
        {"name": "CPU", "valueFrom": {"resourceFieldRef": {"resource": "limits.cpu"}}},
        {"name": "LEAST", "valueFrom": {"resourceFieldRef": {"resource": "requests.cpu", "divisor": "1m"}}},
        {"name": "ID", "valueFrom": {"fieldRef": {"fieldPath": "metadata.uid"}}},
        {"name": "HOST", "valueFrom": {"fieldRef": {"fieldPath": "status.hostIP"}}},
    ]
    one = speaker(
        "cat /own/labels; echo; cat /own/memory; echo; echo $CPU $LEAST; echo $ID | wc -c; test -n $HOST",
        pod={"volumes": [{"name": "own", "downwardAPI": {"items": items}}]},
        volumeMounts=[mounted("own", "/own")],
        resources=LIMITS,
        env=env,
    )
    one["metadata"]["labels"] = {"app": "web", "tier": "front"}

    assert spoken(program, one) == ['app="web"', 'tier="front"', "67108864", "2 250", "37"]


def test_a_part_of_a_volume_is_named_by_a_variable(program: Program, tmp_path: Path) -> None:
    env = [{"name": "NAME", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}}]
    mount = {"name": "host", "mountPath": "/logs", "subPathExpr": "logs/$(NAME)"}
    volume = {"name": "host", "hostPath": {"path": str(tmp_path)}}
    spoken(program, speaker("echo up >/logs/app", pod={"volumes": [volume]}, volumeMounts=[mount], env=env))

    assert (tmp_path / "logs/speaker/app").read_text() == "up\n"


def test_a_claim_that_lives_as_long_as_its_pod_goes_with_it(program: Program) -> None:
    template = {"spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}}
    volume = {"name": "tmp", "ephemeral": {"volumeClaimTemplate": template}}
    look = "echo full >/tmp/it; cat /tmp/it"
    lines = spoken(program, speaker(look, pod={"volumes": [volume]}, volumeMounts=[mounted("tmp", "/tmp")]))
    program.commit("Nothing")
    program.run("apply", "--allow-empty")

    assert lines == ["full"]
    assert "volumes" not in program.things()


def test_a_persistent_volume_is_the_place_of_its_claim_and_outlives_both(
    program: Program, tmp_path: Path
) -> None:
    spec = {
        "capacity": {"storage": "1Gi"},
        "accessModes": ["ReadWriteOnce"],
        "storageClassName": "manual",
        "hostPath": {"path": str(tmp_path / "disk"), "type": "DirectoryOrCreate"},
    }
    place = {**named("PersistentVolume", "disk"), "spec": spec}
    asking = claim()
    asking["spec"]["storageClassName"] = "manual"
    look = speaker(
        "echo full >>/data/it", pod={"volumes": [claimed()]}, volumeMounts=[mounted("data", "/data")]
    )
    spoken(program, place, asking, look)
    told = program.run("get", "pvc,pv")
    program.commit("Nothing")
    program.run("apply", "--allow-empty")

    assert (tmp_path / "disk/it").read_text() == "full\n"
    assert told.err == ""
    assert "Bound" in told.out
    assert str(tmp_path / "disk") in told.out
    assert "volumes" not in program.things()
