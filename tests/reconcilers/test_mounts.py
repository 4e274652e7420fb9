"""What a container sees of volumes: files of ConfigMaps and Secrets, claims, scratch space, the machine."""

from textwrap import dedent
from typing import Any

from reconcilers.wanted import Wanted
from runtime.resources import Container, File, Files, Image, Mount, Secret, Volume
from tests.reconcilers.given import SOURCE, pods_of, wanted

CONFIG = """
    apiVersion: v1
    kind: ConfigMap
    metadata: {name: conf, namespace: shop}
    data: {a.txt: one, b.txt: two}
    binaryData: {c.bin: AAEC}
"""
SECRET = """
    apiVersion: v1
    kind: Secret
    metadata: {name: login, namespace: shop}
    stringData: {password: s3cr3t, user: ada, nothing: ""}
"""
CLAIM = """
    apiVersion: v1
    kind: PersistentVolumeClaim
    metadata: {name: data, namespace: shop}
    spec: {accessModes: [ReadWriteOnce]}
"""
POD = """
    apiVersion: v1
    kind: Pod
    metadata: {name: job, namespace: shop}
    spec:
      containers:
        - {name: main, image: "app:1", volumeMounts: [MOUNTS]}
      volumes: [{name: it, VOLUME}]
"""
IT = "{name: it, mountPath: /it}"


def answer(volume: str, *mounts: str) -> Wanted:
    pod = POD.replace("MOUNTS", ", ".join(mounts or (IT,))).replace("VOLUME", volume)
    return wanted(CONFIG, SECRET, CLAIM, dedent(pod))


def seen(volume: str, *mounts: str) -> Container:
    """Return the container of a pod with this volume, mounted so."""
    (pod,) = pods_of(answer(volume, *mounts))
    return pod.containers[0]


def made(volume: str, *mounts: str) -> list[Volume | Files | Secret]:
    """Return the volumes, files and secrets that the pod takes along."""
    return [one for one in answer(volume, *mounts).resources if isinstance(one, Volume | Files | Secret)]


def files(volume: str, *mounts: str) -> tuple[File, ...]:
    (one,) = (one for one in made(volume, *mounts) if isinstance(one, Files))
    return one.files


def test_a_config_map_becomes_read_only_files() -> None:
    (mount,) = seen("configMap: {name: conf}").mounts
    (volume,) = made("configMap: {name: conf}")

    assert mount == Mount("/it", volume=volume.name, read_only=True)
    assert files("configMap: {name: conf}") == (
        File("a.txt", b"one"),
        File("b.txt", b"two"),
        File("c.bin", b"\x00\x01\x02"),
    )


def test_items_choose_keys_paths_and_modes() -> None:
    chosen = "{key: a.txt, path: deep/x}, {key: b.txt, path: z, mode: 0600}"

    found = files(f"configMap: {{name: conf, defaultMode: 0440, items: [{chosen}]}}")

    assert found == (File("deep/x", b"one", 0o440), File("z", b"two", 0o600))


def test_another_content_or_mode_is_another_volume() -> None:
    whole, fewer, stricter = (
        made(volume)[0].name
        for volume in (
            "configMap: {name: conf}",
            "configMap: {name: conf, items: [{key: a.txt, path: a.txt}]}",
            "configMap: {name: conf, defaultMode: 0600}",
        )
    )

    assert len({whole, fewer, stricter}) == 3


def test_a_missing_optional_config_map_is_an_empty_directory() -> None:
    assert files("configMap: {name: none, optional: true}") == ()


def test_a_missing_optional_secret_is_an_empty_directory() -> None:
    assert files("secret: {secretName: none, optional: true}") == ()


def test_a_part_of_a_config_map_is_mounted_in_its_place() -> None:
    (mount,) = seen("configMap: {name: conf}", "{name: it, mountPath: /etc/a, subPath: a.txt}").mounts

    assert (mount.target, mount.sub_path, mount.read_only) == ("/etc/a", "a.txt", True)


