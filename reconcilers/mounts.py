"""A container's file system: volumes, configuration as files, secrets as files."""

from collections.abc import Iterator, Mapping, Sequence
from posixpath import join

from reconcilers.contents import secret_resource, volume_labels
from reconcilers.entries import Entry, Reader, entries
from reconcilers.environment import Value, expand
from reconcilers.world import World
from runtime.dataclass import dataclass
from runtime.resources import (
    File,
    Files,
    Label,
    Mount,
    Secret,
    SecretFile,
    Volume,
    digest,
    digest_of_files,
    short,
)
from schemas.container import Container, VolumeMount
from schemas.core import PersistentVolumeClaim
from schemas.pod import PodSpec
from schemas.storage import PersistentVolume
from schemas.volumes import EXISTING
from schemas.volumes import Volume as PodVolume

EMPTY = "empty"
CONFIGURATION = frozenset({"config_map", "downward_api", "projected", "secret"})
PROPAGATION = {"HostToContainer": "rslave", "Bidirectional": "rshared"}


@dataclass(frozen=True, slots=True)
class Mounted:
    """What a container sees of a volume, and the resources behind it."""

    mounts: tuple[Mount, ...] = ()
    secret_files: tuple[SecretFile, ...] = ()
    resources: tuple[Volume | Files | Secret, ...] = ()


def mounted(
    reader: Reader, container: Container, spec: PodSpec, variables: Mapping[str, Value]
) -> Iterator[Mounted]:
    """Yield what each volumeMount comes to; ``variables`` are those that a subPathExpr may name."""
    names = [mount.name for mount in container.volume_mounts]
    volumes = {volume.name: volume for volume in spec.volumes}
    for written in container.volume_mounts:
        mount, volume = _placed(written, variables), volumes[written.name]
        if volume.empty_dir or volume.ephemeral:
            shared = spec.grouped or names.count(mount.name) > 1 or bool(mount.sub_path)
            if mount.name in spec.in_memory:
                yield _memory(reader, mount, volume)
            elif volume.in_memory and mount.name not in spec.narrowed:
                yield _own_memory(mount, volume)
            else:
                yield _scratch(reader, mount, volume, shared=shared)
        elif volume.image:
            yield Mounted(mounts=(Mount(mount.mount_path, image=volume.image.reference, read_only=True),))
        elif host := volume.host_path:
            yield Mounted(mounts=(_mount(mount, host=host.path, host_type=host.type),))
        elif volume.source in CONFIGURATION:
            yield _configured(reader, mount, volume)
        elif volume.persistent_volume_claim:
            key = (reader.identity.namespace, volume.persistent_volume_claim.claim_name)
            claim = reader.world.catalog.claims[key]
            yield _claim(reader.world, mount, claim, read_only=volume.persistent_volume_claim.read_only)


def claim_volume(world: World, claim: PersistentVolumeClaim) -> tuple[str, tuple[Volume, ...]]:
    """Return the name of a claim's volume, and the Podman volume where sloop makes it."""
    if place := place_of(world, claim):
        return place.metadata.name, ()
    existing = claim.metadata.annotations.get(EXISTING)
    name = existing or f"{claim.metadata.namespace}.{claim.metadata.name}"
    owner = f"{claim.kind}/{claim.metadata.namespace}/{claim.metadata.name}"
    made = Volume(name, volume_labels(world, "claim", owner))
    return name, () if existing else (made,)


def place_of(world: World, claim: PersistentVolumeClaim) -> PersistentVolume | None:
    """Return the PersistentVolume that a claim has, None where it has a Podman volume.

    A claim that has one with data in it keeps that, unless the two name each other.
    """
    found = world.catalog.bound.get((claim.metadata.namespace, claim.metadata.name))
    if found is None or EXISTING in claim.metadata.annotations:
        return None
    named = claim.spec.volume_name or found.spec.claim_ref
    own = f"{claim.metadata.namespace}.{claim.metadata.name}"
    return found if named or own not in world.volumes else None


def _placed(mount: VolumeMount, variables: Mapping[str, Value]) -> VolumeMount:
    """Return a mount whose subPathExpr has become its subPath."""
    if not mount.sub_path_expr:
        return mount
    path = expand(mount.sub_path_expr, variables).content.decode("utf-8", "replace")
    return mount.model_copy(update={"sub_path": path, "sub_path_expr": ""})


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
        sub_path=mount.sub_path,
        read_only=mount.read_only or read_only,
        propagation=PROPAGATION.get(mount.mount_propagation or "", ""),
    )


