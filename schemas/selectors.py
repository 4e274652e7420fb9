"""Label selectors: which objects they choose by their labels."""

from collections.abc import Iterator, Mapping
from typing import Literal, Self

from pydantic import Field, model_validator

from schemas.model import Fault, Many, Model, Texts, complain
from schemas.names import LABEL_VALUE, LabelKey, LabelValue

Operator = Literal["In", "NotIn", "Exists", "DoesNotExist"]


class Requirement(Model):
    """One expression of a selector, such as ``tier In (web, api)``."""

    key: LabelKey
    operator: Operator
    values: Many[str] = ()

    @model_validator(mode="after")
    def _rules(self) -> Self:
        complain(_requirement_faults(self))
        return self


class LabelSelector(Model):
    """A selector: every label and every expression must hold. An empty one chooses everything."""

    match_labels: Texts[LabelKey, LabelValue] = Field(default_factory=dict)
    match_expressions: Many[Requirement] = ()


def _requirement_faults(requirement: Requirement) -> Iterator[Fault]:
    listed = requirement.operator in ("In", "NotIn")
    if listed and not requirement.values:
        yield Fault(("values",), f"{requirement.operator} needs at least one value")
    if not listed and requirement.values:
        yield Fault(("values",), f"{requirement.operator} takes no values")
    for index, value in enumerate(requirement.values):
        complaint = LABEL_VALUE.complaint(value)
        if complaint:
            yield Fault(("values", index), complaint)


def matches(selector: LabelSelector | None, labels: Mapping[str, str]) -> bool:
    """Say whether a selector chooses an object with these labels; no selector chooses nothing."""
    if selector is None:
        return False
    same = all(labels.get(key) == value for key, value in selector.match_labels.items())
    return same and all(holds(each, labels) for each in selector.match_expressions)


def holds(requirement: Requirement, labels: Mapping[str, str]) -> bool:
    """Say whether labels meet one requirement. ``NotIn`` holds where the label is missing."""
    value = labels.get(requirement.key)
    match requirement.operator:
        case "In":
            return value in requirement.values
        case "NotIn":
            return value is None or value not in requirement.values
        case "Exists":
            return value is not None
        case "DoesNotExist":
            return value is None