def test_a_secret_becomes_podman_secrets_and_its_empty_values_an_empty_file() -> None:
    container = seen("secret: {secretName: login, defaultMode: 0400}")
    (empty,) = container.mounts
    secrets = [one for one in made("secret: {secretName: login}") if isinstance(one, Secret)]

    assert {(file.target, file.mode) for file in container.secret_files} == {
        ("/it/password", 0o400),
        ("/it/user", 0o400),
    }
    assert (empty.target, empty.sub_path, empty.read_only) == ("/it/nothing", "empty", True)
    assert {file.secret for file in container.secret_files} == {secret.name for secret in secrets}
    assert all(secret.name.startswith(f"sloop-{SOURCE}-") for secret in secrets)


def test_the_name_of_a_secret_tells_nothing_and_is_the_same_for_the_same_value() -> None:
    one, other = (
        {name: secret for secret, name in ((file.secret, file.target) for file in container.secret_files)}
        for container in (seen("secret: {secretName: login}"), seen("secret: {secretName: login}"))
    )

    assert one == other
    assert "s3cr3t" not in repr(answer("secret: {secretName: login}"))


def test_a_part_of_a_secret_is_mounted_in_its_place() -> None:
    inside = "{key: user, path: deep/user}, {key: password, path: other}"
    volume = f"secret: {{secretName: login, items: [{inside}]}}"

    file = seen(volume, "{name: it, mountPath: /run/user, subPath: deep/user}").secret_files
    directory = seen(volume, "{name: it, mountPath: /run/all, subPath: deep}").secret_files
    nothing = seen(volume, "{name: it, mountPath: /run/all, subPath: elsewhere}").secret_files

    assert [one.target for one in file] == ["/run/user"]
    assert [one.target for one in directory] == ["/run/all/user"]
    assert nothing == ()


def test_a_claim_is_a_volume_of_its_own_name() -> None:
    volume = "persistentVolumeClaim: {claimName: data}"

    assert seen(volume).mounts == (Mount("/it", volume="shop.data"),)
    assert [one.key for one in made(volume)] == ["volume/shop.data"]
    assert seen("persistentVolumeClaim: {claimName: data, readOnly: true}").mounts[0].read_only


def test_a_claim_may_name_a_volume_that_is_there() -> None:
    claim = CLAIM.replace("name: data,", "name: data, annotations: {sloop/volume: old-data},")
    pod = POD.replace("MOUNTS", IT).replace("VOLUME", "persistentVolumeClaim: {claimName: data}")

    found = wanted(claim, dedent(pod))

    assert pods_of(found)[0].containers[0].mounts == (Mount("/it", volume="old-data"),)
    assert not [one for one in found.resources if isinstance(one, Volume)]


def test_scratch_space_goes_with_its_container_unless_it_is_mounted_twice() -> None:
    twice = ("{name: it, mountPath: /a}", "{name: it, mountPath: /b, subPath: deep}")

    assert seen("emptyDir: {}").mounts == (Mount("/it", volume=""),)
    assert made("emptyDir: {}") == []
    assert {mount.volume for mount in seen("emptyDir: {}", *twice).mounts} == {"shop.job.it"}
    assert [one.key for one in made("emptyDir: {}", *twice)] == ["volume/shop.job.it"]


def test_scratch_space_in_memory_has_its_limit_in_bytes() -> None:
    assert seen("emptyDir: {medium: Memory, sizeLimit: 1Mi}").mounts == (Mount("/it", tmpfs=2**20),)
    assert seen("emptyDir: {medium: Memory}").mounts == (Mount("/it", tmpfs=0),)


def several(volume: str, *mounts: str) -> Wanted:
    """Return what a pod wants of which each container has one of these mounts."""
    parts = [f"{{name: c{at}, image: 'app:1', volumeMounts: [{one}]}}" for at, one in enumerate(mounts)]
    head = "apiVersion: v1\nkind: Pod\nmetadata: {name: job, namespace: shop}\n"
    return wanted(f"{head}spec: {{containers: [{', '.join(parts)}], volumes: [{{name: it, {volume}}}]}}")


