"""What pods are made of beside their own template: digests of configuration, and how secrets are named."""

import base64
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from reconcilers.world import World
from runtime.observe import secret_prefix
from runtime.resources import Hidden, Label, Secret, digest
from schemas.pod import PodSpec
from schemas.volumes import ProjectedSource

KEEP_ON_CHANGE = (
    "sloop/roll-on-config-change"  # "false" on a workload: its pods don't follow their configuration
)


def template_digest(
    world: World,
    template: Mapping[str, Any],
    spec: PodSpec,
    namespace: str,
    *,
    names: Sequence[str],
    follow: bool,
) -> str:
    """Return the digest of what the user asked for: the template as written, and the content it reads.

    Nothing that sloop adds is in it, nor what an image's tag points to (decision 1).  ``names`` are those
    of headless Services, which Podman can give to a new container only (decision 10).
    """
    content = dict(_contents(world, spec, namespace)) if follow else {}
    parts = {"template": written(template), "content": content, "names": list(names)}
    return digest({part: value for part, value in parts.items() if value})


def written(value: Any) -> Any:
    """Return plain data without its explicit nulls, which say the same as leaving a field out."""
    if isinstance(value, Mapping):
        return {key: written(one) for key, one in value.items() if one is not None}
    if isinstance(value, (list, tuple)):
        return [written(one) for one in value]
    return value


def secret_resource(world: World, value: bytes) -> Secret:
    """Return the Podman secret for a value; its name is a digest that tells nothing of the value."""
    name = digest(base64.b64encode(value).decode(), world.key).partition(":")[2][:20]
    return Secret(secret_prefix(world.source) + name, Hidden(value))


def volume_labels(world: World, kind: str, owner: str = "") -> Mapping[str, str]:
    """Return the labels of a volume of ours."""
    labels = {Label.SOURCE: world.source, Label.KIND: kind}
    return labels | ({Label.OWNER: owner} if owner else {})


def used_config_maps(spec: PodSpec) -> set[str]:
    """Return the names of the ConfigMaps that a pod reads."""
    sources = [source.config_map_ref for one in spec.every_container for source in one.env_from]
    keys = [v.value_from.config_map_key_ref for one in spec.every_container for v in one.env if v.value_from]
    volumes = [volume.config_map for volume in spec.volumes]
    projected = [source.config_map for source in _projected(spec)]
    return {one.name for one in [*sources, *keys, *volumes, *projected] if one}


def used_secrets(spec: PodSpec) -> set[str]:
    """Return the names of the Secrets that a pod reads."""
    sources = [source.secret_ref for one in spec.every_container for source in one.env_from]
    keys = [v.value_from.secret_key_ref for one in spec.every_container for v in one.env if v.value_from]
    names = {volume.secret.secret_name for volume in spec.volumes if volume.secret}
    projected = [source.secret for source in _projected(spec)]
    return names | {one.name for one in [*sources, *keys, *projected] if one}


def _projected(spec: PodSpec) -> list[ProjectedSource]:
    return [source for volume in spec.volumes if volume.projected for source in volume.projected.sources]


def _contents(world: World, spec: PodSpec, namespace: str) -> Iterator[tuple[str, str]]:
    for name in sorted(used_config_maps(spec)):
        if config := world.catalog.config_maps.get((namespace, name)):
            yield f"ConfigMap/{name}", digest(_texts(config.values))
    for name in sorted(used_secrets(spec)):
        if secret := world.catalog.secrets.get((namespace, name)):
            yield f"Secret/{name}", digest(_texts(secret.values), world.key)


def _texts(values: Mapping[str, bytes]) -> Mapping[str, str]:
    return {key: base64.b64encode(value).decode() for key, value in values.items()}
