"""Configuration as files: what ConfigMaps, Secrets and the pod itself become inside a volume."""

from collections.abc import Iterable, Iterator, Mapping

from reconcilers.downward import Identity, amount, field
from reconcilers.security import readable
from reconcilers.world import World
from runtime.dataclass import dataclass
from schemas.volumes import DownwardFile, KeyToPath, ProjectedSource, Volume


@dataclass(frozen=True, slots=True)
class Entry:
    """One file; ``secret`` content is never written into a volume."""

    path: str
    content: bytes
    mode: int
    secret: bool = False


@dataclass(frozen=True, slots=True)
class Reader:
    """A pod that reads configuration; ``group`` is the one that its volumes belong to."""

    world: World
    identity: Identity
    group: int | None = None


def entries(reader: Reader, volume: Volume) -> list[Entry]:
    """Return a volume's files, of a path that several sources have the last one's."""
    return list({entry.path: entry for entry in _entries(reader, volume)}.values())


def _entries(reader: Reader, volume: Volume) -> Iterator[Entry]:
    if one := volume.config_map:
        yield from _config_map(reader, one.name, one.items, one.default_mode)
    if kept := volume.secret:
        yield from _secret(reader, kept.secret_name, kept.items, kept.default_mode)
    if own := volume.downward_api:
        yield from _downward(reader, own.items, own.default_mode)
    if several := volume.projected:
        for source in several.sources:
            yield from _projected(reader, source, several.default_mode)


def _projected(reader: Reader, source: ProjectedSource, mode: int) -> Iterator[Entry]:
    if one := source.config_map:
        yield from _config_map(reader, one.name, one.items, mode)
    if kept := source.secret:
        yield from _secret(reader, kept.name, kept.items, mode)
    if own := source.downward_api:
        yield from _downward(reader, own.items, mode)


def _config_map(reader: Reader, name: str, items: Iterable[KeyToPath], mode: int) -> Iterator[Entry]:
    found = reader.world.catalog.config_maps.get((reader.identity.namespace, name))
    values = found.values if found else {}
    for item in _items(items, values):
        yield Entry(item.path, values[item.key], _mode(reader, item.mode, mode))


def _secret(reader: Reader, name: str, items: Iterable[KeyToPath], mode: int) -> Iterator[Entry]:
    found = reader.world.catalog.secrets.get((reader.identity.namespace, name))
    values = found.values if found else {}
    for item in _items(items, values):
        yield Entry(item.path, values[item.key], _mode(reader, item.mode, mode), secret=True)


def _downward(reader: Reader, items: Iterable[DownwardFile], mode: int) -> Iterator[Entry]:
    for item in items:
        yield Entry(item.path, _known(reader, item).encode(), _mode(reader, item.mode, mode))


def _known(reader: Reader, item: DownwardFile) -> str:
    if item.field_ref:
        return field(reader.world, reader.identity, item.field_ref.field_path) or ""
    reference, containers = item.resource_field_ref, reader.identity.containers
    named = (one for one in containers if reference and one.name == reference.container_name)
    container = next(named, None)
    return amount(reader.world, reference, container) if reference and container else ""


def _items(items: Iterable[KeyToPath], values: Mapping[str, bytes]) -> list[KeyToPath]:
    """Return the keys that become files: those that are listed and there, or all."""
    chosen = list(items) or [KeyToPath(key=key, path=key) for key in sorted(values)]
    return [item for item in chosen if item.key in values]


def _mode(reader: Reader, own: int | None, usual: int) -> int:
    return readable(usual if own is None else own, reader.group)
