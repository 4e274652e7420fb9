"""From a container as it is written to the container that Podman is asked for."""

import json
from collections.abc import Mapping, Sequence

from reconcilers.contents import secret_resource
from reconcilers.downward import Identity
from reconcilers.entries import Reader
from reconcilers.environment import Value, environment, expand
from reconcilers.mounts import Mounted, mounted
from reconcilers.security import security
from reconcilers.world import World
from runtime.resources import Container, Files, Limits, Port, Role, Secret, Volume
from schemas.container import Container as Written
from schemas.container import InitContainer
from schemas.pod import PodSpec
from schemas.quantity import Quantity

PROBES = ("startup_probe", "readiness_probe", "liveness_probe")


def container(
    world: World, written: Written, spec: PodSpec, identity: Identity
) -> tuple[Container, list[Volume | Files | Secret]]:
    """Return a container, and the volumes, files and secrets that it needs."""
    variables = environment(world, written, identity)
    hidden = {name: value for name, value in variables.items() if value.secret and value.content}
    kept = {name: secret_resource(world, value.content) for name, value in hidden.items()}
    reader = Reader(world, identity, spec.security_context.fs_group)
    seen: list[Mounted] = list(mounted(reader, written, spec, variables))
    made = Container(
        name=written.name,
        image=written.image,
        entrypoint=_words(written.command, variables),
        command=_words(written.args, variables),
        working_dir=written.working_dir or "",
        env=tuple((name, _text(value)) for name, value in variables.items() if name not in kept),
        secret_env=tuple((name, secret.name) for name, secret in kept.items()),
        mounts=tuple(mount for one in seen for mount in one.mounts),
        secret_files=tuple(file for one in seen for file in one.secret_files),
        limits=_limits(written),
        security=security(written, spec),
        stdin=written.stdin,
        tty=written.tty,
        stop_signal=(written.lifecycle.stop_signal if written.lifecycle else None) or "",
        role=_role(written),
    )
    return made, [*kept.values(), *(resource for one in seen for resource in one.resources)]


def _role(written: Written) -> Role:
    match written:
        case InitContainer():
            return Role.SIDECAR if written.stays else Role.INIT
    return Role.MAIN


def ports_of(written: Written, spec: PodSpec) -> tuple[Port, ...]:
    """Return the ports of the machine that a container takes."""
    return tuple(
        Port(port.container_port, number, port.protocol.lower(), port.host_ip or "")
        for port in written.ports
        if (number := spec.published(port))
    )


def hooks_of(spec: PodSpec) -> str:
    """Return all hooks as JSON by container and moment, ports as numbers; "" where there are none."""
    hooks = {one.name: found for one in spec.every_container if (found := _hooks(one))}
    return json.dumps(hooks, sort_keys=True) if hooks else ""


def probes_of(spec: PodSpec) -> str:
    """Return all probes as JSON by container and kind, ports as numbers; "" where there are none."""
    probes = {one.name: found for one in spec.every_container if (found := _probes(one))}
    return json.dumps(probes, sort_keys=True) if probes else ""


def _hooks(written: Written) -> dict[str, object]:
    life = written.lifecycle
    given = {"postStart": life.post_start, "preStop": life.pre_stop} if life else {}
    return {
        name: _numbered(hook.model_dump(by_alias=True, exclude_none=True), _named_ports(written))
        for name, hook in given.items()
        if hook
    }


def _named_ports(written: Written) -> dict[str, int]:
    return {port.name: port.container_port for port in written.ports if port.name}


def _probes(written: Written) -> dict[str, object]:
    numbers = _named_ports(written)
    given = {name: getattr(written, name) for name in PROBES}
    return {
        name.removesuffix("_probe"): _numbered(probe.model_dump(by_alias=True, exclude_none=True), numbers)
        for name, probe in given.items()
        if probe
    }


def _numbered(probe: dict[str, object], numbers: Mapping[str, int]) -> dict[str, object]:
    """Replace a port's name by its number."""
    return {
        field: {**value, "port": numbers.get(value["port"], value["port"])}
        if isinstance(value, dict) and "port" in value
        else value
        for field, value in probe.items()
    }


def _words(words: Sequence[str], variables: Mapping[str, Value]) -> tuple[str, ...] | None:
    return tuple(_text(expand(word, variables)) for word in words) or None


def _text(value: Value) -> str:
    return value.content.decode("utf-8", "replace")


def _limits(written: Written) -> Limits:
    limits, requests = written.resources.limits, written.resources.requests
    return Limits(
        cpu_limit=_cores(limits.get("cpu")),
        cpu_request=_cores(requests.get("cpu")),
        memory_limit=_bytes(limits.get("memory")),
        memory_request=_bytes(requests.get("memory")),
    )


def _cores(amount: Quantity | None) -> float | None:
    return None if amount is None else amount.millicores / 1000


def _bytes(amount: Quantity | None) -> int | None:
    return None if amount is None else amount.bytes
