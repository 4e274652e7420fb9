"""What a person asked for on this machine, beside git: that pods are made anew, or that a rollout waits."""

from datetime import UTC, datetime

from reconcilers.world import World
from runtime.records import Note
from runtime.resources import Owner
from runtime.seen import SeenPod

RESTART, PAUSE = "restart", "pause"


def is_spent(world: World, owner: Owner, pod: SeenPod) -> bool:
    """Say whether a pod was there already when its object was to be restarted."""
    note = _said(world, owner, RESTART)
    return note is not None and pod.created < note.at


def restart(world: World, owner: Owner) -> str:
    """Return since when an object is to be restarted, in words; "" where it isn't."""
    note = _said(world, owner, RESTART)
    return f"a restart was asked for at {_clock(note.at)}" if note else ""


def pause(world: World, owner: Owner) -> str:
    """Return why an object's rollout waits, "" where nobody said so here."""
    note = _said(world, owner, PAUSE)
    place = "" if owner.namespace == "default" else f" -n {owner.namespace}"
    way_out = f"`sloop rollout resume {owner.kind.lower()}/{owner.name}{place}` goes on"
    return f"by a hand at {_clock(note.at)}; {way_out}" if note else ""


def _said(world: World, owner: Owner, word: str) -> Note | None:
    return world.past.notes.get((owner, word))


def _clock(seconds: float) -> str:
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d %H:%M:%S} UTC"
