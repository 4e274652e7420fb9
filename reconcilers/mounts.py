"""A container's file system: volumes, configuration as files, secrets as files."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from posixpath import join

from reconcilers.contents import secret_resource, volume_labels
from reconcilers.world import World
from runtime.resources import File, Files, Mount, Secret, SecretFile, Volume, digest, digest_of_files, short
from schemas.container import Container, VolumeMount
from schemas.core import PersistentVolumeClaim
from schemas.volumes import ConfigMapVolume, EmptyDir, KeyToPath, SecretVolume
from schemas.volumes import Volume as PodVolume

EXISTING = "sloop/volume"  # on a claim: a Podman volume that is used as it is, and never made or removed
EMPTY = "empty"


@dataclass(frozen=True, slots=True)
class Mounted:
    """What a container sees of a volume, and the resources behind it."""

    mounts: tuple[Mount, ...] = ()
    secret_files: tuple[SecretFile, ...] = ()
    resources: tuple[Volume | Files | Secret, ...] = ()


def mounted(
    world: World, container: Container, volumes: Mapping[str, PodVolume], pod: tuple[str, str]
) -> Iterator[Mounted]:
    """Yield what each volumeMount comes to; ``pod`` is the pod's namespace and name."""
    names = [mount.name for mount in container.volume_mounts]
    for mount in container.volume_mounts:
        volume = volumes[mount.name]
        if volume.empty_dir:
            shared = names.count(mount.name) > 1 or bool(mount.sub_path)
            yield _empty_dir(
                world, mount, volume.empty_dir, f"{'.'.join(pod)}.{volume.name}" if shared else ""
            )
        elif volume.host_path:
            path = join(volume.host_path.path, mount.sub_path) if mount.sub_path else volume.host_path.path
            yield Mounted(mounts=(_mount(mount, host=path, host_type=volume.host_path.type),))
        elif volume.config_map:
            yield _config_map(world, mount, volume.config_map, pod[0])
        elif volume.secret:
            yield _secret(world, mount, volume.secret, pod[0])
        elif volume.persistent_volume_claim:
            claim = world.catalog.claims[pod[0], volume.persistent_volume_claim.claim_name]
            yield _claim(world, mount, claim, read_only=volume.persistent_volume_claim.read_only)


def claim_volume(world: World, claim: PersistentVolumeClaim) -> tuple[str, tuple[Volume, ...]]:
    """Return the name of a claim's Podman volume, and the volume where sloop makes it."""
    existing = claim.metadata.annotations.get(EXISTING)
    name = existing or f"{claim.metadata.namespace}.{claim.metadata.name}"
    owner = f"{claim.kind}/{claim.metadata.namespace}/{claim.metadata.name}"
    made = Volume(name, volume_labels(world, "claim", owner))
    return name, () if existing else (made,)


def _mount(
    mount: VolumeMount,
    *,
    volume: str | None = None,
    host: str | None = None,
    host_type: str = "",
    read_only: bool = False,
) -> Mount:
    return Mount(
        target=mount.mount_path,
        volume=volume,
        host=host,
        host_type=host_type,
        sub_path="" if host else mount.sub_path,
        read_only=mount.read_only or read_only,
    )


def _empty_dir(world: World, mount: VolumeMount, source: EmptyDir, shared: str) -> Mounted:
    if source.medium == "Memory":
        size = source.size_limit.bytes if source.size_limit else 0
        return Mounted(mounts=(Mount(mount.mount_path, tmpfs=size, read_only=mount.read_only),))
    made = (Volume(shared, volume_labels(world, "scratch")),) if shared else ()
    return Mounted(mounts=(_mount(mount, volume=shared),), resources=made)


def _claim(world: World, mount: VolumeMount, claim: PersistentVolumeClaim, *, read_only: bool) -> Mounted:
    name, made = claim_volume(world, claim)
    return Mounted(mounts=(_mount(mount, volume=name, read_only=read_only),), resources=made)


def _config_map(world: World, mount: VolumeMount, source: ConfigMapVolume, namespace: str) -> Mounted:
    found = world.catalog.config_maps.get((namespace, source.name))
    values = found.values if found else {}
    files = tuple(
        File(item.path, values[item.key], source.default_mode if item.mode is None else item.mode)
        for item in _items(source.items, values)
    )
    made = _files(world, namespace, source.name, files)
    return Mounted(mounts=(_mount(mount, volume=made.name, read_only=True),), resources=(made,))


def _secret(world: World, mount: VolumeMount, source: SecretVolume, namespace: str) -> Mounted:
    """Return each key as a Podman secret; Podman can't keep an empty one, so that is an empty file."""
    found = world.catalog.secrets.get((namespace, source.secret_name))
    values = found.values if found else {}
    placed = [
        (item, target) for item in _items(source.items, values) if (target := _target(mount, item.path))
    ]
    kept = [
        (item, target, secret_resource(world, values[item.key]))
        for item, target in placed
        if values[item.key]
    ]
    empty = [target for item, target in placed if not values[item.key]]
    nothing = _files(world, namespace, source.secret_name, (File(EMPTY, b"", source.default_mode),))
    return Mounted(
        mounts=tuple(Mount(target, volume=nothing.name, sub_path=EMPTY, read_only=True) for target in empty),
        secret_files=tuple(
            SecretFile(made.name, target, source.default_mode if item.mode is None else item.mode)
            for item, target, made in kept
        ),
        resources=(*(made for _, _, made in kept), *([nothing] if empty else [])),
    )


def _items(items: Iterable[KeyToPath], values: Mapping[str, bytes]) -> list[KeyToPath]:
    """Return the keys that become files: those that are listed and there, or all."""
    chosen = list(items) or [KeyToPath(key=key, path=key) for key in sorted(values)]
    return [item for item in chosen if item.key in values]


def _target(mount: VolumeMount, path: str) -> str:
    """Return where a secret's file appears; "" where it lies outside of the subPath."""
    if not mount.sub_path:
        return join(mount.mount_path, path)
    if path == mount.sub_path:
        return mount.mount_path
    below = path.removeprefix(f"{mount.sub_path}/")
    return join(mount.mount_path, below) if below != path else ""


def _files(world: World, namespace: str, name: str, files: tuple[File, ...]) -> Files:
    content = short(digest([world.source, digest_of_files(files)]))
    return Files(f"{namespace}.files-{name}-{content}", volume_labels(world, "files"), files)
