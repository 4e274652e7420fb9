"""What a pod's failure means to its Job: the first rule of its podFailurePolicy that fits."""

from collections.abc import Mapping, Sequence
from enum import Enum
from typing import Any

from runtime.dataclass import dataclass


class Action(Enum):
    """What becomes of the Job, or of the index."""

    FAIL_JOB = "FailJob"
    FAIL_INDEX = "FailIndex"
    IGNORE = "Ignore"
    COUNT = "Count"


@dataclass(frozen=True, slots=True)
class Ended:
    """How a pod failed: the exit codes of its containers by name, and its conditions."""

    name: str
    codes: Mapping[str, int]
    conditions: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a rule says; no rule is None.  ``message`` tells why a Job fails."""

    action: Action | None = None
    message: str = ""

    @property
    def counts(self) -> bool:
        """Whether the failure counts towards backoffLimit."""
        return self.action is not Action.IGNORE


def meaning(rules: Sequence[Any], pod: Ended) -> Meaning:
    """Return what the first rule that fits says; rules are those of the schema.

    Source: Kubernetes' pkg/controller/job/pod_failure_policy.go.
    """
    for index, rule in enumerate(rules):
        action = next((one for one in Action if one.value == rule.action), None)
        why = _fits(rule, pod) if action else ""
        if action and why:
            told = f"{why} matching FailJob rule at index {index}" if action is Action.FAIL_JOB else ""
            return Meaning(action, told)
    return Meaning()


def _fits(rule: Any, pod: Ended) -> str:
    """Return what of a pod fits a rule, in Kubernetes' words, "" where nothing does."""
    if rule.on_exit_codes is not None:
        return _by_code(rule.on_exit_codes, pod)
    given = ((one.type, one.status) for one in rule.on_pod_conditions)
    fits = next((kind for kind, status in given if pod.conditions.get(kind) == status), "")
    return f"Pod {pod.name} has condition {fits}" if fits else ""


def _by_code(wanted: Any, pod: Ended) -> str:
    named = [
        (name, code)
        for name, code in pod.codes.items()
        if code != 0 and wanted.container_name in (None, name)
    ]
    for name, code in named:
        if (wanted.operator == "In" and code in wanted.values) or (
            wanted.operator == "NotIn" and code not in wanted.values
        ):
            return f"Container {name} for pod {pod.name} failed with exit code {code}"
    return ""
