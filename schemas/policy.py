"""What whoever runs a machine lets no commit do there, whoever wrote it."""

from collections.abc import Collection, Iterable, Iterator

from schemas.configuration import Forbidden
from schemas.manifest import Manifest
from schemas.model import Path
from schemas.pod import PodSpec
from schemas.pods import pod_of
from schemas.problems import Problem
from schemas.storage import PersistentVolume

Found = Iterator[tuple[Forbidden, Path]]


def breaches(manifests: Iterable[Manifest], forbidden: Collection[str]) -> tuple[Problem, ...]:
    """Return each place where manifests ask for what is forbidden here."""
    return tuple(
        manifest.origin.problem(path, f"{name} is forbidden on this machine by `policy` in sloop.yaml")
        for manifest in manifests
        if forbidden
        for name, path in _asked(manifest)
        if name in forbidden
    )


def _asked(manifest: Manifest) -> Found:
    if isinstance(manifest.object, PersistentVolume):
        local = manifest.object.spec.local is not None
        yield "hostPath", ("spec", "local" if local else "hostPath")
    elif pod := pod_of(manifest.object):
        yield from ((name, (*pod.path, *path)) for name, path in _of_pod(pod.spec))


def _of_pod(spec: PodSpec) -> Found:
    whole: dict[Forbidden, bool] = {
        "hostIPC": spec.host_ipc,
        "hostNetwork": spec.host_network,
        "hostPID": spec.host_pid,
    }
    yield from ((name, (name,)) for name, asked in whole.items() if asked)
    for index, volume in enumerate(spec.volumes):
        if volume.host_path is not None:
            yield "hostPath", ("volumes", index, "hostPath")
    for field, containers in (("initContainers", spec.init_containers), ("containers", spec.containers)):
        for index, one in enumerate(containers):
            if one.security_context.privileged:
                yield "privileged", (field, index, "securityContext", "privileged")
            for at, port in enumerate(one.ports):
                if port.host_port:
                    yield "hostPort", (field, index, "ports", at, "hostPort")
