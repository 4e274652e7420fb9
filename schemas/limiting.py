"""What LimitRanges do to the pods and claims of their namespaces: defaults, and bounds.

Source: Kubernetes' plugin/pkg/admission/limitranger, and SetDefaults_LimitRangeItem.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from schemas.apps import StatefulSet
from schemas.batch import CronJob, Job
from schemas.container import Container
from schemas.core import PersistentVolumeClaim
from schemas.demands import Side, asked, names, total
from schemas.inside import with_data, with_value
from schemas.limits import COMPUTE, LimitRange, LimitRangeItem
from schemas.manifest import Manifest
from schemas.model import Path
from schemas.pod import PodSpec
from schemas.pods import PodIn, pod_of
from schemas.problems import Problem
from schemas.quantity import Format, Quantity
from schemas.resources import Resources
from schemas.volumes import ClaimSpec


@dataclass(frozen=True, slots=True)
class Limit:
    """A limit, and whose it is, for people."""

    item: LimitRangeItem
    said: str


Found = Iterator[tuple[Path, str]]
Limits = Mapping[str, Sequence[Limit]]


def limits_of(manifests: Iterable[Manifest]) -> Limits:
    """Return all limits by namespace, in the order of their objects' names."""
    found: dict[str, list[Limit]] = defaultdict(list)
    for manifest in sorted(manifests, key=lambda one: one.object.metadata.name):
        if isinstance(manifest.object, LimitRange):
            said = f"LimitRange/{manifest.object.metadata.name} in {manifest.file}:{manifest.line}"
            own = [Limit(item, said) for item in manifest.object.spec.limits]
            found[manifest.object.metadata.namespace] += own
    return found


def defaulted(manifests: Sequence[Manifest], limits: Limits) -> tuple[Manifest, ...]:
    """Return the manifests, pods with what the limits of their namespaces give them by default.

    Of a workload the document has it, too, as if it had been written there: so its pods are replaced, and
    a difference shows.  A Job's stays as it is: what was done once isn't done again for the sake of a limit.
    """
    return tuple(_defaulted(one, limits.get(one.object.metadata.namespace, ())) for one in manifests)


def exceeded(manifests: Iterable[Manifest], limits: Limits) -> Iterator[Problem]:
    """Yield where pods and claims ask for more, or less, than the limits of their namespaces allow."""
    for manifest in manifests:
        for limit in limits.get(manifest.object.metadata.namespace, ()):
            for path, message in _excesses(manifest, limit.item):
                yield manifest.origin.problem(path, f"{message}, by {limit.said}")


def _defaulted(manifest: Manifest, limits: Sequence[Limit]) -> Manifest:
    pod = pod_of(manifest.object)
    if pod is None or not limits:
        return manifest
    given = {at: _given(one, limits) for at, one in pod.spec.in_order}
    added = {at: resources for at, resources in given.items() if resources}
    if not added:
        return manifest
    one = with_value(manifest.object, pod.path, _with_resources(pod.spec, added))
    kept = isinstance(one, Job | CronJob)
    return replace(
        manifest, object=one, document=manifest.document if kept else _written(manifest, pod, added)
    )


def _given(container: Container, limits: Sequence[Limit]) -> Mapping[str, Mapping[str, Quantity]]:
    """Return what a container gets: of several limits the first that says something counts."""
    own = container.resources
    found: dict[str, dict[str, Quantity]] = {"limits": {}, "requests": {}}
    for limit in limits:
        for name, amount in limit.item.default_limits.items():
            if name not in own.limits:
                found["limits"].setdefault(name, amount)
        for name, amount in limit.item.default_requests.items():
            if name not in own.limits and name not in own.requests:
                found["requests"].setdefault(name, amount)
    return {side: amounts for side, amounts in found.items() if amounts}


def _with_resources(spec: PodSpec, added: Mapping[Path, Mapping[str, Mapping[str, Quantity]]]) -> PodSpec:
    def whole(field: str, containers: Sequence[Any]) -> tuple[Any, ...]:
        return tuple(_more(one, added.get((field, at), {})) for at, one in enumerate(containers))

    containers = {
        "containers": whole("containers", spec.containers),
        "init_containers": whole("initContainers", spec.init_containers),
    }
    return spec.model_copy(update=containers)


def _more(container: Container, added: Mapping[str, Mapping[str, Quantity]]) -> Container:
    own = container.resources
    whole = Resources(
        limits={**own.limits, **added.get("limits", {})},
        requests={**own.requests, **added.get("requests", {})},
        claims=own.claims,
    )
    return container.model_copy(update={"resources": whole}) if added else container


