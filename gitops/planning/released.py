"""Volumes that a StatefulSet which left git wants to be gone, by its persistentVolumeClaimRetentionPolicy."""

from collections.abc import Callable, Iterator, Mapping

from gitops.git.source import Source, SourceError
from gitops.planning.render import Rendered
from reconcilers.claims import leftover
from runtime.observe import of_source
from runtime.records import Settled
from runtime.resources import Owner
from runtime.seen import Seen
from schemas.apps import StatefulSet
from schemas.problems import ManifestError


def released(
    source: Source,
    rendered: Callable[[str], Rendered],
    now: Rendered,
    settled: Mapping[Owner, Settled],
    seen: Seen,
) -> Mapping[str, Owner]:
    """Return the volumes that go, each with the set that it was made for.

    Both the set as it was last carried out and its last words in git must say so.  Where git or the ledger
    can't tell, the volumes stay.
    """
    gone = {owner: one.revision for owner, one in settled.items() if owner not in now.by_owner}
    sets = {owner: sha for owner, sha in gone.items() if owner.kind == "StatefulSet"}
    mine = of_source(seen, source.id).volumes
    return {
        volume: owner
        for owner, sha in sets.items()
        if (one := _last(source, rendered, now, owner, sha))
        for volume in leftover(one, mine, ())
    }


def _last(
    source: Source, rendered: Callable[[str], Rendered], now: Rendered, owner: Owner, sha: str
) -> StatefulSet | None:
    """Return a set that is gone, as its last commit had it, if its volumes are to go with it."""
    try:
        carried_out = rendered(sha)
        file = carried_out.by_owner[owner].file
        removal = source.last_touched(sha, now.sha, {file})[file]
        versions = [carried_out, rendered(source.resolve(f"{removal.sha}^"))]
    except (KeyError, SourceError, ManifestError):
        return None
    found = list(_sets(versions, owner))
    agreed = len(found) == len(versions) and all(_lets_go(one) for one in found)
    return found[-1] if agreed else None


def _sets(versions: list[Rendered], owner: Owner) -> Iterator[StatefulSet]:
    for one in versions:
        if (manifest := one.by_owner.get(owner)) and isinstance(manifest.object, StatefulSet):
            yield manifest.object


def _lets_go(one: StatefulSet) -> bool:
    return one.spec.persistent_volume_claim_retention_policy.when_deleted == "Delete"
