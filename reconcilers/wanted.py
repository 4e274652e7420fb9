"""What a reconciler is told, and what it answers."""

from collections.abc import Mapping
from dataclasses import field
from enum import StrEnum
from types import MappingProxyType

from runtime.dataclass import dataclass
from runtime.records import Failure, Note, Readiness, Restarts
from runtime.resources import Owner, Resource
from runtime.seen import Exit, SeenPod


class Health(StrEnum):
    """How an object fares, in Argo CD's words; the order is from well to ill."""

    HEALTHY = "Healthy"
    SUSPENDED = "Suspended"
    PROGRESSING = "Progressing"
    MISSING = "Missing"
    DEGRADED = "Degraded"


@dataclass(frozen=True, slots=True)
class Past:
    """What this pass knows of earlier ones.  All of it may be empty: then nothing restarts because of it.

    ``readiness``, ``restarts`` and ``exits`` go by a container's id; so do ``unwell`` (why a probe wants it
    restarted) and ``unready`` (what its readiness probe says).  ``failures`` go by a resource's key,
    ``notes`` by an object and a word (see ``reconcilers.words``).
    ``serving`` says, where that was asked, of pods by name whether the proxies that lead to them find them
    up, and of proxies whether they answer and know where to lead.
    ``started`` are the ids of the containers whose startup probe has passed.
    ``lives`` say since when young ones have run, in seconds since 1970: an engine may list whole ones only.
    """

    readiness: Mapping[str, Readiness] = field(default_factory=lambda: MappingProxyType({}))
    restarts: Mapping[str, Restarts] = field(default_factory=lambda: MappingProxyType({}))
    exits: Mapping[str, Exit] = field(default_factory=lambda: MappingProxyType({}))
    failures: Mapping[str, Failure] = field(default_factory=lambda: MappingProxyType({}))
    unwell: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    unready: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    notes: Mapping[tuple[Owner, str], Note] = field(default_factory=lambda: MappingProxyType({}))
    serving: Mapping[str, bool] = field(default_factory=lambda: MappingProxyType({}))
    started: frozenset[str] = frozenset()
    lives: Mapping[str, float] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, slots=True)
class Status:
    """How an object fares at this moment, for people; ``ready`` of ``total`` pods serve.

    ``updated`` pods are as they are described now, and so many of these are ``available``.
    """

    health: Health
    reason: str = ""
    ready: int = 0
    total: int = 0
    updated: int = 0
    available: int = 0
    pods: tuple[SeenPod, ...] = ()


class Consequence(StrEnum):
    """What a change does to what serves."""

    NONE = "none"
    IN_PLACE = "in-place"
    ROLLING = "rolling"
    RECREATE = "recreate"


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which resources one object wants at this moment.

    Pods named in ``keep`` stay as they are, though the object no longer describes them (an older
    revision that still serves).  Of containers (a pod of one has its own name) those in ``resting`` must not
    be started: they wait for their back-off or for another one, or are over.
    Pods of several in ``over`` have had their time, and stop.
    Starting one named in ``restarting`` counts as a restart; ``unwell`` tells of those that run and have to
    be restarted, and why; ``killed`` of those that have to stop for good, ``evicted`` of pods that stop at
    once as they take too much.
    ``settled`` says that what runs is what the object asks for, and no rollout is under way;
    ``consequence`` what a rollout does to what serves.
    Pods named in ``renewed`` are replaced by what is wanted under their names, though it is the same;
    ``asked`` says what a person asked for that brings a rollout about, "" where only git does.
    ``noted`` is what the next pass should know, by word.
    ``released`` are the names of claims' volumes that it had and wants to be gone.
    ``orders`` are the hosts of certificates that are to be obtained now, each with one for all of its hosts.
    ``look_again`` is when the answer may change by itself, in seconds since 1970; ``final`` says that it
    won't become well.  ``reasons`` tell by a resource's key why it comes or goes.  A ``living`` object's pods
    come and go by its own doing, so that is no drift.  ``note`` is what a change of it brings about.
    """

    owner: Owner
    resources: tuple[Resource, ...]
    status: Status
    keep: frozenset[str] = frozenset()
    resting: frozenset[str] = frozenset()
    restarting: frozenset[str] = frozenset()
    over: frozenset[str] = frozenset()
    unwell: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    evicted: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    killed: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    renewed: frozenset[str] = frozenset()
    noted: Mapping[str, Note] = field(default_factory=lambda: MappingProxyType({}))
    asked: str = ""
    released: frozenset[str] = frozenset()
    settled: bool = True
    consequence: Consequence = Consequence.NONE
    orders: tuple[tuple[str, ...], ...] = ()
    look_again: float | None = None
    reasons: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    living: bool = False
    final: bool = False
    note: str = ""