def test_containers_share_scratch_space_on_disk_and_in_memory() -> None:
    disk, memory = (
        several("emptyDir: {}", IT, IT),
        several("emptyDir: {medium: Memory, sizeLimit: 1Mi}", IT, IT),
    )
    (on_disk,), (in_memory,) = pods_of(disk), pods_of(memory)

    assert [one.mounts for one in on_disk.containers] == [(Mount("/it", volume="shop.job.it"),)] * 2
    assert [one.mounts for one in in_memory.containers] == [(Mount("/it", volume="shop.job.it"),)] * 2
    assert [one.tmpfs for one in disk.resources if isinstance(one, Volume)] == [None]
    assert [one.tmpfs for one in memory.resources if isinstance(one, Volume)] == [2**20]
    assert (on_disk.memory, in_memory.memory) == ((), ("shop.job.it",))


def test_memory_that_one_container_mounts_is_its_own_and_a_path_inside_is_on_disk() -> None:
    alone, narrow = ("emptyDir: {medium: Memory}", IT, ""), "{name: it, mountPath: /it, subPath: a}"
    (own,), (narrowed,) = pods_of(several(*alone)), pods_of(several("emptyDir: {medium: Memory}", IT, narrow))

    assert (own.containers[0].mounts, own.memory) == ((Mount("/it", tmpfs=0),), ())
    assert [one.mounts[0].volume for one in narrowed.containers] == ["shop.job.it"] * 2
    assert narrowed.memory == ()


def test_an_image_is_mounted_as_it_is_and_pulled_like_one_that_runs() -> None:
    image = "image: {reference: 'data:1', pullPolicy: Never}"

    assert seen(image).mounts == (Mount("/it", image="data:1", read_only=True),)
    assert {one.key for one in answer(image).resources if isinstance(one, Image)} == {
        "image/app:1",
        "image/data:1",
    }
    assert pods_of(answer(image))[0].images == {"app:1", "data:1"}


def test_a_path_of_the_machine_may_be_narrowed() -> None:
    volume = "hostPath: {path: /srv, type: Directory}"

    assert seen(volume).mounts == (Mount("/it", host="/srv", host_type="Directory"),)
    assert seen(volume, "{name: it, mountPath: /it, subPath: www}").mounts[0].sub_path == "www"


def test_a_mount_may_be_read_only() -> None:
    assert seen("emptyDir: {}", "{name: it, mountPath: /it, readOnly: true}").mounts[0].read_only


def test_what_a_pod_takes_along_is_what_it_says_it_uses() -> None:
    (pod,) = pods_of(answer("secret: {secretName: login}"))

    assert set(pod.uses) == {one.key for one in made("secret: {secretName: login}")}


def test_several_sources_share_one_directory_and_the_last_one_wins() -> None:
    sources = (
        "{configMap: {name: conf, items: [{key: a.txt, path: one}, {key: b.txt, path: own/name}]}},"
        "{secret: {name: login, items: [{key: password, path: deep/key, mode: 0400}]}},"
        "{downwardAPI: {items: [{path: own/name, fieldRef: {fieldPath: metadata.name}}]}}"
    )
    volume = f"projected: {{defaultMode: 0444, sources: [{sources}]}}"
    container = seen(volume)

    assert files(volume) == (
        File("one", b"one", 0o444),
        File("own/name", b"job", 0o444),
        File("deep/key", b"", 0o400),
    )
    assert [(one.target, one.mode) for one in container.secret_files] == [("/it/deep/key", 0o400)]
    assert [(one.target, one.read_only) for one in container.mounts] == [("/it", True)]


def test_a_secret_among_several_sources_may_be_mounted_alone() -> None:
    sources = "{configMap: {name: conf}}, {secret: {name: login}}"
    mount = "{name: it, mountPath: /run/key, subPath: password}"
    container = seen(f"projected: {{sources: [{sources}]}}", mount)

    assert [one.target for one in container.secret_files] == ["/run/key"]
    assert container.mounts == ()


