"""From Podman's list answers to what sloop sees."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from runtime.grouping import Listed, without_ours
from runtime.grouping import pods_of as grouped
from runtime.podman_errors import Refusal
from runtime.resources import Label
from runtime.seen import Exit, Happening, SeenNetwork, SeenPod, SeenVolume, Usage

NANO = 1e9  # nanoseconds in a second
KILLED = 137  # as shells have it: by SIGKILL
TELLING = frozenset(
    (
        *("create", "start", "restart", "died", "die", "pause", "unpause"),
        *("remove", "rename", "connect", "disconnect", "prune"),
    )
)
Content = tuple[str, str, float]  # a digest, a note, and when a proxy was told it
NOTHING: Content = ("", "", 0.0)


def pods_of(
    containers: Iterable[Mapping[str, Any]], copied: frozenset[str] = frozenset()
) -> tuple[SeenPod, ...]:
    """Return our pods, and every container of others, infra containers too: their names are taken.

    Labels of ours on those with an id in ``copied`` say nothing.
    """
    listed = (_listed(container) for container in containers)
    return grouped(one if one.seen.id not in copied else _stranger(one) for one in listed)


def networks_of(
    networks: Iterable[Mapping[str, Any]], mute: frozenset[str] = frozenset()
) -> tuple[SeenNetwork, ...]:
    """Return every network; nobody answers the names of those in ``mute``."""
    return tuple(
        SeenNetwork(
            name=network["name"],
            labels=network.get("labels") or {},
            subnets=tuple(subnet["subnet"] for subnet in network.get("subnets") or ()),
            mute=network["name"] in mute,
        )
        for network in networks
    )


def volumes_of(
    volumes: Iterable[Mapping[str, Any]], contents: Mapping[str, Content]
) -> tuple[SeenVolume, ...]:
    """Return every volume, with what ``contents`` knows by name: digests, notes, when they were told."""
    return tuple(
        SeenVolume(
            name=volume["Name"],
            labels=volume.get("Labels") or {},
            content=contents.get(volume["Name"], NOTHING)[0],
            note=contents.get(volume["Name"], NOTHING)[1],
            told=contents.get(volume["Name"], NOTHING)[2],
        )
        for volume in volumes
    )


def is_a_proxys(volume: Mapping[str, Any]) -> bool:
    """Whether a volume holds the configuration of a proxy."""
    return (volume.get("Labels") or {}).get(Label.KIND) == "proxy"


def holds_files(volume: Mapping[str, Any]) -> bool:
    """Whether a volume is one that sloop fills and containers only read."""
    return (volume.get("Labels") or {}).get(Label.KIND) == "files"


def references_of(images: Iterable[Mapping[str, Any]]) -> frozenset[str]:
    """Return every way to write the images: with and without `latest`, localhost/ and docker.io/."""
    return frozenset(
        way
        for image in images
        for name in (*(image.get("RepoTags") or ()), *(image.get("RepoDigests") or ()), image["Id"])
        for way in _ways(name)
    )


def exit_of(inspected: Mapping[str, Any]) -> Exit:
    """Return what only ``inspect`` tells of an end."""
    state = inspected["State"]
    return Exit(
        restarts=inspected.get("RestartCount") or 0,
        out_of_memory=bool(state.get("OOMKilled")),
        error=state.get("Error") or "",
        alone=(inspected.get("HostConfig") or {}).get("RestartPolicy", {}).get("Name") in {"", "no"},
    )


def usage_of(said: Mapping[str, Any]) -> Mapping[str, Usage]:
    """Return what containers have used.  Raises Refusal where Podman can't tell: rootless on cgroups v1."""
    if trouble := (said.get("Error") or {}):
        raise Refusal(500, "", str(trouble))
    return {
        one["ContainerID"]: Usage(one["SystemNano"] / NANO, one["CPUNano"] / NANO, one["MemUsage"])
        for one in said.get("Stats") or ()
    }


def may_have_wanted_too_much(inspected: Mapping[str, Any]) -> bool:
    """Say whether a container with a limit was killed, and Podman doesn't tell for what."""
    state, limit = inspected["State"], (inspected.get("HostConfig") or {}).get("Memory")
    return bool(limit) and state.get("ExitCode") == KILLED and not state.get("OOMKilled")


def started(inspected: Mapping[str, Any]) -> float:
    """Return when a container was last started, in seconds since 1970."""
    return seconds(inspected["State"]["StartedAt"])


def happening_of(event: Mapping[str, Any]) -> Happening | None:
    """Return what an event tells; None for what is inside of another (init, cleanup, exec, ...)."""
    if event.get("Action") not in TELLING:
        return None
    said = (event.get("Actor") or {}).get("Attributes") or {}
    return Happening(action=event["Action"], name=said.get("name", ""), labels=said)


def seconds(time: str) -> float:
    """Return the seconds since 1970 of what Go wrote."""
    return datetime.fromisoformat(time).timestamp()


def _listed(container: Mapping[str, Any]) -> Listed:
    pod, name = container.get("Pod") or "", container.get("PodName") or ""
    return Listed(_pod(container), name, pod, infra=bool(container.get("IsInfra")))


def _stranger(one: Listed) -> Listed:
    return replace(one, seen=without_ours(one.seen))


def _pod(container: Mapping[str, Any]) -> SeenPod:
    return SeenPod(
        id=container["Id"],
        name=container["Names"][0],
        labels=container.get("Labels") or {},
        state=container["State"],
        image=container["Image"],
        image_id=container["ImageID"],
        networks=tuple(sorted(container.get("Networks") or ())),
        created=seconds(container["Created"]),
        started=max(container["StartedAt"], 0),
        ended=max(container["ExitedAt"], 0),  # Go's zero time is in the year 1
        exit_code=container["ExitCode"],
        pid=container["Pid"],
    )


def _ways(name: str) -> Iterable[str]:
    shorter = [name.removeprefix(start) for start in ("localhost/", "docker.io/library/", "docker.io/")]
    hub = name.replace("docker.io/library/", "docker.io/", 1)
    for way in {name, hub, *shorter}:
        yield way
        yield way.removesuffix(":latest")
