"""What a person asks for on this machine and git doesn't say: restarts, and rollouts that wait."""

import time

from gitops.git.source import Source
from gitops.git.there import commit_there
from gitops.house import house_of
from gitops.loop import Teller
from gitops.program import Document, go_on
from gitops.request import Request, Wish
from gitops.settings import Settings
from gitops.sources import engine_of, source_of
from gitops.telling.meant import absent
from gitops.telling.which import Unaskable
from reconcilers.words import PAUSE, RESTART, SUSPEND
from runtime.dataclass import dataclass
from runtime.ledger import look_back, open_ledger
from runtime.records import Note
from runtime.resources import Owner
from schemas.apps import DaemonSet, Deployment, ReplicaSet, StatefulSet
from schemas.core import Pod
from schemas.kinds import Object
from schemas.replication import ReplicationController

ALREADY = "is paused already"
WITHOUT_PODS = frozenset(
    {"ConfigMap", "Namespace", "PersistentVolume", "PersistentVolumeClaim", "Secret", "Service"}
)
BY_GIT = "by git: commit `paused: false`"


@dataclass(frozen=True, slots=True)
class Asked:
    """An object as the machine has it; ``held`` says that somebody paused it here."""

    source: Source
    whose: Owner
    object: Object
    held: bool

    @property
    def word(self) -> str:
        """Its name as a person writes it."""
        return f"{self.whose.kind.lower()}/{self.whose.name}"

    @property
    def held_by_git(self) -> bool:
        """Whether git says that it is paused."""
        return isinstance(self.object, Deployment) and self.object.spec.paused


def restart(settings: Settings, whose: Owner, wish: Wish, teller: Teller) -> tuple[Document, str]:
    """Make an object's pods anew, by the arithmetic of its updates; return what ``apply`` does."""
    asked = _asked(settings, whose)
    if why := _unfit(asked):
        raise Unaskable(why)
    _note(settings, asked, RESTART, teller)
    return go_on(settings, Request("restart", stays=True), wish, teller)


def pause(settings: Settings, whose: Owner, teller: Teller) -> Document:
    """Let no rollout of a Deployment go on, until somebody resumes it here."""
    asked = _deployment(settings, whose)
    if asked.held or asked.held_by_git:
        raise Unaskable(f"{asked.word} {ALREADY}{'' if asked.held else f', {BY_GIT}'}")
    _note(settings, asked, PAUSE, teller)
    return {"object": str(whose), "paused": True}


def resume(settings: Settings, whose: Owner, wish: Wish, teller: Teller) -> tuple[Document, str]:
    """Let a Deployment's rollout go on, unless git pauses it too; return what ``apply`` does."""
    asked = _deployment(settings, whose)
    if not asked.held:
        raise Unaskable(f"{asked.word} is {f'paused {BY_GIT}' if asked.held_by_git else 'not paused'}")
    with open_ledger(settings.state, teller.notice) as ledger:
        ledger.strike(asked.source.id, [(whose, PAUSE)])
        ledger.tell(asked.source.id, whose, "Resume", "asked for by a hand", time.time())
    if asked.held_by_git:
        teller.notice(f"{asked.word} stays paused {BY_GIT}")
    return go_on(settings, Request("resume", stays=True), wish, teller)


def suspend(settings: Settings, whose: Owner, teller: Teller) -> Document:
    """Leave an object alone, and all that it has, until somebody resumes it here."""
    asked = _asked(settings, whose)
    if whose.kind in WITHOUT_PODS:
        raise Unaskable(f"a {whose.kind} has no pods of its own that could be left alone")
    with look_back(settings.state) as past:
        if (whose, SUSPEND) in past.notes(asked.source.id):
            raise Unaskable(f"{asked.word} is suspended already")
    _note(settings, asked, SUSPEND, teller)
    return {"object": str(whose), "suspended": True}


def look_after(settings: Settings, whose: Owner, wish: Wish, teller: Teller) -> tuple[Document, str]:
    """Look after an object again that was suspended here; return what ``apply`` does."""
    source = source_of(settings)
    with open_ledger(settings.state, teller.notice) as ledger:
        if (whose, SUSPEND) not in ledger.past.notes(source.id):
            raise Unaskable(f"{whose.kind.lower()}/{whose.name} is not suspended")
        ledger.strike(source.id, [(whose, SUSPEND)])
        ledger.tell(source.id, whose, "Resume", "asked for by a hand", time.time())
    return go_on(settings, Request("resume"), wish, teller)


def _asked(settings: Settings, whose: Owner) -> Asked:
    """Return the object at the commit that the machine has; raises Missing where that has none."""
    source, engine = source_of(settings), engine_of(settings)
    with look_back(settings.state) as past:
        sha, held = commit_there(past, source, engine), (whose, PAUSE) in past.notes(source.id)
    known = house_of(settings, source, engine).rendered(sha).by_owner
    if whose not in known:
        raise absent(whose, known)
    return Asked(source, whose, known[whose].object, held)


def _deployment(settings: Settings, whose: Owner) -> Asked:
    if whose.kind != "Deployment":
        raise Unaskable(f"only the rollout of a Deployment can be paused, and this is a {whose.kind}")
    return _asked(settings, whose)


def _unfit(asked: Asked) -> str:
    """Return why an object can't be restarted, "" where it can."""
    remove = "remove a pod with `podman rm -f`, and it is made anew"
    match asked.object:
        case Deployment() if asked.held:
            return f"{asked.word} is paused: `sloop rollout resume {asked.word}` first"
        case Deployment() if asked.held_by_git:
            return f"{asked.word} is paused {BY_GIT} first"
        case StatefulSet() | DaemonSet() as one if one.spec.update_strategy.type == "OnDelete":
            return f"{asked.word} says updateStrategy OnDelete: {remove}"
        case ReplicaSet() | ReplicationController():
            return f"a {asked.whose.kind} replaces none of its pods: {remove}"
        case Deployment() | StatefulSet() | DaemonSet() | Pod():
            return ""
        case _:
            return f"a {asked.whose.kind} has no pods of its own to restart"


def _note(settings: Settings, asked: Asked, word: str, teller: Teller) -> None:
    now = time.time()
    with open_ledger(settings.state, teller.notice) as ledger:
        ledger.note(asked.source.id, word, {asked.whose: Note(now)})
        ledger.tell(asked.source.id, asked.whose, word.title(), "asked for by a hand", now)
