"""Marks: what Podman keeps of Jobs beyond their pods, as labels of small volumes (decision 8)."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, field, replace
from enum import StrEnum

from reconcilers.contents import volume_labels
from reconcilers.world import World
from runtime.dataclass import dataclass
from runtime.resources import Label, Owner, Volume
from runtime.seen import SeenVolume

KIND = "mark"


class State(StrEnum):
    """What a mark says of a Job; or, of a CronJob, up to when its schedule has been looked after."""

    BEGUN = "Begun"
    SUSPENDED = "Suspended"
    RESUMED = "Resumed"
    COMPLETE = "Complete"
    FAILED = "Failed"
    SCHEDULED = "Scheduled"


ENDS = frozenset({State.COMPLETE, State.FAILED})


@dataclass(frozen=True, slots=True)
class Mark:
    """What was written down of one run of a Job, or of a CronJob itself.  Times in seconds since 1970.

    ``name`` is the Job's, or the CronJob's; ``digest`` tells its runs apart.  ``began`` is when its clock
    started, ``due`` for when a CronJob started it; 0 is never.  ``commit`` has what it was made from.
    """

    name: str
    state: State
    at: float
    digest: str = ""
    began: float = 0
    due: float = 0
    reason: str = ""
    message: str = ""
    succeeded: int = 0
    failed: int = 0
    commit: str = ""
    volume: str = field(default="", compare=False)  # the name of the volume that it was read from

    @property
    def over(self) -> bool:
        """Whether nothing more happens."""
        return self.state in ENDS


def mark_volume(world: World, owner: Owner, mark: Mark) -> Volume:
    """Return the volume whose labels keep a mark; its name tells what, so that none is written twice."""
    said = {key: value for key, value in asdict(mark).items() if value and key not in {"volume", "commit"}}
    labels = {
        **volume_labels(world, KIND, str(owner)),
        Label.MARK: json.dumps(said, sort_keys=True),
        Label.COMMIT: mark.commit,
    }
    which = str(int(mark.at)) if mark.state is State.SCHEDULED else mark.digest.partition(":")[2][:10]
    again = f"-{int(mark.at)}" if mark.state in {State.SUSPENDED, State.RESUMED} else ""
    name = f"{owner.namespace}.{mark.name}_{owner.kind.lower()}-{which}-{mark.state.lower()}{again}"
    return Volume(name, {key: text for key, text in labels.items() if text})


def marks_of(volumes: Iterable[SeenVolume], owner: Owner) -> list[Mark]:
    """Return all marks of an object that are there."""
    mine = (one for one in volumes if one.labels.get(Label.OWNER) == str(owner) and Label.MARK in one.labels)
    return [read(one) for one in mine]


def read(volume: SeenVolume) -> Mark:
    """Return the mark that a volume keeps."""
    return replace(mark_in(volume.labels), volume=volume.name)


def mark_in(labels: Mapping[str, str]) -> Mark:
    """Return the mark that labels keep."""
    said = json.loads(labels[Label.MARK])
    return Mark(**{**said, "state": State(said["state"]), "commit": labels.get(Label.COMMIT, "")})


def newest(marks: Iterable[Mark]) -> Mark | None:
    """Return the mark that holds: an end is never taken back, and of others the last one written does."""
    return max(marks, key=lambda one: (one.over, one.at, one.state is not State.BEGUN), default=None)
