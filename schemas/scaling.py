"""What autoscalers and their targets say of each other."""

from collections.abc import Iterable, Iterator

from schemas.autoscaling import HorizontalPodAutoscaler, HorizontalPodAutoscalerV1
from schemas.kinds import Scaled
from schemas.manifest import Manifest
from schemas.nearest import did_you_mean
from schemas.notices import Remark
from schemas.problems import Problem

Target = tuple[str, str, str]  # kind, namespace and name


def mismatched(manifests: Iterable[Manifest], existing: Iterable[Target]) -> Iterator[Problem]:
    """Yield the autoscalers whose target isn't there, is another's, or lacks the container they look at."""
    every = tuple(manifests)
    there = {_identity(one): one for one in every}
    known, first = {*there, *existing}, dict[Target, Manifest]()
    for manifest, target in _autoscalers(every):
        at = ("spec", "scaleTargetRef", "name")
        before = first.setdefault(target, manifest)
        if target not in known:
            names = [name for kind, namespace, name in known if (kind, namespace) == target[:2]]
            told = f"no {target[0]} `{target[2]}` in namespace `{target[1]}`"
            yield manifest.origin.problem(at, told + did_you_mean(target[2], names))
        elif before is not manifest:
            other = f"{before.object.metadata.name} in {before.file}:{before.line}"
            yield manifest.origin.problem(at, f"is scaled by HorizontalPodAutoscaler {other} already")
        elif target in there:
            yield from _unknown_containers(manifest, there[target])


def remarks(manifests: Iterable[Manifest]) -> Iterator[Remark]:
    """Yield the numbers of replicas that nobody goes by."""
    every = tuple(manifests)
    there = {_identity(one): one for one in every}
    for scaler, target in _autoscalers(every):
        if target in there and there[target].document.get("spec", {}).get("replicas"):
            told = (
                f"only begins it: HorizontalPodAutoscaler {scaler.object.metadata.name} decides from then on"
            )
            yield Remark(there[target].origin, target[0], ("spec", "replicas"), told)


def _autoscalers(manifests: Iterable[Manifest]) -> Iterator[tuple[Manifest, Target]]:
    for one in manifests:
        if isinstance(one.object, HorizontalPodAutoscaler | HorizontalPodAutoscalerV1):
            ref = one.object.spec.scale_target_ref
            yield one, (ref.kind, one.object.metadata.namespace, ref.name)


def _identity(manifest: Manifest) -> Target:
    meta = manifest.object.metadata
    return manifest.object.kind, meta.namespace, meta.name


def _unknown_containers(scaler: Manifest, target: Manifest) -> Iterator[Problem]:
    match scaler.object, target.object:
        case HorizontalPodAutoscaler() as one, scaled if isinstance(scaled, Scaled):
            names = [each.name for each in scaled.spec.template.spec.containers]
            for index, metric in enumerate(one.metrics):
                inside = metric.container_resource
                if inside and inside.container not in names:
                    at = ("spec", "metrics", index, "containerResource", "container")
                    told = f"its pods have no container `{inside.container}`"
                    yield scaler.origin.problem(at, told + did_you_mean(inside.container, names))
