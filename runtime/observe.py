"""What was seen on the machine: whose it is, and whether it differs from last time."""

from collections.abc import Iterable, Mapping
from typing import Any

from runtime.resources import Label, Owner, container_name, digest
from runtime.seen import Seen, SeenContainer, SeenPod


def of_source(seen: Seen, source: str) -> Seen:
    """Return only what belongs to one source.  A secret's name begins with its source."""
    return Seen(
        pods=tuple(pod for pod in seen.pods if pod.labels.get(Label.SOURCE) == source),
        networks=tuple(one for one in seen.networks if one.labels.get(Label.SOURCE) == source),
        volumes=tuple(one for one in seen.volumes if one.labels.get(Label.SOURCE) == source),
        secrets=tuple(name for name in seen.secrets if name.startswith(secret_prefix(source))),
    )


def labels(seen: Seen) -> list[Mapping[str, str]]:
    """Return the labels of all pods and volumes."""
    return [*(pod.labels for pod in seen.pods), *(volume.labels for volume in seen.volumes)]


def of_owner(pods: Iterable[SeenPod], owner: Owner) -> tuple[SeenPod, ...]:
    """Return the pods that one object made."""
    return tuple(pod for pod in pods if pod.labels.get(Label.OWNER) == str(owner))


def pod_name(pod: SeenPod) -> str:
    """Return the name that we gave a pod, whatever a hand has called it since."""
    return pod.labels.get(Label.POD) or pod.name


def is_proxy(pod: SeenPod) -> bool:
    """Say whether a pod of ours only leads to others."""
    return pod.labels.get(Label.USES, "").startswith("configuration/")


def container_key(pod: SeenPod, container: SeenContainer) -> str:
    """Return the name that we gave a container of a pod, whatever a hand has called it since."""
    return container_name(pod_name(pod), container.part) if container.part else pod_name(pod)


def secret_prefix(source: str) -> str:
    """Return how the names of a source's secrets begin."""
    return f"sloop-{source}-"


def fingerprint(seen: Seen, source: str) -> str:
    """Return a digest of all that a pass over one source decides on.

    The same one means that nothing has happened: of others' pods only their names and networks count.
    """
    mine = of_source(seen, source)
    ours = {pod.id for pod in mine.pods}
    return digest(
        [
            sorted(
                [one.id, one.name, one.state, one.started, one.exit_code, *one.networks, *_members(one)]
                for one in mine.pods
            ),
            sorted([pod.name, *pod.networks] for pod in seen.pods if pod.id not in ours),
            sorted([one.name, one.mute, *one.subnets] for one in seen.networks),
            sorted([volume.name, volume.content] for volume in seen.volumes),
            sorted(mine.secrets),
        ]
    )


def _members(pod: SeenPod) -> list[list[Any]]:
    return [[one.id, one.name, one.state, one.started, one.exit_code] for one in pod.members]
