"""The kinds of the group batch (batch/v1): Jobs and CronJobs."""

from collections.abc import Iterator
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from schemas.core import Status
from schemas.indexes import indexes
from schemas.meta import ObjectMeta, TemplateMeta
from schemas.model import Fault, Many, Model, Natural, Noted, Opaque, Refused, complain
from schemas.names import DNS_LABEL
from schemas.pod import PodSpec, PodTemplate
from schemas.schedule import Schedule, schedule, zone_named

LONGEST_NAME, LONGEST_CRON_NAME = 63, 52
NO_LIMIT = 2**31 - 1
_KNOWN_OTHERWISE = "a Job's pods are known by labels of their own"
_NO_OBJECT = "what a CronJob starts is no object of its own here"
_OWN_CONTROLLER = "kubernetes.io/job-controller"


def _indexes(text: str) -> str:
    indexes(text)
    return text


def _managed_elsewhere(value: Any) -> bool:
    return bool(value != _OWN_CONTROLLER)


class ExitCodes(Model):
    """Which exit codes, of which container, a rule is for."""

    container_name: str | None = None
    operator: Literal["In", "NotIn"]
    values: Many[int]

    @model_validator(mode="after")
    def _rules(self) -> Self:
        if not self.values or list(self.values) != sorted(set(self.values)):
            complain([Fault(("values",), "must be exit codes in rising order, at least one")])
        if self.operator == "In" and 0 in self.values:
            complain([Fault(("values",), "must not hold 0: a container that ended so has not failed")])
        return self


class PodCondition(Model):
    """A condition of a pod that a rule is for."""

    type: str
    status: Literal["True", "False", "Unknown"] = "True"


class FailureRule(Model):
    """What a pod's failure means, where it fits."""

    action: Literal["FailJob", "FailIndex", "Ignore", "Count"]
    on_exit_codes: ExitCodes | None = None
    on_pod_conditions: Many[PodCondition] = ()

    @model_validator(mode="after")
    def _rules(self) -> Self:
        if (self.on_exit_codes is None) == (not self.on_pod_conditions):
            complain([Fault((), "needs either onExitCodes or onPodConditions")])
        return self


class PodFailurePolicy(Model):
    """What the failures of a Job's pods mean; the first rule that fits decides."""

    rules: Many[FailureRule]


class SuccessRule(Model):
    """When an Indexed Job is done before all of its indexes are."""

    succeeded_indexes: Annotated[str, AfterValidator(_indexes)] | None = None
    succeeded_count: Natural | None = None

    @model_validator(mode="after")
    def _rules(self) -> Self:
        if self.succeeded_indexes is None and not self.succeeded_count:
            complain([Fault((), "needs succeededIndexes or succeededCount")])
        listed = indexes(self.succeeded_indexes) if self.succeeded_indexes else ()
        if listed and (self.succeeded_count or 0) > len(listed):
            complain([Fault(("succeededCount",), f"must be at most {len(listed)}, as many as are listed")])
        return self


class SuccessPolicy(Model):
    """When an Indexed Job is done; one rule that fits is enough."""

    rules: Many[SuccessRule]


class JobSpec(Model):
    """The pods of a Job, how many have to succeed, and when to give up. Times in seconds."""

    template: PodTemplate
    completions: Natural | None = None
    parallelism: Natural = 1
    completion_mode: Literal["NonIndexed", "Indexed"] = "NonIndexed"
    backoff_limit: Natural | None = None
    backoff_limit_per_index: Natural | None = None
    max_failed_indexes: Natural | None = None
    pod_failure_policy: PodFailurePolicy | None = None
    success_policy: SuccessPolicy | None = None
    pod_replacement_policy: Literal["TerminatingOrFailed", "Failed"] | None = None
    active_deadline_seconds: Natural | None = None
    ttl_seconds_after_finished: Natural | None = None
    suspend: bool = False
    manual_selector: Annotated[bool | None, Noted(_KNOWN_OTHERWISE)] = None
    selector: Annotated[Opaque | None, Noted(_KNOWN_OTHERWISE)] = None
    managed_by: Annotated[
        str | None, Refused("no other controller runs here: leave it out", when=_managed_elsewhere)
    ] = None

    @property
    def indexed(self) -> bool:
        """Whether each completion has an index of its own."""
        return self.completion_mode == "Indexed"

    @property
    def goal(self) -> int | None:
        """How many pods have to succeed; None for a queue of work, where the first says that all is done."""
        if self.completions is None and "parallelism" not in self.model_fields_set:
            return 1
        return self.completions

    @property
    def limit(self) -> int:
        """How many pods may fail."""
        if self.backoff_limit is None:
            return 6 if self.backoff_limit_per_index is None else NO_LIMIT
        return self.backoff_limit

    @property
    def waits_for_failed(self) -> bool:
        """Whether a pod is replaced only once it has ended, not while it is being stopped."""
        return self.pod_replacement_policy == "Failed" or self.pod_failure_policy is not None

    @model_validator(mode="after")
    def _rules(self) -> Self:
        complain(_job_faults(self))
        return self


