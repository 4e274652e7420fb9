"""LimitRanges (v1): what containers, pods and claims of a namespace may ask for, and ask for by default."""

from collections.abc import Iterator, Mapping
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from schemas.core import Status
from schemas.meta import ObjectMeta
from schemas.model import Fault, Many, Model, Noted, Path, Refused, complain
from schemas.quantity import Amount, Quantity

COMPUTE = ("cpu", "memory")
_STORAGE = frozenset({"ephemeral-storage"})
_MEASURED = frozenset({*COMPUTE, *_STORAGE, "storage"})

Bounds = Annotated[
    Mapping[str, Amount],
    Noted(
        "the size of files isn't limited: they may grow as far as the disk allows", key=_STORAGE.__contains__
    ),
    Refused(
        "only cpu, memory and storage are measured: leave it out", key=lambda name: name not in _MEASURED
    ),
]


class LimitRangeItem(Model):
    """What a container, pod or claim may ask for, and what a container gets that asks for nothing."""

    type: Literal["Container", "Pod", "PersistentVolumeClaim"]
    default: Bounds = Field(default_factory=dict)
    default_request: Bounds = Field(default_factory=dict)
    max: Bounds = Field(default_factory=dict)
    max_limit_request_ratio: Bounds = Field(default_factory=dict)
    min: Bounds = Field(default_factory=dict)

    @property
    def default_limits(self) -> Mapping[str, Quantity]:
        """What a container may use that doesn't say: by default the most that is allowed."""
        return _computing({**self.max, **self.default} if self.type == "Container" else {})

    @property
    def default_requests(self) -> Mapping[str, Quantity]:
        """What a container requests that doesn't say: by default its limit, or the least that is allowed."""
        by_limit = {**self.min, **self.default_limits, **self.default_request}
        return _computing(by_limit if self.type == "Container" else {})

    @model_validator(mode="after")
    def _rules(self) -> Self:
        complain(_faults(self))
        return self


class LimitRangeSpec(Model):
    """The limits, one for each type."""

    limits: Many[LimitRangeItem]

    @model_validator(mode="after")
    def _rules(self) -> Self:
        types = [one.type for one in self.limits]
        again = [at for at, one in enumerate(types) if one in types[:at]]
        complain(Fault(("limits", at, "type"), f"a second limit for {types[at]}") for at in again)
        return self


class LimitRange(Model):
    """What containers, pods and claims of its namespace may ask for, and ask for by default."""

    api_version: Literal["v1"]
    kind: Literal["LimitRange"]
    metadata: ObjectMeta
    spec: LimitRangeSpec
    status: Status = None


def _computing(amounts: Mapping[str, Quantity]) -> Mapping[str, Quantity]:
    return {name: amount for name, amount in amounts.items() if name in COMPUTE}


def _faults(item: LimitRangeItem) -> Iterator[Fault]:
    """Yield what contradicts itself.  Source: Kubernetes' pkg/apis/core/validation, ValidateLimitRange."""
    if item.type != "Container":
        for field in (
            name
            for name, given in (("default", item.default), ("defaultRequest", item.default_request))
            if given
        ):
            yield Fault((field,), "only a Container has defaults")
    if item.type == "PersistentVolumeClaim" and not {*item.min, *item.max} & {"storage"}:
        yield Fault((), "needs min or max of storage")
    rising = (
        ("min", item.min),
        ("defaultRequest", item.default_request),
        ("default", item.default),
        ("max", item.max),
    )
    for at, (field, amounts) in enumerate(rising):
        for less, smaller in rising[:at]:
            yield from _below((field,), amounts, less, smaller)
    for name, ratio in item.max_limit_request_ratio.items():
        yield from _ratio_faults(
            ("maxLimitRequestRatio", name), ratio, item.min.get(name), item.max.get(name)
        )


def _below(
    field: Path, amounts: Mapping[str, Quantity], less: str, smaller: Mapping[str, Quantity]
) -> Iterator[Fault]:
    for name in amounts.keys() & smaller.keys():
        if amounts[name].value < smaller[name].value:
            yield Fault((*field, name), f"must be at least {less}, {smaller[name]}")


def _ratio_faults(
    at: Path, ratio: Quantity, least: Quantity | None, most: Quantity | None
) -> Iterator[Fault]:
    if ratio.value < 1:
        yield Fault(at, "must be at least 1: a limit is never below its request")
    elif least and most and least.value and ratio.value > most.value / least.value:
        yield Fault(at, f"must be at most max/min, {most.value / least.value:.3g}")
