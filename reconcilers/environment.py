"""A container's environment, and its command with ``$(NAME)`` expanded."""

import re
from collections.abc import Iterator, Mapping

from reconcilers.downward import Identity, amount, field
from reconcilers.world import World
from runtime.dataclass import dataclass
from schemas.container import Container
from schemas.env import EnvFrom, EnvSource
from schemas.names import ENV_NAME

REFERENCE = re.compile(r"\$\$|\$\(([^)]*)\)")


@dataclass(frozen=True, slots=True)
class Value:
    """A variable's value; one that holds a secret stays one wherever it is expanded into."""

    content: bytes
    secret: bool = False


def environment(world: World, container: Container, identity: Identity) -> Mapping[str, Value]:
    """Return all variables: Services, then ``envFrom``, then ``env`` in its order; the last one wins."""
    linked = world.links.get(identity.namespace, {}) if identity.linked else {}
    variables = {name: Value(text.encode()) for name, text in linked.items()}
    for source in container.env_from:
        variables |= _all_of(world, source, identity.namespace)
    for variable in container.env:
        if variable.value_from is None:
            value: Value | None = expand(variable.value or "", variables)
        else:
            value = _from(world, variable.value_from, identity, container)
        if value is not None:
            variables[variable.name] = value
    return variables


def expand(text: str, variables: Mapping[str, Value]) -> Value:
    """Replace ``$(NAME)`` by the variable's value; ``$$`` is one ``$``, an unknown name stays as it is.

    Source: Kubernetes' third_party/forked/golang/expansion.
    """
    used = [variables[name] for name in REFERENCE.findall(text) if name in variables]
    expanded = REFERENCE.sub(lambda match: _replacement(match, variables), text)
    return Value(expanded.encode("utf-8", "surrogateescape"), any(value.secret for value in used))


def _replacement(match: re.Match[str], variables: Mapping[str, Value]) -> str:
    if match[0] == "$$":
        return "$"
    value = variables.get(match[1])
    return match[0] if value is None else value.content.decode("utf-8", "surrogateescape")


def _all_of(world: World, source: EnvFrom, namespace: str) -> dict[str, Value]:
    """Return the keys of a ConfigMap or Secret that can be names of variables."""
    named = {f"{source.prefix}{key}": value for key, value in _content(world, source, namespace)}
    return {name: value for name, value in named.items() if ENV_NAME.allows(name)}


def _content(world: World, source: EnvFrom, namespace: str) -> Iterator[tuple[str, Value]]:
    if source.config_map_ref:
        found = world.catalog.config_maps.get((namespace, source.config_map_ref.name))
        for key, text in (found.data if found else {}).items():
            yield key, Value(text.encode())
    if source.secret_ref:
        secret = world.catalog.secrets.get((namespace, source.secret_ref.name))
        for key, content in (secret.values if secret else {}).items():
            yield key, Value(content, secret=True)


def _from(world: World, source: EnvSource, identity: Identity, container: Container) -> Value | None:
    if source.field_ref:
        text = field(world, identity, source.field_ref.field_path)
        return None if text is None else Value(text.encode())
    if reference := source.resource_field_ref:
        named = (one for one in identity.containers if one.name == reference.container_name)
        return Value(amount(world, reference, next(named, container)).encode())
    return _key(world, source, identity)


def _key(world: World, source: EnvSource, identity: Identity) -> Value | None:
    config, secret = source.config_map_key_ref, source.secret_key_ref
    if config:
        found = world.catalog.config_maps.get((identity.namespace, config.name))
        return Value(found.data[config.key].encode()) if found and config.key in found.data else None
    if secret:
        kept = world.catalog.secrets.get((identity.namespace, secret.name))
        values = kept.values if kept else {}
        return Value(values[secret.key], secret=True) if secret.key in values else None
    return None