class Job(Model):
    """Pods that run until so many of them have succeeded."""

    api_version: Literal["batch/v1"]
    kind: Literal["Job"]
    metadata: ObjectMeta
    spec: JobSpec
    status: Status = None

    @model_validator(mode="after")
    def _rules(self) -> Self:
        complain(_name_faults(self.metadata.name, LONGEST_NAME))
        if self.spec.indexed and self.spec.completions:
            longest = f"{self.metadata.name}-{self.spec.completions - 1}"
            if complaint := DNS_LABEL.complaint(longest):
                complain(
                    [Fault(("metadata", "name"), f"a pod's host name would be {longest}: it {complaint}")]
                )
        return self


class JobTemplate(Model):
    """The Job that a CronJob starts, again and again."""

    metadata: Annotated[TemplateMeta, Noted(_NO_OBJECT)] = Field(default_factory=TemplateMeta)
    spec: JobSpec


class CronJobSpec(Model):
    """When a Job is started, and what becomes of those before it. Times in seconds."""

    schedule: str
    time_zone: str | None = None
    starting_deadline_seconds: Natural | None = None
    concurrency_policy: Literal["Allow", "Forbid", "Replace"] = "Allow"
    suspend: bool = False
    job_template: JobTemplate
    successful_jobs_history_limit: Natural = 3
    failed_jobs_history_limit: Natural = 1

    @property
    def due(self) -> Schedule:
        """The schedule, on the clocks of UTC where no time zone is given."""
        return schedule(self.schedule)

    @model_validator(mode="after")
    def _rules(self) -> Self:
        complain(_cron_faults(self))
        return self


class CronJob(Model):
    """A Job that is started on a schedule."""

    api_version: Literal["batch/v1"]
    kind: Literal["CronJob"]
    metadata: ObjectMeta
    spec: CronJobSpec
    status: Status = None

    @model_validator(mode="after")
    def _rules(self) -> Self:
        complain(_name_faults(self.metadata.name, LONGEST_CRON_NAME))
        return self


def _name_faults(name: str, longest: int) -> Iterator[Fault]:
    if len(name) > longest:
        yield Fault(("metadata", "name"), f"must have at most {longest} characters: pods are named after it")


def _cron_faults(spec: CronJobSpec) -> Iterator[Fault]:
    try:
        schedule(spec.schedule)
    except ValueError as error:
        yield Fault(("schedule",), str(error))
    if spec.time_zone is not None:
        yield from _zone_faults(spec.time_zone)


def _zone_faults(zone: str) -> Iterator[Fault]:
    try:
        zone_named("" if zone.lower() == "local" else zone)
    except ValueError:
        yield Fault(("timeZone",), f"no time zone {zone!r}: write one such as Europe/Berlin, or Etc/UTC")


def _job_faults(spec: JobSpec) -> Iterator[Fault]:
    pod, policy = spec.template.spec, spec.template.spec.restart_policy
    if policy == "Always":
        yield Fault(("template", "spec", "restartPolicy"), "must be Never or OnFailure in a Job")
    if spec.indexed and spec.completions is None:
        yield Fault(("completions",), "is required where completionMode is Indexed")
    yield from _index_faults(spec)
    if spec.pod_failure_policy:
        yield from _failure_faults(spec, spec.pod_failure_policy, pod)
    if spec.success_policy:
        yield from _success_faults(spec, spec.success_policy)


def _index_faults(spec: JobSpec) -> Iterator[Fault]:
    if spec.backoff_limit_per_index is not None and not spec.indexed:
        yield Fault(("backoffLimitPerIndex",), "needs completionMode Indexed")
    if spec.backoff_limit_per_index is not None and spec.template.spec.restart_policy == "OnFailure":
        yield Fault(("backoffLimitPerIndex",), "needs restartPolicy Never")
    if spec.max_failed_indexes is not None and spec.backoff_limit_per_index is None:
        yield Fault(("maxFailedIndexes",), "needs backoffLimitPerIndex")


def _failure_faults(spec: JobSpec, policy: PodFailurePolicy, pod: PodSpec) -> Iterator[Fault]:
    if pod.restart_policy == "OnFailure":
        yield Fault(("podFailurePolicy",), "needs restartPolicy Never")
    if spec.pod_replacement_policy == "TerminatingOrFailed":
        yield Fault(("podReplacementPolicy",), "must be Failed beside podFailurePolicy")
    names = {one.name for one in (*pod.containers, *pod.init_containers)}
    for index, rule in enumerate(policy.rules):
        at = ("podFailurePolicy", "rules", index)
        if rule.action == "FailIndex" and spec.backoff_limit_per_index is None:
            yield Fault((*at, "action"), "FailIndex needs backoffLimitPerIndex")
        named = rule.on_exit_codes.container_name if rule.on_exit_codes else None
        if named is not None and named not in names:
            yield Fault((*at, "onExitCodes", "containerName"), f"the pod has no container `{named}`")


def _success_faults(spec: JobSpec, policy: SuccessPolicy) -> Iterator[Fault]:
    if not spec.indexed:
        yield Fault(("successPolicy",), "needs completionMode Indexed")
    if not policy.rules:
        yield Fault(("successPolicy", "rules"), "needs a rule")
    for index, rule in enumerate(policy.rules):
        listed = indexes(rule.succeeded_indexes) if rule.succeeded_indexes else frozenset()
        most = max(max(listed, default=-1) + 1, rule.succeeded_count or 0)
        if spec.completions is not None and most > spec.completions:
            yield Fault(("successPolicy", "rules", index), f"the Job has {spec.completions} completions only")
