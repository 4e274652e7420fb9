"""What pods and Ingresses name and isn't there: ConfigMaps, Secrets, their keys, claims, Services."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from schemas.backends import unanswered
from schemas.binding import misbound
from schemas.conflicts import conflicts
from schemas.container import Container
from schemas.core import ConfigMap, Secret
from schemas.env import EnvSource
from schemas.manifest import Manifest
from schemas.model import Path
from schemas.nearest import did_you_mean
from schemas.openings import openings
from schemas.order import misordered
from schemas.pod import PodSpec
from schemas.pods import pod_of
from schemas.problems import Problem
from schemas.scaling import mismatched
from schemas.volumes import KeyToPath, ProjectedSource, Volume

Identity = tuple[str, str, str]
"""Kind, namespace and name of an object."""


@dataclass(frozen=True, slots=True)
class Reference:
    """An object that a pod names at a path, with the keys of it that it names, each at its own path."""

    path: Path
    kind: str
    name: str
    keys: Mapping[Path, str]


def dangling(manifests: Iterable[Manifest], existing: Iterable[Identity] = ()) -> tuple[Problem, ...]:
    """Return what pods name and isn't among the manifests, and what of them contradicts each other.

    ``existing`` objects count as there, with any key. What is ``optional`` may be missing.
    """
    all_manifests = tuple(manifests)
    existing = frozenset(existing)
    keys = dict.fromkeys(existing) | {_identity(each): _keys(each) for each in all_manifests}
    missing = (problem for each in all_manifests for problem in _missing(each, keys))
    led = (*unanswered(all_manifests, existing), *openings(all_manifests))
    between = (*mismatched(all_manifests, keys), *misordered(all_manifests, keys), *led)
    return tuple(sorted({*missing, *conflicts(all_manifests), *misbound(all_manifests), *between}))


def _identity(manifest: Manifest) -> Identity:
    metadata = manifest.object.metadata
    return manifest.object.kind, metadata.namespace, metadata.name


def _keys(manifest: Manifest) -> frozenset[str] | None:
    match manifest.object:
        case ConfigMap() as config:
            return frozenset(config.data.keys() | config.binary_data.keys())
        case Secret() as secret:
            return frozenset(secret.data.keys() | secret.string_data.keys())
    return None


def _missing(manifest: Manifest, keys: Mapping[Identity, frozenset[str] | None]) -> Iterator[Problem]:
    pod = pod_of(manifest.object)
    if pod is None:
        return
    namespace = manifest.object.metadata.namespace
    for reference in references(pod.spec):
        identity = (reference.kind, namespace, reference.name)
        if identity not in keys:
            yield manifest.origin.problem(pod.path + reference.path, _no_object(identity, keys))
        else:
            yield from _missing_keys(manifest, pod.path, reference, keys[identity])


def _missing_keys(
    manifest: Manifest, at: Path, reference: Reference, keys: frozenset[str] | None
) -> Iterator[Problem]:
    for path, key in reference.keys.items():
        if keys is not None and key not in keys:
            message = f"{reference.kind} `{reference.name}` has no key `{key}`{did_you_mean(key, keys)}"
            yield manifest.origin.problem(at + path, message)


def _no_object(identity: Identity, keys: Iterable[Identity]) -> str:
    kind, namespace, name = identity
    elsewhere = sorted(other for known, other, same in keys if known == kind and same == name)
    if elsewhere:
        return f"no {kind} `{name}` in namespace `{namespace}`, only in `{'`, `'.join(elsewhere)}`"
    names = [each for known, where, each in keys if known == kind and where == namespace]
    return f"no {kind} `{name}` in namespace `{namespace}`{did_you_mean(name, names)}"


def references(spec: PodSpec) -> Iterator[Reference]:
    """Yield the objects that a pod names and can't do without."""
    for index, volume in enumerate(spec.volumes):
        yield from _of_volume(volume, ("volumes", index))
    for at, container in spec.in_order:
        yield from _of_container(container, at)


def _of_volume(volume: Volume, at: Path) -> Iterator[Reference]:
    config, secret, claim = volume.config_map, volume.secret, volume.persistent_volume_claim
    if config and not config.optional:
        keys = _item_keys(config.items, (*at, "configMap"))
        yield Reference((*at, "configMap", "name"), "ConfigMap", config.name, keys)
    if secret and not secret.optional:
        keys = _item_keys(secret.items, (*at, "secret"))
        yield Reference((*at, "secret", "secretName"), "Secret", secret.secret_name, keys)
    if claim:
        path = (*at, "persistentVolumeClaim", "claimName")
        yield Reference(path, "PersistentVolumeClaim", claim.claim_name, {})
    for index, source in enumerate(volume.projected.sources if volume.projected else ()):
        yield from _of_source(source, (*at, "projected", "sources", index))


def _of_source(source: ProjectedSource, at: Path) -> Iterator[Reference]:
    named = (("configMap", "ConfigMap", source.config_map), ("secret", "Secret", source.secret))
    for field, kind, projection in named:
        if projection and not projection.optional:
            here = (*at, field)
            yield Reference((*here, "name"), kind, projection.name, _item_keys(projection.items, here))


def _item_keys(items: Iterable[KeyToPath], at: Path) -> dict[Path, str]:
    return {(*at, "items", index, "key"): item.key for index, item in enumerate(items)}


def _of_container(container: Container, at: Path) -> Iterator[Reference]:
    for index, variable in enumerate(container.env):
        if variable.value_from:
            yield from _of_variable(variable.value_from, (*at, "env", index, "valueFrom"))
    for index, source in enumerate(container.env_from):
        here = (*at, "envFrom", index)
        if source.config_map_ref and not source.config_map_ref.optional:
            yield Reference((*here, "configMapRef", "name"), "ConfigMap", source.config_map_ref.name, {})
        if source.secret_ref and not source.secret_ref.optional:
            yield Reference((*here, "secretRef", "name"), "Secret", source.secret_ref.name, {})


def _of_variable(source: EnvSource, at: Path) -> Iterator[Reference]:
    config, secret = source.config_map_key_ref, source.secret_key_ref
    if config and not config.optional:
        here = (*at, "configMapKeyRef")
        yield Reference((*here, "name"), "ConfigMap", config.name, {(*here, "key"): config.key})
    if secret and not secret.optional:
        here = (*at, "secretKeyRef")
        yield Reference((*here, "name"), "Secret", secret.name, {(*here, "key"): secret.key})