def _scratch(reader: Reader, mount: VolumeMount, volume: PodVolume, *, shared: bool) -> Mounted:
    """Return a directory that goes with its pod; one that is mounted twice, or measured, needs a name."""
    limit = _limit(volume)
    if not (shared or limit):
        return Mounted(mounts=(_mount(mount, volume=""),))
    name = scratch_name(reader.identity.namespace, reader.identity.name, volume.name)
    made = Volume(name, {**volume_labels(reader.world, "scratch"), **limit})
    return Mounted(mounts=(_mount(mount, volume=name),), resources=(made,))


def _limit(volume: PodVolume) -> Mapping[str, str]:
    """Return the label that tells how much may be in a volume on the disk; none for what has no limit."""
    limit = volume.empty_dir.size_limit if volume.empty_dir else None
    return {Label.LIMIT: str(limit)} if limit and limit.bytes else {}


def _own_memory(mount: VolumeMount, volume: PodVolume) -> Mounted:
    limit = volume.empty_dir.size_limit if volume.empty_dir else None
    size = limit.bytes if limit else 0
    return Mounted(mounts=(Mount(mount.mount_path, tmpfs=size, read_only=mount.read_only),))


def _memory(reader: Reader, mount: VolumeMount, volume: PodVolume) -> Mounted:
    """Return a directory in memory that several containers share."""
    limit = volume.empty_dir.size_limit if volume.empty_dir else None
    name = scratch_name(reader.identity.namespace, reader.identity.name, volume.name)
    made = Volume(name, volume_labels(reader.world, "scratch"), tmpfs=limit.bytes if limit else 0)
    return Mounted(mounts=(_mount(mount, volume=name),), resources=(made,))


def scratch_name(namespace: str, pod: str, volume: str) -> str:
    """Return the name of the volume that a pod has as its scratch space."""
    return f"{namespace}.{pod}.{volume}"


def _claim(world: World, mount: VolumeMount, claim: PersistentVolumeClaim, *, read_only: bool) -> Mounted:
    if found := place_of(world, claim):
        place = found.spec.place
        host = _mount(mount, host=place.path, host_type=place.type, read_only=read_only)
        return Mounted(mounts=(host,))
    name, made = claim_volume(world, claim)
    return Mounted(mounts=(_mount(mount, volume=name, read_only=read_only),), resources=made)


def _configured(reader: Reader, mount: VolumeMount, volume: PodVolume) -> Mounted:
    """Return files and secrets in one directory; a secret lies over an empty file of its name.

    A volume of secrets alone has nothing below it: its directory is the container's own, or an empty one.
    """
    found = entries(reader, volume)
    secrets = [entry for entry in found if entry.secret]
    kept = _secrets(reader, mount, volume, [entry for entry in secrets if _target(mount, entry.path)])
    if (volume.secret and found) or any(_target(mount, entry.path) == mount.mount_path for entry in secrets):
        return kept
    below = [File(one.path, b"" if one.secret else one.content, one.mode) for one in found]
    made = _files(reader, _configuration_name(volume), below)
    whole = _mount(mount, volume=made.name, read_only=True)
    return Mounted((whole,), kept.secret_files, (made, *kept.resources[: len(kept.secret_files)]))


def _secrets(reader: Reader, mount: VolumeMount, volume: PodVolume, found: Sequence[Entry]) -> Mounted:
    """Return each key as a Podman secret; Podman can't keep an empty one, so that is an empty file."""
    full = [(one, secret_resource(reader.world, one.content)) for one in found if one.content]
    empty = [_target(mount, one.path) for one in found if not one.content]
    mode = volume.secret.default_mode if volume.secret else 0o644
    nothing = _files(reader, _configuration_name(volume), [File(EMPTY, b"", mode)])
    return Mounted(
        mounts=tuple(Mount(target, volume=nothing.name, sub_path=EMPTY, read_only=True) for target in empty),
        secret_files=tuple(
            SecretFile(made.name, _target(mount, one.path), one.mode, reader.group or 0) for one, made in full
        ),
        resources=(*(made for _, made in full), *([nothing] if empty else [])),
    )


def _target(mount: VolumeMount, path: str) -> str:
    """Return where a secret's file appears; "" where it lies outside of the subPath."""
    if not mount.sub_path:
        return join(mount.mount_path, path)
    if path == mount.sub_path:
        return mount.mount_path
    below = path.removeprefix(f"{mount.sub_path}/")
    return join(mount.mount_path, below) if below != path else ""


def _configuration_name(volume: PodVolume) -> str:
    if volume.config_map:
        return volume.config_map.name
    return volume.secret.secret_name if volume.secret else volume.name


def _files(reader: Reader, name: str, files: Sequence[File]) -> Files:
    world, group = reader.world, reader.group or 0
    content = short(digest([world.source, digest_of_files(tuple(files)), *([group] if group else [])]))
    place = f"{reader.identity.namespace}.files-{name}-{content}"
    return Files(place, volume_labels(world, "files"), tuple(files), group)
