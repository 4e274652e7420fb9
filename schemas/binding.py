"""Which claim has which PersistentVolume: decided from what is written, and from nothing else."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from schemas.core import PersistentVolumeClaim
from schemas.manifest import Manifest
from schemas.model import Fault
from schemas.nearest import did_you_mean
from schemas.problems import Problem
from schemas.selectors import matches
from schemas.storage import PersistentVolume

Name = tuple[str, str]  # namespace and name


@dataclass(frozen=True, slots=True)
class Bindings:
    """The volumes of claims, and what several claims would have, by name of the volume."""

    bound: Mapping[Name, PersistentVolume]
    contested: Mapping[str, Sequence[PersistentVolumeClaim]]


def bindings(claims: Sequence[PersistentVolumeClaim], volumes: Sequence[PersistentVolume]) -> Bindings:
    """Return the volume of each claim that has one.

    What one names the other by is theirs.  Of the rest a claim has the smallest volume that suits it; one
    that suits best for several claims is nobody's, since a later claim must never take what another has.
    """
    named = {
        volume.metadata.name: (one, volume) for one in reversed(claims) if (volume := _pinned(one, volumes))
    }
    pinned = {_key(one): volume for one, volume in named.values()}
    kept = {volume.metadata.name for volume in pinned.values()}
    free = [one for one in volumes if one.metadata.name not in kept and not one.spec.claim_ref]
    open_ = [one for one in claims if _key(one) not in pinned and not one.spec.volume_name]
    best = {_key(one): volume for one in open_ if (volume := _smallest(one, free))}
    times = Counter(volume.metadata.name for volume in best.values())
    sure = {key: volume for key, volume in best.items() if times[volume.metadata.name] == 1}
    contested = {
        name: [one for one in open_ if (has := best.get(_key(one))) and has.metadata.name == name]
        for name, count in times.items()
        if count > 1
    }
    return Bindings(pinned | sure, contested)


def misbound(manifests: Iterable[Manifest]) -> Iterator[Problem]:
    """Yield the claims that name a volume that isn't there, or that several would have the same one."""
    everything = list(manifests)
    written = [(one, one.object) for one in everything if isinstance(one.object, PersistentVolumeClaim)]
    volumes = [one.object for one in everything if isinstance(one.object, PersistentVolume)]
    found = bindings([claim for _, claim in written], volumes)
    for manifest, claim in written:
        for fault in _faults(claim, found, [one.metadata.name for one in volumes]):
            yield manifest.origin.problem(fault.at, fault.message)


def _faults(claim: PersistentVolumeClaim, found: Bindings, names: Sequence[str]) -> Iterator[Fault]:
    named = claim.spec.volume_name
    if named and named not in names:
        yield Fault(("spec", "volumeName"), f"no PersistentVolume `{named}`{did_you_mean(named, names)}")
    elif named and _key(claim) not in found.bound:
        yield Fault(("spec", "volumeName"), f"PersistentVolume `{named}` is another claim's")
    elif claim.spec.selector and _key(claim) not in found.bound:
        yield Fault(("spec", "selector"), "no PersistentVolume suits it that isn't another claim's")
    for name, rivals in found.contested.items():
        if claim in rivals:
            told = f"PersistentVolume `{name}` suits {len(rivals)} claims best: write volumeName into each"
            yield Fault(("spec",), told)


def _key(claim: PersistentVolumeClaim) -> Name:
    return claim.metadata.namespace, claim.metadata.name


def _pinned(claim: PersistentVolumeClaim, volumes: Iterable[PersistentVolume]) -> PersistentVolume | None:
    """Return the volume that names the claim, or that the claim names and nobody else has."""
    kept = (
        one for one in volumes if (ref := one.spec.claim_ref) and (ref.namespace, ref.name) == _key(claim)
    )
    named = (one for one in volumes if one.metadata.name == claim.spec.volume_name and not one.spec.claim_ref)
    return next(kept, None) or next(named, None)


def _smallest(claim: PersistentVolumeClaim, volumes: Iterable[PersistentVolume]) -> PersistentVolume | None:
    suiting = [one for one in volumes if _suits(one, claim)]
    return min(suiting, key=lambda one: (_size(one), one.metadata.name), default=None)


def _suits(volume: PersistentVolume, claim: PersistentVolumeClaim) -> bool:
    asked = claim.spec.resources.requests.get("storage")
    return (
        volume.spec.storage_class_name == (claim.spec.storage_class_name or "")
        and set(claim.spec.access_modes) <= set(volume.spec.access_modes)
        and (asked is None or asked.value <= _size(volume))
        and (claim.spec.selector is None or matches(claim.spec.selector, volume.metadata.labels))
    )


def _size(volume: PersistentVolume) -> Decimal:
    return volume.spec.capacity["storage"].value
