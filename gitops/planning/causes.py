"""Why something changes: which commit wrote it, and what it said before."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import field, replace

from gitops.git.source import Commit, SourceError
from gitops.git.there import youngest
from gitops.planning.changes import Before, Change
from gitops.planning.differences import differences
from gitops.planning.house import House
from gitops.planning.render import Rendered, object_digest, owner_of
from gitops.planning.steps import Step
from gitops.planning.verdict import Verdict
from gitops.planning.view import View
from reconcilers.contents import used_config_maps, used_secrets
from reconcilers.wanted import Consequence
from runtime.dataclass import dataclass
from runtime.resources import Owner
from schemas.apps import StatefulSet
from schemas.core import PersistentVolumeClaim
from schemas.manifest import Manifest
from schemas.pods import pod_of
from schemas.problems import ManifestError
from schemas.service import Service

NOTHING = Rendered("", ())

Outage = Callable[[Owner], float | None]


@dataclass(frozen=True)
class _Then:
    """A commit from which something changes, and who touched which file since."""

    rendered: Rendered
    touched: Mapping[str, Commit] = field(default_factory=dict)


def before(house: House, view: View) -> Mapping[Owner, Before]:
    """Return what every object was when it was last carried out.

    Where the ledger knows of no run though something runs, it was lost: then the commit that the youngest
    pod was made from tells.
    """
    if not view.moment.memory.empty:
        return {owner: Before(one.revision, one.digest) for owner, one in view.moment.memory.settled.items()}
    sha = youngest(view.seen, house.source.id)
    then = _rendered(house, sha) if sha else NOTHING
    return {owner: Before(sha, object_digest(one, house.key)) for owner, one in then.by_owner.items()}


def explained(house: House, view: View, changes: Sequence[Change], outage: Outage) -> list[Change]:
    """Return the changes with their causes in git, and field by field what differs.

    ``outage`` tells for how many seconds an object was out of service when it was last recreated.
    """
    bases = {change.base for change in changes if not change.local}
    thens = {base: _then(house, view, base) for base in bases}
    notes = {answer.owner: answer.note for answer in view.wanted if answer.note}
    notes |= {
        owner: f"{name} no longer has it, and it goes over" for owner, name in view.claims.inherited.items()
    }
    told = [
        change if change.local else _noted(_explain(view, change, thens[change.base], house.key), notes)
        for change in changes
    ]
    return [
        replace(change, seconds=outage(change.owner))
        if change.consequence is Consequence.RECREATE
        else change
        for change in told
    ]


def _noted(change: Change, notes: Mapping[Owner, str]) -> Change:
    """Add what a change brings about."""
    note = notes.get(change.owner)
    return replace(change, cause=f"{change.cause}; {note}") if note else change


def _then(house: House, view: View, base: str) -> _Then:
    then = _rendered(house, base) if base else NOTHING
    files = {one.file for one in [*then.manifests, *view.rendered.manifests]}
    return _Then(then, house.source.last_touched(base or None, view.commit.sha, files))


def _rendered(house: House, sha: str) -> Rendered:
    """Return an older commit's objects; a commit that can't be read any more explains nothing."""
    try:
        return house.rendered(sha)
    except (SourceError, ManifestError):
        return NOTHING


def _explain(view: View, change: Change, then: _Then, key: bytes) -> Change:
    old, new = then.rendered.by_owner.get(change.owner), view.rendered.by_owner.get(change.owner)
    if change.verdict is Verdict.DELETE:
        stays = _staying(view, old)
        return replace(change, cause=f"left git in {_told(then, old, view.commit)}{stays}")
    if old is None or new is None:
        return replace(change, cause=_told(then, new, view.commit))
    if object_digest(old, key) == object_digest(new, key):
        return replace(change, cause=_configured(view, then, new, key) or _told(then, new, view.commit))
    fields = differences(old.document, new.document, key)
    limited = "" if new.file in then.touched else _limited(view, then, change.owner, key)
    return replace(change, cause=limited or _told(then, new, view.commit), fields=fields)


def _limited(view: View, then: _Then, owner: Owner, key: bytes) -> str:
    """Say which LimitRanges changed, of whose defaults an object is made that didn't itself."""
    known = {*then.rendered.by_owner, *view.rendered.by_owner}
    limits = sorted(one for one in known if one.kind == "LimitRange" and one.namespace == owner.namespace)
    return "; ".join(filter(None, (_changed(view, then, one, "its limits are from", key) for one in limits)))


def _staying(view: View, gone: Manifest | None) -> str:
    """Say which data outlives an object that left git."""
    match gone.object if gone else None:
        case PersistentVolumeClaim():
            return "; its volume stays"
        case StatefulSet() as one if one.spec.volume_claim_templates:
            goes = any(step.owner == owner_of(gone) for step in _volume_removals(view)) if gone else False
            return "; its volumes go too" if goes else "; its volumes stay"
        case _:
            return ""


def _volume_removals(view: View) -> Iterator[Step]:
    return (step for step in view.plan.steps if step.verb == "remove" and step.resource.startswith("volume/"))


def _told(then: _Then, manifest: Manifest | None, commit: Commit) -> str:
    told = then.touched.get(manifest.file, commit) if manifest else commit
    return f"{told.short} {told.author}: {told.subject}"


def _configured(view: View, then: _Then, manifest: Manifest, key: bytes) -> str:
    """Say which ConfigMaps, Secrets and headless Services changed around an object that didn't itself."""
    pod = pod_of(manifest.object)
    if pod is None:
        return ""
    namespace = manifest.object.metadata.namespace
    read = [("ConfigMap", name) for name in sorted(used_config_maps(pod.spec))]
    read += [("Secret", name) for name in sorted(used_secrets(pod.spec))]
    services = {
        owner for rendered in (then.rendered, view.rendered) for owner in _headless(rendered, namespace)
    }
    told = [
        *(_changed(view, then, Owner(kind, namespace, name), "it reads", key) for kind, name in read),
        *(_changed(view, then, owner, "it may go by the name of", key) for owner in sorted(services)),
    ]
    return "; ".join(filter(None, told))


def _headless(rendered: Rendered, namespace: str) -> Iterator[Owner]:
    for owner, one in rendered.by_owner.items():
        if owner.namespace == namespace and isinstance(one.object, Service) and one.object.spec.headless:
            yield owner


def _changed(view: View, then: _Then, owner: Owner, how: str, key: bytes) -> str:
    old, new = then.rendered.by_owner.get(owner), view.rendered.by_owner.get(owner)
    if old is new or (old and new and object_digest(old, key) == object_digest(new, key)):
        return ""
    return f"{how} {owner.kind}/{owner.name}, changed in {_told(then, new or old, view.commit)}"
