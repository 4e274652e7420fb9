"""What a container sees of volumes: files of ConfigMaps and Secrets, claims, scratch space, the machine."""

from textwrap import dedent

from reconcilers.wanted import Wanted
from runtime.resources import Container, File, Files, Mount, Secret, Volume
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


def test_a_path_of_the_machine_may_be_narrowed() -> None:
    volume = "hostPath: {path: /srv, type: Directory}"

    assert seen(volume).mounts == (Mount("/it", host="/srv", host_type="Directory"),)
    assert seen(volume, "{name: it, mountPath: /it, subPath: www}").mounts[0].host == "/srv/www"


def test_a_mount_may_be_read_only() -> None:
    assert seen("emptyDir: {}", "{name: it, mountPath: /it, readOnly: true}").mounts[0].read_only


def test_what_a_pod_takes_along_is_what_it_says_it_uses() -> None:
    (pod,) = pods_of(answer("secret: {secretName: login}"))

    assert set(pod.uses) == {one.key for one in made("secret: {secretName: login}")}