def _written(
    manifest: Manifest, pod: PodIn, added: Mapping[Path, Mapping[str, Mapping[str, Quantity]]]
) -> Mapping[str, Any]:
    document: Any = manifest.document
    for at, sides in added.items():
        for side, amounts in sides.items():
            for name, amount in amounts.items():
                path = (*pod.path, *at, "resources", side, name)
                document = with_data(document, path, str(amount))
    written: Mapping[str, Any] = document
    return written


def _excesses(manifest: Manifest, item: LimitRangeItem) -> Found:
    pod = pod_of(manifest.object)
    match item.type:
        case "Container" if pod:
            for at, one in pod.spec.in_order:
                yield from _of_container(one, item, (*pod.path, *at, "resources"))
        case "Pod" if pod:
            yield from _of_pod(pod.spec, item, (*pod.path, "containers"))
        case "PersistentVolumeClaim":
            for path, spec in _claims(manifest):
                yield from _of_claim(spec, item, (*path, "resources", "requests", "storage"))


def _of_container(one: Container, item: LimitRangeItem, at: Path) -> Found:
    requests, limits = asked(one, "requests"), asked(one, "limits")
    for name in COMPUTE:
        request, limit = requests.get(name), limits.get(name)
        if request and limit and request.value > limit.value:
            yield (*at, "requests", name), f"must be at most the limit, {limit}"
        for side, amount in _apart(request, limit):
            for message in _out_of_bounds(amount, item.min.get(name), item.max.get(name)):
                yield (*at, side, name), message
        least = item.min.get(name)
        if least and request is None:
            yield (*at, "requests", name), f"is required, at least {least}"
        ratio = item.max_limit_request_ratio.get(name)
        yield from (((*at, "limits", name), told) for told in _ratio(ratio, request, limit))


def _of_pod(spec: PodSpec, item: LimitRangeItem, at: Path) -> Found:
    for name in COMPUTE:
        sums: dict[Side, Quantity | None] = {
            "requests": _sum(spec, "requests", name),
            "limits": _sum(spec, "limits", name),
        }
        for side, amount in _apart(sums["requests"], sums["limits"]):
            for told in _out_of_bounds(amount, item.min.get(name), item.max.get(name)):
                yield at, f"{side}.{name} of all containers together, {amount}, {told}"
        needed: dict[Side, Quantity | None] = {"requests": item.min.get(name), "limits": item.max.get(name)}
        for side, bound in needed.items():
            if bound and sums[side] is None:
                yield at, f"must have {side}.{name}, which is bounded by {bound}"
        for told in _ratio(item.max_limit_request_ratio.get(name), sums["requests"], sums["limits"]):
            yield at, f"limits.{name} of all containers together {told}"


def _of_claim(spec: ClaimSpec, item: LimitRangeItem, at: Path) -> Found:
    size = spec.resources.requests.get("storage")
    if size is None:
        yield at, "is required"
    for message in _out_of_bounds(size, item.min.get("storage"), item.max.get("storage")):
        yield at, message


def _apart(request: Quantity | None, limit: Quantity | None) -> Sequence[tuple[Side, Quantity | None]]:
    """Return what is to be looked at: one of the two where they are the same."""
    return (("limits", limit), *(() if request == limit else (("requests", request),)))


def _out_of_bounds(amount: Quantity | None, least: Quantity | None, most: Quantity | None) -> Iterator[str]:
    if amount and least and amount.value < least.value:
        yield f"must be at least {least}"
    if amount and most and amount.value > most.value:
        yield f"must be at most {most}"


def _ratio(most: Quantity | None, request: Quantity | None, limit: Quantity | None) -> Iterator[str]:
    """Yield why a limit is too far from its request; where one of them is missing, it is."""
    if most is None:
        return
    if not (request and request.value):
        yield f"must be at most {most} times the request, and there is none"
    elif not (limit and limit.value):
        yield f"is required, at most {most} times the request"
    elif limit.value > most.value * request.value:
        yield f"must be at most {most} times the request, {request}"


def _sum(spec: PodSpec, side: Side, name: str) -> Quantity | None:
    if name not in names(spec, side):
        return None
    amount: Decimal = total(spec, side, name)
    return Quantity(amount, Format.BINARY if name == "memory" else Format.DECIMAL)


def _claims(manifest: Manifest) -> Iterator[tuple[Path, ClaimSpec]]:
    match manifest.object:
        case PersistentVolumeClaim(spec=spec):
            yield ("spec",), spec
        case StatefulSet(spec=spec):
            for index, template in enumerate(spec.volume_claim_templates):
                yield ("spec", "volumeClaimTemplates", index, "spec"), template.spec
