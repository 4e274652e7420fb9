"""Which object comes before which: waves, and what objects say they depend on."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter

from schemas.manifest import Manifest
from schemas.nearest import did_you_mean
from schemas.problems import Problem

WAVE, ARGO_WAVE = "sloop/wave", "argocd.argoproj.io/sync-wave"
DEPENDS_ON = "sloop/depends-on"
HOOK = "argocd.argoproj.io/hook"  # left alone, a Job for the case of a failure would run with every commit
NO_HOOKS = (
    "Argo CD's hooks are not honoured: take this away, and write `sloop/wave: '-1'` for what has to be done "
    "before all else, `'1'` for what comes after"
)
RUNNING = frozenset({"CronJob", "DaemonSet", "Deployment", "Job", "Pod", "ReplicaSet", "StatefulSet"})

_WHOLE = re.compile(r"[+-]?\d{1,9}")
Identity = tuple[str, str, str]  # kind, namespace and name


@dataclass(frozen=True, slots=True)
class _Ordered:
    """An object with its place, and what it names as coming before it."""

    manifest: Manifest
    identity: Identity
    wave: int
    named: tuple[Identity, ...]


def before(manifests: Iterable[Manifest]) -> Mapping[Identity, frozenset[Identity]]:
    """Return for each object those that have to be well before its pods are replaced or made.

    Of an earlier wave all that run something count; of what an object names, whatever that is.
    """
    every = [_ordered(one) for one in manifests]
    waves = {one.wave for one in every if one.identity[0] in RUNNING}
    earlier = {
        wave: frozenset(one.identity for one in every if one.wave < wave and one.identity[0] in RUNNING)
        for wave in {one.wave for one in every}
        if len(waves) > 1
    }
    return {one.identity: earlier.get(one.wave, frozenset()) | frozenset(one.named) for one in every}


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
    written = meta.annotations.get(WAVE) or meta.annotations.get(ARGO_WAVE) or "0"
    names = meta.annotations.get(DEPENDS_ON, "")
    named = tuple(_named(word, meta.namespace) for word in _words(names) if "/" in word)
    identity = (kind, meta.namespace, meta.name)
    return _Ordered(manifest, identity, int(written) if _WHOLE.fullmatch(written) else 0, named)


def _words(text: str) -> list[str]:
    return [word for part in text.split(",") if (word := part.strip())]


def _named(word: str, namespace: str) -> Identity:
    kind, _, name = word.partition("/")
    return kind, namespace, name


def _faults(one: _Ordered, known: set[Identity]) -> Iterator[Problem]:
    annotations, problem = one.manifest.object.metadata.annotations, one.manifest.origin.problem
    for key in (WAVE, ARGO_WAVE):
        if key in annotations and not _WHOLE.fullmatch(annotations[key]):
            yield problem(("metadata", "annotations", key), "must be a whole number in quotes, such as '-1'")
    if annotations.get(HOOK, "Skip") != "Skip":
        yield problem(("metadata", "annotations", HOOK), NO_HOOKS)
    at = ("metadata", "annotations", DEPENDS_ON)
    for word in _words(annotations.get(DEPENDS_ON, "")):
        if word.count("/") != 1:
            yield problem(at, f"{word!r} is no KIND/NAME: write Deployment/db, several with commas between")
        elif _named(word, one.identity[1]) not in known:
            there = [f"{kind}/{name}" for kind, namespace, name in known if namespace == one.identity[1]]
            yield problem(at, f"no {word} in namespace `{one.identity[1]}`{did_you_mean(word, there)}")


def _cycles(every: list[_Ordered]) -> Iterator[Problem]:
    by_identity = {one.identity: one for one in every}
    try:
        TopologicalSorter(before(one.manifest for one in every)).prepare()
    except CycleError as error:
        found: list[Identity] = error.args[1]
        told = " waits for ".join(f"{kind}/{name}" for kind, _, name in reversed(found))
        first = next(by_identity[one] for one in found if by_identity[one].named)
        yield first.manifest.origin.problem(("metadata", "annotations", DEPENDS_ON), f"nobody begins: {told}")
