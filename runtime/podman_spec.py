"""From our values to what Podman's API takes: networks, volumes and containers as JSON."""

from collections.abc import Mapping
from signal import Signals
from typing import Any

from runtime.hooks import AFTER_START, hooks_in
from runtime.podman_copies import MADE
from runtime.resources import (
    Container,
    Label,
    Limits,
    Mount,
    Network,
    Pod,
    Port,
    Role,
    SecretFile,
    Security,
    container_name,
)

CPU_PERIOD = 100_000  # microseconds, as Kubernetes and Podman have it
LEAST_QUOTA = 1_000  # the kernel takes no less
LEAST_SHARES = 2
PAGE = 4096  # bytes
HELD = "/dev/.sloop"  # below it the infra container, and so every other one, has the pod's volumes in memory
HOME = "sloop/home"  # of a pod that is a guest elsewhere: the network through which its ports lead
QUICK_RESTARTS = 3  # by Podman, at once; later ones are sloop's, with back-off (decision 13)


def volume_spec(name: str, labels: Mapping[str, str], tmpfs: int | None = None) -> dict[str, Any]:
    """Return a volume; one in memory has its size in blocks, as Podman 4.3 takes bytes for quotas only."""
    spec: dict[str, Any] = {"Name": name, "Labels": dict(labels)}
    if tmpfs is None:
        return spec
    size = [f"nr_blocks={-(-tmpfs // PAGE)}"] if tmpfs else []
    options = ",".join(["nosuid", "nodev", "mode=1777", *size])
    return {**spec, "Options": {"type": "tmpfs", "device": "tmpfs", "o": options}}


def network_spec(network: Network) -> dict[str, Any]:
    """Return a network whose leases come from the lower half of its subnet (decision 3)."""
    spec = {
        "name": network.name,
        "driver": "bridge",
        "dns_enabled": True,
        "labels": dict(network.labels),
        "options": {"isolate": "true"},
    }
    return {**spec, "subnets": [_subnet(network.subnet)]} if network.subnet else spec


def container_spec(
    pod: Pod, container: Container, bound: Mapping[Mount, str], read_only: frozenset[str]
) -> dict[str, Any]:
    """Return Podman's SpecGenerator for a container of a pod, which stands alone or in a Podman pod.

    ``bound`` gives the machine's path for each mount of a host path or with a ``sub_path``; volumes
    named in ``read_only`` are mounted so whatever the mount says.
    """
    return _without_empty(
        {
            **(_in_group(pod, container) if pod.grouped else _alone(pod)),
            "annotations": {MADE: "true", **({HOME: pod.network} if joins_later(pod) else {})},
            **_restarts(pod, container),
            "stop_timeout": pod.grace,
            "timeout": pod.deadline or None,
            "healthconfig": {"Test": ["NONE"]},  # probes are ours
            **_what_runs(container),
            **_storage(container, bound, read_only),
            **_security(container.security),
            **({"sysctl": None} if pod.grouped else {}),  # they are the infra container's
            "resource_limits": _limits(container.limits),
        }
    )


def pod_spec(pod: Pod) -> dict[str, Any]:
    """Return Podman's PodSpecGenerator: the infra container has all that the containers share."""
    names = ["net", "uts"] if pod.network else ["net"]
    more = {"ipc": "ipc" not in pod.host, "pid": pod.shares_processes and "pid" not in pod.host}
    shared = [*names, *(kind for kind, wanted in more.items() if wanted)]
    return _without_empty(
        {
            "name": pod.name,
            "labels": dict(pod.labels),
            "hostname": pod.names.hostname,
            "infra_name": container_name(pod.name, ""),
            "shared_namespaces": shared,
            "exit_policy": "continue",
            **_network(pod),
            "sysctl": dict(pod.containers[0].security.sysctls),
            "volumes": [
                {"Name": name, "Dest": f"{HELD}/{name}", "Options": ["nocopy"]} for name in pod.memory
            ],
        }
    )


def _alone(pod: Pod) -> dict[str, Any]:
    return {
        "name": pod.name,
        "labels": dict(pod.labels),
        "hostname": pod.names.hostname,
        **_network(pod),
        **_host_namespaces(pod),
    }


def _in_group(pod: Pod, container: Container) -> dict[str, Any]:
    return {
        "name": container_name(pod.name, container.name),
        "labels": {**pod.labels, Label.CONTAINER: container.name},
        "pod": pod.name,
        **_host_namespaces(pod),
    }


def _restarts(pod: Pod, container: Container) -> dict[str, Any]:
    """Let Podman restart what crashes, unless more than the program has to start again."""
    if pod.restart == "Podman":
        return {"restart_policy": "always"}
    hooked = bool(hooks_in(pod.labels.get(Label.HOOKS, ""), AFTER_START, container.name))
    never = pod.restart == "Never" and container.role is not Role.SIDECAR
    if never or hooked or pod.deadline:
        return {"restart_policy": "no"}
    return {"restart_policy": "on-failure", "restart_tries": QUICK_RESTARTS}


def _subnet(subnet: str) -> dict[str, Any]:
    from ipaddress import ip_network  # only a new network needs it

    net = ip_network(subnet)
    middle = net.num_addresses // 2
    return {
        "subnet": subnet,
        "gateway": str(net[1]),
        "lease_range": {"start_ip": str(net[2]), "end_ip": str(net[middle - 1])},
    }


