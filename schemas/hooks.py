"""Hooks: Jobs and Pods that run once for each commit that changes anything, before or after all else.

Source: Argo CD's docs/user-guide/sync-waves.md and helm.md, which says what Helm's hooks become.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import IntEnum

from schemas.batch import CronJob, Job
from schemas.core import Pod
from schemas.kinds import Batch, Object, Workload
from schemas.manifest import Manifest
from schemas.model import Path
from schemas.nearest import did_you_mean
from schemas.problems import Problem

HOOK, DELETE_POLICY = "argocd.argoproj.io/hook", "argocd.argoproj.io/hook-delete-policy"
HELM_HOOK, HELM_DELETE_POLICY = "helm.sh/hook", "helm.sh/hook-delete-policy"
HELM_WEIGHT = "helm.sh/hook-weight"
SKIP = "Skip"
NEEDS_NO_HOOK = "has no effect: it is there before all that runs, and stays"


class Phase(IntEnum):
    """When a hook runs; what is no hook belongs to SYNC."""

    PRE_SYNC = -1
    SYNC = 0
    POST_SYNC = 1
    SYNC_FAIL = 2


PHASES = {
    "PreSync": Phase.PRE_SYNC,
    "Sync": Phase.SYNC,
    "PostSync": Phase.POST_SYNC,
    "SyncFail": Phase.SYNC_FAIL,
}
_OF_HELM = {
    "pre-install": Phase.PRE_SYNC,
    "pre-upgrade": Phase.PRE_SYNC,
    "post-install": Phase.POST_SYNC,
    "post-upgrade": Phase.POST_SYNC,
}
_NEVER_HERE = frozenset(
    {"test", "test-success", "pre-delete", "post-delete", "pre-rollback", "post-rollback"}
)
_POLICIES = {
    "BeforeHookCreation": "before-hook-creation",
    "HookSucceeded": "hook-succeeded",
    "HookFailed": "hook-failed",
}


@dataclass(frozen=True, slots=True)
class Hook:
    """When a hook runs, and whether its pods go once it has succeeded, or failed."""

    phase: Phase
    goes_well: bool = False
    goes_failed: bool = False


def hook_of(one: Object) -> Hook | None:
    """Return what kind of hook an object is, None for one that is none."""
    annotations = one.metadata.annotations
    phase = _phase(annotations)
    if phase is None or not isinstance(one, Job | Pod):
        return None
    key = DELETE_POLICY if HOOK in annotations else HELM_DELETE_POLICY
    policies = set(_words(annotations.get(key, "")))
    return Hook(
        phase,
        goes_well=bool(policies & {"HookSucceeded", "hook-succeeded"}),
        goes_failed=bool(policies & {"HookFailed", "hook-failed"}),
    )


def phase_of(one: Object) -> Phase:
    """Return to which phase an object belongs."""
    hook = hook_of(one)
    return hook.phase if hook else Phase.SYNC


def left_out(annotations: Mapping[str, str]) -> str:
    """Return why an object is no part of a deployment, "" where it is."""
    if annotations.get(HOOK) == SKIP:
        return f"{HOOK} says Skip"
    helm = set(_words(annotations.get(HELM_HOOK, "")))
    if HOOK not in annotations and helm and helm <= _NEVER_HERE:
        return f"{HELM_HOOK} is for {', '.join(sorted(helm))}, which never comes here"
    return ""


def idle(one: Object) -> Path:
    """Return the annotation that makes a hook of an object which runs nothing, () where there is none."""
    key = HOOK if HOOK in one.metadata.annotations else HELM_HOOK
    runs = isinstance(one, Batch | Pod | Workload)
    return () if runs or key not in one.metadata.annotations else ("metadata", "annotations", key)


def misplaced(manifest: Manifest) -> Iterator[Problem]:
    """Yield what makes no sense as a hook."""
    annotations = manifest.object.metadata.annotations
    key = HOOK if HOOK in annotations else HELM_HOOK
    if key in annotations and (key == HOOK or annotations[key] != "crd-install"):
        for path, message in _faults(manifest.object, annotations, key):
            yield manifest.origin.problem(path, message)


def _phase(annotations: Mapping[str, str]) -> Phase | None:
    if HOOK in annotations:
        return PHASES.get(annotations[HOOK])
    found = {_OF_HELM[word] for word in _words(annotations.get(HELM_HOOK, "")) if word in _OF_HELM}
    return next(iter(found)) if len(found) == 1 else None


def _words(text: str) -> list[str]:
    return [word for part in text.split(",") if (word := part.strip())]


def _faults(one: Object, annotations: Mapping[str, str], key: str) -> Iterator[tuple[Path, str]]:
    at: Path = ("metadata", "annotations", key)
    if _phase(annotations) is None:
        yield at, _unknown(annotations[key], key)
    elif isinstance(one, Workload | CronJob):
        yield at, f"a {one.kind} is no hook here, only Jobs and Pods run once: put what to do into a Job"
    elif isinstance(one, Pod) and one.spec.restart_policy == "Always":
        yield ("spec", "restartPolicy"), "must be Never or OnFailure in a hook, which has to end"
    yield from _policy_faults(annotations, DELETE_POLICY if key == HOOK else HELM_DELETE_POLICY)


def _policy_faults(annotations: Mapping[str, str], key: str) -> Iterator[tuple[Path, str]]:
    known = list(_POLICIES if key == DELETE_POLICY else _POLICIES.values())
    for word in _words(annotations.get(key, "")):
        if word not in known:
            yield ("metadata", "annotations", key), f"no policy {word!r}{did_you_mean(word, known)}"


def _unknown(text: str, key: str) -> str:
    known = [*PHASES, SKIP] if key == HOOK else list(_OF_HELM)
    if len(_words(text)) > 1:
        return "several phases: write an object for each"
    gone = " (nothing runs when a repository goes)" if text in {"PreDelete", "PostDelete"} else ""
    return f"must be one of {', '.join(known)}{did_you_mean(text, known)}{gone}"
