"""Which revisions an object has had on this machine: the ledger knows the commits, git what they say."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise

from gitops.git.source import Commit, SourceError
from gitops.git.there import youngest
from gitops.house import house_of
from gitops.planning.house import House, Moment
from gitops.planning.view import world_of
from gitops.settings import Settings
from gitops.sources import engine_of, source_of
from gitops.telling.meant import absent
from gitops.telling.report import moment
from gitops.telling.which import Missing
from reconcilers.kinds import KINDS
from runtime.dataclass import dataclass
from runtime.ledger import look_back
from runtime.records import Event
from runtime.resources import Label, Owner, Pod
from runtime.seen import Seen
from schemas.apps import REVISIONS, DaemonSet, Deployment, StatefulSet
from schemas.problems import ManifestError

Document = dict[str, object]
SEARCHED = 100  # carried-out commits, and restarts, that are looked through


@dataclass(frozen=True, slots=True)
class Revision:
    """What an object's pods were made from, since when and why; ``template`` is as in the pods' names."""

    template: str
    since: float | None
    commit: str
    author: str
    cause: str


def history(settings: Settings, whose: Owner, limit: int | None) -> list[Document]:
    """Return the revisions that an object has had here, newest first; raises Missing where it had none.

    A commit that changes nothing of its pods, such as their number, makes none.  Without a ``limit`` as many
    older ones are told of as its revisionHistoryLimit says.
    """
    house = house_of(settings, source_of(settings), engine_of(settings))
    with look_back(settings.state) as past:
        runs = past.carried_out(house.source.id, limit=SEARCHED)
        events = past.events(house.source.id, whose, limit=10 * SEARCHED)
    found = [
        Revision(template, run.started, run.revision, run.author, run.subject)
        for run in reversed(runs)
        if (template := _template(house, whose, run.revision))
    ]
    changed = list(_changes(found or _without_ledger(house, whose)))
    if not changed:
        raise absent(whose, ())
    told = sorted([*changed, *_restarts(changed, events)], key=lambda one: one.since or 0)
    most = limit or _older(house, whose, told[-1].commit) + 1
    return [_document(number, one) for number, one in enumerate(told, start=1)][: -most - 1 : -1]


def way_back(settings: Settings, whose: Owner, revision: int | None) -> str:
    """Return how a person brings an older revision back, the last other one where none is named.

    Raises Missing where its history has none.
    """
    newest, *older = history(settings, whose, None)
    wanted = (
        one for one in older if revision == one["revision"] or (revision is None and _differs(one, newest))
    )
    found = next(wanted, None)
    which = f"{whose.kind.lower()}/{whose.name}"
    if found is None:
        named = "older revision" if revision is None else f"older revision {revision}"
        raise Missing(f"{which} has no {named}: `sloop rollout history {which}` shows those that it has")
    commit = str(found["commit"])[:7]
    return (
        f"git has the history: `sloop rollback --to {commit}` brings back what it said at revision "
        f"{found['revision']} of {which} ({found['cause']}), by a new commit; --path DIRECTORY narrows that"
    )


def _differs(one: Document, other: Document) -> bool:
    return one["template"] != other["template"]


def _older(house: House, whose: Owner, sha: str) -> int:
    """Return how many older revisions an object wants to be told of, as a commit has it."""
    match house.rendered(sha).by_owner[whose].object:
        case DaemonSet() | Deployment() | StatefulSet() as one:
            return one.spec.revision_history_limit
    return REVISIONS


def _template(house: House, whose: Owner, sha: str) -> str:
    """Return the digest in the names of an object's pods as a commit has it, "" where that can't be told."""
    try:
        rendered = house.rendered(sha)
    except (SourceError, ManifestError):
        return ""
    manifest = rendered.by_owner.get(whose)
    if manifest is None:
        return ""
    world = world_of(house, rendered, Seen(), Moment(0))
    answer = KINDS[whose.kind](manifest.object, manifest.document, world)
    pods = (one for one in answer.resources if isinstance(one, Pod))
    return next((pod.labels[Label.REVISION] for pod in pods), "")


def _without_ledger(house: House, whose: Owner) -> list[Revision]:
    """Return what the youngest pod tells."""
    sha = youngest(house.engine.look(), house.source.id)
    template = _template(house, whose, sha) if sha else ""
    if not template:
        return []
    commit: Commit = house.source.commit(sha)
    return [Revision(template, None, sha, commit.author, commit.subject)]


def _changes(found: Sequence[Revision]) -> Iterator[Revision]:
    yield from found[:1]
    yield from (later for earlier, later in pairwise(found) if later.template != earlier.template)


def _restarts(changed: Sequence[Revision], events: Iterable[Event]) -> Iterator[Revision]:
    for event in events:
        before = [one for one in changed if (one.since or 0) <= event.at]
        if event.reason == "Restart" and before:
            last = before[-1]
            yield Revision(last.template, event.at, last.commit, "", f"restart, {event.message}")


def _document(number: int, one: Revision) -> Document:
    return {
        "revision": number,
        "template": one.template,
        "since": moment(one.since),
        "commit": one.commit,
        "author": one.author,
        "cause": one.cause,
    }