def _what_runs(container: Container) -> dict[str, Any]:
    return {
        "image": container.image,
        "entrypoint": list(container.entrypoint or ()),
        "command": list(container.command or ()),
        "work_dir": container.working_dir,
        "create_working_dir": bool(container.working_dir),
        "env": dict(container.env),
        "secret_env": dict(container.secret_env),
        "secrets": [_secret(file) for file in container.secret_files],
        "stdin": container.stdin,
        "terminal": container.tty,
        "stop_signal": Signals[container.stop_signal].value if container.stop_signal else None,
    }


def _secret(file: SecretFile) -> dict[str, Any]:
    return {"Source": file.secret, "Target": file.target, "UID": 0, "GID": file.group, "Mode": file.mode}


def _network(pod: Pod) -> dict[str, Any]:
    return {
        **(_own_network(pod) if pod.network else {"netns": {"nsmode": "host"}}),
        "hostadd": [f"{name}:{address}" for name, address in pod.names.hosts],
        "dns_server": list(pod.names.servers),
        "dns_search": list(pod.names.searches),
        "dns_option": list(pod.names.options),
    }


def _host_namespaces(pod: Pod) -> dict[str, Any]:
    """Return those of the machine's; who is in its network in a pod of several has its name, too."""
    kinds = (*pod.host, *(["uts"] if pod.grouped and not pod.network else []))
    return {f"{kind}ns": {"nsmode": "host"} for kind in kinds}


def _own_network(pod: Pod) -> dict[str, Any]:
    own: dict[str, Any] = {"aliases": list(pod.own_aliases)}
    if pod.address:
        own["static_ips"] = [pod.address]
    others = {} if joins_later(pod) else {one.network: {"aliases": list(one.aliases)} for one in pod.guest}
    return {
        "netns": {"nsmode": "bridge"},
        "networks": {pod.network: own, **others},
        "portmappings": [_port(port) for port in pod.ports],
    }


def joins_later(pod: Pod) -> bool:
    """Say whether a pod becomes a guest in networks only once it runs.

    Podman leads a port of the machine through whichever of a pod's networks it comes to first.  When that one
    leaves, all who came through the port would be cut off: so it has to be the pod's own.
    """
    return bool(pod.ports and pod.guest)


def _port(port: Port) -> dict[str, Any]:
    return {
        "container_port": port.container,
        "host_port": port.host,
        "protocol": port.protocol,
        "host_ip": port.address,
    }


def _storage(container: Container, bound: Mapping[Mount, str], read_only: frozenset[str]) -> dict[str, Any]:
    volumes = [mount for mount in container.mounts if mount.volume is not None and not mount.sub_path]
    return {
        "volumes": [_volume(mount, read_only) for mount in volumes],
        "image_volumes": [
            {"Source": mount.image, "Destination": mount.target, "ReadWrite": False}
            for mount in container.mounts
            if mount.image
        ],
        "mounts": [
            *(_tmpfs(mount) for mount in container.mounts if mount.tmpfs is not None),
            *(_bind(mount, path, read_only) for mount, path in bound.items()),
        ],
    }


def _volume(mount: Mount, read_only: frozenset[str]) -> dict[str, Any]:
    return {
        "Name": mount.volume,
        "Dest": mount.target,
        "Options": ["nocopy", _access(mount, read_only), *_propagation(mount)],
    }


def _tmpfs(mount: Mount) -> dict[str, Any]:
    size = [f"size={mount.tmpfs}"] if mount.tmpfs else []
    return {
        "type": "tmpfs",
        "source": "tmpfs",
        "destination": mount.target,
        "options": ["nosuid", "nodev", "mode=1777", _access(mount, frozenset()), *size],
    }


def _bind(mount: Mount, path: str, read_only: frozenset[str]) -> dict[str, Any]:
    return {
        "type": "bind",
        "source": path,
        "destination": mount.target,
        "options": ["rbind", _access(mount, read_only), *_propagation(mount)],
    }


def _propagation(mount: Mount) -> list[str]:
    return [mount.propagation] if mount.propagation else []


def _access(mount: Mount, read_only: frozenset[str]) -> str:
    return "ro" if mount.read_only or mount.volume in read_only else "rw"


def _security(security: Security) -> dict[str, Any]:
    return {
        "user": security.user,
        "groups": list(security.groups),
        "privileged": security.privileged,
        "read_only_filesystem": security.read_only_root,
        "read_write_tmpfs": security.read_only_root,  # without it Podman 5 makes /dev/shm read only, too
        "no_new_privileges": security.no_new_privileges,
        "cap_add": list(security.add_capabilities),
        "cap_drop": list(security.drop_capabilities),
        "sysctl": dict(security.sysctls),
        "seccomp_profile_path": security.seccomp,
        "apparmor_profile": security.app_armor,
        "selinux_opts": list(security.se_linux),
        "unmask": ["ALL"] if security.unmasked else [],
    }


def _limits(limits: Limits) -> dict[str, Any]:
    """Return the kernel's numbers; 0 is no limit.  Source: Kubernetes' pkg/kubelet/cm/helpers_linux.go."""
    quota = max(round(limits.cpu_limit * CPU_PERIOD), LEAST_QUOTA) if limits.cpu_limit else None
    asked = limits.cpu_request
    shares = None if asked is None else max(int(asked * 1024), LEAST_SHARES)
    cpu = _without_empty({"quota": quota, "period": CPU_PERIOD if quota else None, "shares": shares})
    memory = _without_empty(
        {"limit": limits.memory_limit or None, "reservation": limits.memory_request or None}
    )
    return _without_empty({"cpu": cpu, "memory": memory})


def _without_empty(spec: Mapping[str, Any]) -> dict[str, Any]:
    """Return only what says something; a time-out of 0 does."""
    return {name: value for name, value in spec.items() if value or (value == 0 and value is not False)}
