"""What ``get`` lists: the objects of a kind as plain data."""

from collections.abc import Sequence
from typing import Any

from gitops.look import Sight, look
from gitops.settings import Settings
from gitops.sources import engine_of
from gitops.telling.jobs import runs_here
from gitops.telling.meant import KINDS, absent, owner, pods_of, shown
from gitops.telling.pods import pods_here
from gitops.telling.report import moment, owner_document
from gitops.telling.rows import WORKLOADS, pod_row, row
from runtime.observe import is_proxy
from runtime.resources import Label, Owner

Document = dict[str, Any]
KNOWN_BY_PODS = frozenset({"Pod", *WORKLOADS})  # whatever becomes of git


def get(settings: Settings, kinds: Sequence[str], name: str | None, namespace: str | None) -> Document:
    """Return the objects of some kinds, in one namespace or, for None, in all.

    With a name only that one; raises Missing for a name that isn't there.
    """
    engine = engine_of(settings)
    sight = look(settings, engine)
    items = [item for kind in told_kinds(sight, kinds) for item in listed(sight, kind, name, namespace)]
    return {"items": items, "notices": list(sight.notices)}


def listed(sight: Sight, kind: str, name: str | None, namespace: str | None) -> list[Document]:
    """Return the objects of one kind; of pods those that lead to others only by name."""
    pods = [pod for pod in sight.seen.pods if name or not is_proxy(pod)]
    there = [shown(pod) for pod in pods] if kind == "Pod" else _objects(sight, kind)
    chosen = [one for one in there if _chosen(one, name, namespace)]
    if name and not chosen:
        raise absent(owner(kind, namespace, name), there)
    return _pods(sight, chosen) if kind == "Pod" else [_object(sight, one) for one in chosen]


def told_kinds(sight: Sight, kinds: Sequence[str]) -> Sequence[str]:
    """Return the kinds of which something can be told; raises why git is out of reach where that is none."""
    told = [kind for kind in kinds if sight.view or kind in KNOWN_BY_PODS]
    if sight.trouble and not told:
        raise sight.trouble
    return told


def _chosen(one: Owner, name: str | None, namespace: str | None) -> bool:
    return name in (None, one.name) and (not KINDS.get(one.kind, True) or namespace in (None, one.namespace))


def _objects(sight: Sight, kind: str) -> Sequence[Owner]:
    """Return what git wants, and what only the pods remember; of all that the namespaces, too."""
    known = {*sight.manifests, *(Owner.parse(pod.labels[Label.OWNER]) for pod in sight.seen.pods)}
    if kind == "Endpoints":
        known |= {Owner(kind, one.namespace, one.name) for one in known if one.kind == "Service"}
    if kind == "Job":
        known |= runs_here(sight).keys()
    if kind == "Namespace":
        known |= {Owner(kind, "", one.namespace) for one in known if one.namespace}
    return sorted(one for one in known if one.kind == kind)


def _pods(sight: Sight, chosen: Sequence[Owner]) -> list[Document]:
    pods = pods_here(sight, (pod for pod in sight.seen.pods if shown(pod) in chosen))
    return [
        {
            **owner_document(pod.shown),
            "owner": str(pod.owner),
            **pod_row(pod),
            "started": moment(pod.seen.started or None),
            "created": moment(pod.seen.created),
        }
        for pod in pods
    ]


def _object(sight: Sight, whose: Owner) -> Document:
    """Return an object; without a ledger the oldest of its pods tells since when it is there."""
    pods = (pod.created for pod in pods_of(sight.seen, whose))
    run = runs_here(sight).get(whose) if whose.kind == "Job" else None
    since = run.began if run else sight.created.get(whose) or min(pods, default=None)
    return {**owner_document(whose), **row(sight, whose), "created": moment(since)}
