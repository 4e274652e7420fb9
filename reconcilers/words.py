"""What a person asked for on this machine, beside git: that pods are made anew, or that a rollout waits."""

from collections.abc import Mapping
from datetime import UTC, datetime

from reconcilers.world import World
from runtime.records import Note
from runtime.resources import Owner
from runtime.seen import SeenPod

RESTART, PAUSE, SUSPEND = "restart", "pause", "suspend"


def is_spent(world: World, owner: Owner, pod: SeenPod) -> bool:
    """Say whether a pod was there already when its object was to be restarted."""
    note = _said(world, owner, RESTART)
    return note is not None and pod.created < note.at


def restart(world: World, owner: Owner) -> str:
    """Return since when an object is to be restarted, in words; "" where it isn't."""
    note = _said(world, owner, RESTART)
    return f"a restart was asked for at {clock(note.at)}" if note else ""


def pause(world: World, owner: Owner) -> str:
    """Return why an object's rollout waits, "" where nobody said so here."""
    note = _said(world, owner, PAUSE)
    way_out = f"`sloop rollout resume {_typed(owner)}` goes on"
    return f"by a hand at {clock(note.at)}; {way_out}" if note else ""


def suspended(notes: Mapping[tuple[Owner, str], Note]) -> Mapping[Owner, str]:
    """Return the objects that are to be left alone, each with since when and how that ends."""
    return {
        owner: f"suspended by a hand at {clock(note.at)}; `sloop resume {_typed(owner)}` goes on"
        for (owner, word), note in notes.items()
        if word == SUSPEND
    }


def _typed(owner: Owner) -> str:
    """Return how a person names an object on the command line."""
    place = "" if owner.namespace in ("", "default") else f" -n {owner.namespace}"
    return f"{owner.kind.lower()}/{owner.name}{place}"


def _said(world: World, owner: Owner, word: str) -> Note | None:
    return world.past.notes.get((owner, word))


def clock(seconds: float) -> str:
    """Spell a moment, in seconds since 1970, for people."""
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d %H:%M:%S} UTC"
