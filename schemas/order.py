"""Which object comes before which: waves, and what objects say they depend on."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter

from schemas.hooks import HELM_WEIGHT, Phase, misplaced, phase_of
from schemas.manifest import Manifest
from schemas.nearest import did_you_mean
from schemas.problems import Problem

WAVE, ARGO_WAVE = "sloop/wave", "argocd.argoproj.io/sync-wave"
DEPENDS_ON = "sloop/depends-on"
RUNNING = frozenset(
    {"CronJob", "DaemonSet", "Deployment", "Job", "Pod", "ReplicaSet", "ReplicationController", "StatefulSet"}
)

_WHOLE = re.compile(r"[+-]?\d{1,9}")
Identity = tuple[str, str, str]  # kind, namespace and name


@dataclass(frozen=True, slots=True)
class _Ordered:
    """An object with its place, and what it names as coming before it."""

    manifest: Manifest
    identity: Identity
    phase: Phase
    wave: int
    named: tuple[Identity, ...]

    @property
    def place(self) -> tuple[Phase, int]:
        """Where it stands: waves count inside their phase."""
        return self.phase, self.wave

    def precedes(self, phase: Phase, wave: int) -> bool:
        """Say whether what stands there waits for it; hooks for a failure wait for each other only."""
        if Phase.SYNC_FAIL in (phase, self.phase):
            return self.phase is phase and self.wave < wave
        counts = self.identity[0] in RUNNING or phase is Phase.POST_SYNC
        return counts and self.place < (phase, wave)


def before(manifests: Iterable[Manifest]) -> Mapping[Identity, frozenset[Identity]]:
    """Return for each object those that have to be well before its pods are replaced or made.

    Of an earlier wave all that run something count, before a hook that comes last all that there is; of what
    an object names, whatever that is.
    """
    return _before([_ordered(one) for one in manifests])


def _before(every: Sequence[_Ordered]) -> Mapping[Identity, frozenset[Identity]]:
    places = {one.place for one in every}
    earlier = {
        place: frozenset(one.identity for one in every if one.precedes(*place))
        for place in places
        if len(places) > 1
    }
    return {one.identity: earlier.get(one.place, frozenset()) | frozenset(one.named) for one in every}


def misordered(manifests: Iterable[Manifest], existing: Iterable[Identity] = ()) -> Iterator[Problem]:
    """Yield waves that are no numbers, dependencies on what isn't there, and what waits for itself."""
    every = [_ordered(one) for one in manifests]
    known = {*(one.identity for one in every), *existing}
    wrong = [problem for one in every for problem in _faults(one, known)]
    yield from wrong
    if not wrong:
        yield from _cycles(every)


def _ordered(manifest: Manifest) -> _Ordered:
    meta, kind = manifest.object.metadata, manifest.object.kind
    given = (meta.annotations.get(key) for key in (WAVE, ARGO_WAVE, HELM_WEIGHT))
    written = next(filter(None, given), "0")
    names = meta.annotations.get(DEPENDS_ON, "")
    named = tuple(_named(word, meta.namespace) for word in _words(names) if "/" in word)
    identity = (kind, meta.namespace, meta.name)
    wave = int(written) if _WHOLE.fullmatch(written) else 0
    return _Ordered(manifest, identity, phase_of(manifest.object), wave, named)


def _words(text: str) -> list[str]:
    return [word for part in text.split(",") if (word := part.strip())]


def _named(word: str, namespace: str) -> Identity:
    kind, _, name = word.partition("/")
    return kind, namespace, name


def _faults(one: _Ordered, known: set[Identity]) -> Iterator[Problem]:
    annotations, problem = one.manifest.object.metadata.annotations, one.manifest.origin.problem
    for key in (WAVE, ARGO_WAVE, HELM_WEIGHT):
        if key in annotations and not _WHOLE.fullmatch(annotations[key]):
            yield problem(("metadata", "annotations", key), "must be a whole number in quotes, such as '-1'")
    yield from misplaced(one.manifest)
    at = ("metadata", "annotations", DEPENDS_ON)
    for word in _words(annotations.get(DEPENDS_ON, "")):
        if word.count("/") != 1:
            yield problem(at, f"{word!r} is no KIND/NAME: write Deployment/db, several with commas between")
        elif _named(word, one.identity[1]) not in known:
            there = [f"{kind}/{name}" for kind, namespace, name in known if namespace == one.identity[1]]
            yield problem(at, f"no {word} in namespace `{one.identity[1]}`{did_you_mean(word, there)}")


def _cycles(every: Sequence[_Ordered]) -> Iterator[Problem]:
    by_identity = {one.identity: one for one in every}
    try:
        TopologicalSorter(_before(every)).prepare()
    except CycleError as error:
        found: list[Identity] = error.args[1]
        told = " waits for ".join(f"{kind}/{name}" for kind, _, name in reversed(found))
        first = next(by_identity[one] for one in found if by_identity[one].named)
        yield first.manifest.origin.problem(("metadata", "annotations", DEPENDS_ON), f"nobody begins: {told}")
