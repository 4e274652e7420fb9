"""Whether a pod is for this machine, by the machine's labels."""

from collections.abc import Mapping

from schemas.placement import PlacedPodSpec
from schemas.scheduling import WHOLE, NodeRequirement, NodeSelectorTerm

NAME = "metadata.name"


def is_for(spec: PlacedPodSpec, node: str, labels: Mapping[str, str]) -> bool:
    """Say whether a machine is what a pod's nodeSelector and required node affinity ask for.

    Source: Kubernetes' component-helpers/scheduling/corev1/nodeaffinity.
    """
    if not spec.node_selector.items() <= labels.items():
        return False
    affinity = spec.affinity.node_affinity if spec.affinity else None
    required = affinity.required_during_scheduling_ignored_during_execution if affinity else None
    return required is None or any(_holds(term, node, labels) for term in required.node_selector_terms)


def _holds(term: NodeSelectorTerm, node: str, labels: Mapping[str, str]) -> bool:
    """A term without any expression holds for no machine."""
    if not (term.match_expressions or term.match_fields):
        return False
    return all(_meets(one, labels) for one in term.match_expressions) and all(
        _meets(one, {NAME: node}) for one in term.match_fields
    )


def _meets(one: NodeRequirement, labels: Mapping[str, str]) -> bool:
    value = labels.get(one.key)
    match one.operator:
        case "In":
            return value in one.values
        case "NotIn":
            return value not in one.values
        case "Exists":
            return value is not None
        case "DoesNotExist":
            return value is None
        case "Gt":
            return _is_number(value) and int(value or "") > int(one.values[0])
        case "Lt":
            return _is_number(value) and int(value or "") < int(one.values[0])


def _is_number(text: str | None) -> bool:
    return bool(text and WHOLE.fullmatch(text))