def test_a_pod_reads_of_itself_in_files() -> None:
    items = (
        "{path: labels, fieldRef: {fieldPath: metadata.labels}},"
        "{path: team, mode: 0400, fieldRef: {fieldPath: \"metadata.annotations['team']\"}},"
        "{path: memory, resourceFieldRef: {containerName: main, resource: limits.memory, divisor: 1Mi}}"
    )
    meta = 'labels: {b: two, a: "1"}, annotations: {team: red}'
    pod = POD.replace("MOUNTS", f"{IT}], resources: {{limits: {{memory: 64Mi}}}}, args: [x")
    pod = pod.replace("namespace: shop", f"namespace: shop, {meta}")
    found = wanted(dedent(pod.replace("VOLUME", f"downwardAPI: {{items: [{items}]}}")))
    (made,) = (one for one in found.resources if isinstance(one, Files))

    assert made.files == (
        File("labels", b'a="1"\nb="two"'),
        File("team", b"red", 0o400),
        File("memory", b"64"),
    )


def test_a_part_of_a_volume_may_be_named_by_a_variable() -> None:
    env = "env: [{name: NAME, valueFrom: {fieldRef: {fieldPath: metadata.name}}}]"
    mount = "{name: it, mountPath: /it, subPathExpr: logs/$(NAME)}"
    pod = POD.replace("MOUNTS]", f"{mount}], {env}").replace("VOLUME", "hostPath: {path: /srv}")
    (mounted,) = pods_of(wanted(dedent(pod)))[0].containers[0].mounts

    assert (mounted.host, mounted.sub_path) == ("/srv", "logs/job")


def test_an_ephemeral_claim_is_scratch_space() -> None:
    claim = "{metadata: {labels: {a: b}}, spec: {accessModes: [ReadWriteOnce]}}"

    assert seen(f"ephemeral: {{volumeClaimTemplate: {claim}}}").mounts == (Mount("/it", volume=""),)


def test_configuration_is_readable_for_the_group_of_the_files() -> None:
    shared = POD.replace("      containers:", "      securityContext: {fsGroup: 2000}\n      containers:")

    def grouped(volume: str) -> Wanted:
        return wanted(CONFIG, SECRET, dedent(shared.replace("MOUNTS", IT).replace("VOLUME", volume)))

    (made,) = (
        one
        for one in grouped("configMap: {name: conf, defaultMode: 0400}").resources
        if isinstance(one, Files)
    )
    (pod,) = pods_of(grouped("secret: {secretName: login, defaultMode: 0400}"))

    assert (made.group, {file.mode for file in made.files}) == (2000, {0o440})
    assert {(file.mode, file.group) for file in pod.containers[0].secret_files} == {(0o440, 2000)}
    assert made.name != files_name("configMap: {name: conf, defaultMode: 0440}")


def files_name(volume: str) -> str:
    (one,) = (one for one in made(volume) if isinstance(one, Files))
    return one.name


VOLUME = """
    apiVersion: v1
    kind: PersistentVolume
    metadata: {name: disk}
    spec: {capacity: {storage: 1Gi}, accessModes: [ReadWriteOnce], local: {path: /mnt/disk}}
"""


def on_disk(claim: str, **world: Any) -> Wanted:
    pod = POD.replace("MOUNTS", IT).replace("VOLUME", "persistentVolumeClaim: {claimName: data}")
    return wanted(VOLUME, claim, dedent(pod), **world)


def test_a_claim_that_has_a_persistent_volume_is_its_place_on_the_machine() -> None:
    found = on_disk(CLAIM)

    assert pods_of(found)[0].containers[0].mounts == (Mount("/it", host="/mnt/disk", host_type="Directory"),)
    assert not [one for one in found.resources if isinstance(one, Volume)]


def test_a_claim_with_data_keeps_it_unless_it_names_another_place() -> None:
    naming = CLAIM.replace("[ReadWriteOnce]", "[ReadWriteOnce], volumeName: disk")
    there = frozenset({"shop.data"})
    (kept,) = pods_of(on_disk(CLAIM, volumes=there))[0].containers[0].mounts
    (left,) = pods_of(on_disk(naming, volumes=there))[0].containers[0].mounts

    assert (kept.volume, left.host) == ("shop.data", "/mnt/disk")
