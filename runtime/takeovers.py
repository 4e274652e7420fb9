"""Objects that went over from one source to another: whose they are now, though labels are for ever."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TypeVar

from runtime.resources import Label, Owner, Volume
from runtime.seen import Seen, SeenPod, SeenVolume

KIND = "takeover"
FROM = "sloop/from"  # in what was seen, and nowhere else: the source that the engine's own label names

T = TypeVar("T", SeenPod, SeenVolume)


def takeover(owner: Owner, source: str, volumes: Iterable[SeenVolume]) -> Volume:
    """Return the volume whose labels say that an object is a source's from now on, with all that it has."""
    next_ = 1 + max((number(one) for one in volumes if says_so(one, str(owner))), default=0)
    labels = {Label.SOURCE: source, Label.OWNER: str(owner), Label.KIND: KIND, Label.NUMBER: str(next_)}
    place = ".".join(filter(None, [owner.namespace, owner.name]))
    return Volume(f"{place}_{owner.kind.lower()}-taken-{next_}", labels)


def says_so(volume: SeenVolume, owner: str) -> bool:
    """Say whether a volume tells that an object went over."""
    return volume.labels.get(Label.KIND) == KIND and volume.labels.get(Label.OWNER) == owner


def number(volume: SeenVolume) -> int:
    """Return which of an object's takeovers a volume tells of; the highest holds."""
    said = volume.labels.get(Label.NUMBER, "")
    return int(said) if said.isdecimal() else 0


def as_owned_now(seen: Seen) -> Seen:
    """Return what was seen with the sources to which everything belongs by now."""
    told = [one for one in seen.volumes if one.labels.get(Label.KIND) == KIND]
    labels = [one.labels for one in sorted(told, key=number)]
    holders = {one.get(Label.OWNER, ""): one.get(Label.SOURCE, "") for one in labels}
    return given_to(seen, holders) if holders else seen


def given_to(seen: Seen, holders: Mapping[str, str]) -> Seen:
    """Return what was seen with other sources for what some objects have, by these objects.

    What belongs to no object, such as files and scratch space, goes with the pods that use it, if all do.
    """
    pods = tuple(_given(pod, holders.get(pod.labels.get(Label.OWNER, ""))) for pod in seen.pods)
    users = _users(pods)
    volumes = (_given(one, _holder(one, holders, users.get(one.name, ()))) for one in seen.volumes)
    return replace(seen, pods=pods, volumes=tuple(volumes))


def _holder(volume: SeenVolume, holders: Mapping[str, str], users: Sequence[str]) -> str | None:
    if volume.labels.get(Label.KIND) == KIND:
        return None
    if owner := volume.labels.get(Label.OWNER):
        return holders.get(owner)
    return users[0] if len(set(users)) == 1 else None


def _users(pods: Iterable[SeenPod]) -> Mapping[str, Sequence[str]]:
    """Return the sources of the pods that use a volume, by its name."""
    users: dict[str, list[str]] = defaultdict(list)
    for pod in pods:
        for key in pod.labels.get(Label.USES, "").split(","):
            users[key.partition("/")[2]].append(pod.labels.get(Label.SOURCE, ""))
    return users


def _given(one: T, source: str | None) -> T:
    """Return the same with another source, unless nobody's, or the same one's."""
    before = one.labels.get(Label.SOURCE)
    if not source or not before or source == before:
        return one
    first = one.labels.get(FROM, before)
    return replace(one, labels={**one.labels, Label.SOURCE: source, FROM: first})
