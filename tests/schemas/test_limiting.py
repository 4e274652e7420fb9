"""What limits give to containers, and what they allow, is what Kubernetes' LimitRanger says."""

from collections.abc import Mapping
from itertools import product
from textwrap import dedent
from typing import Any

import pytest

from schemas.demands import total
from schemas.load import Loaded, load
from schemas.pods import pod_of

LIMIT = """
apiVersion: v1
kind: LimitRange
metadata: {{name: {name}}}
spec: {{limits: [{item}]}}
---
"""
POD = """
apiVersion: {version}
kind: {kind}
metadata: {{name: one}}
spec: {spec}
"""
TEMPLATE = (
    "{{selector: {{matchLabels: {{app: one}}}}, template: {{metadata: {{labels: {{app: one}}}}, spec: {}}}}}"
)
JOB = "{{template: {{spec: {}}}}}"


def loaded(*items: str, resources: str = "{}", kind: str = "Deployment") -> Loaded:
    """Load limits for containers, and an object with a container that asks for these resources."""
    limits = "".join(LIMIT.format(name=f"limit-{number}", item=item) for number, item in enumerate(items))
    spec = f"{{restartPolicy: Never, containers: [{{name: main, image: app, resources: {resources}}}]}}"
    spec = spec if kind in {"Pod", "Job"} else spec.replace("restartPolicy: Never, ", "")
    around = {"Pod": "{}", "Job": JOB}.get(kind, TEMPLATE).format(spec)
    version = {"Pod": "v1", "Job": "batch/v1"}.get(kind, "apps/v1")
    return load({"a.yaml": dedent(limits + POD.format(version=version, kind=kind, spec=around)).encode()})


def resources_of(found: Loaded) -> Mapping[str, Mapping[str, str]]:
    pod = pod_of(found.manifests[-1].object)
    assert pod
    own = pod.spec.containers[0].resources
    return {
        side: {name: str(amount) for name, amount in amounts.items()}
        for side, amounts in (("limits", own.limits), ("requests", own.requests))
        if amounts
    }


@pytest.mark.parametrize(
    ("item", "written", "given"),
    [
        ("default: {memory: 1Gi}", "{}", {"limits": {"memory": "1Gi"}, "requests": {"memory": "1Gi"}}),
        ("defaultRequest: {cpu: 100m}", "{}", {"requests": {"cpu": "100m"}}),
        ("max: {cpu: 2}", "{}", {"limits": {"cpu": "2"}, "requests": {"cpu": "2"}}),
        ("min: {cpu: 10m}", "{}", {"requests": {"cpu": "10m"}}),
        (
            "min: {cpu: 10m}, max: {cpu: 2}, default: {cpu: 1}, defaultRequest: {cpu: 100m}",
            "{}",
            {"limits": {"cpu": "1"}, "requests": {"cpu": "100m"}},
        ),
        (
            "default: {cpu: 1}, defaultRequest: {cpu: 100m}",
            "{limits: {cpu: 500m}}",
            {"limits": {"cpu": "500m"}},  # and a request that isn't written is the limit
        ),
        (
            "default: {cpu: 1}, defaultRequest: {cpu: 100m}",
            "{requests: {cpu: 200m}}",
            {"limits": {"cpu": "1"}, "requests": {"cpu": "200m"}},
        ),
        ("default: {ephemeral-storage: 1Gi}", "{}", {}),
    ],
)
def test_a_container_gets_what_it_does_not_say(item: str, written: str, given: Mapping[str, Any]) -> None:
    found = loaded(f"{{type: Container, {item}}}", resources=written)

    assert found.problems == ()
    assert resources_of(found) == given


def test_of_several_limits_the_first_by_name_counts() -> None:
    found = loaded(
        "{type: Container, default: {cpu: 1}}", "{type: Container, default: {cpu: 2, memory: 1Gi}}"
    )

    assert resources_of(found)["limits"] == {"cpu": "1", "memory": "1Gi"}


def test_what_is_given_is_in_the_document_as_if_it_had_been_written() -> None:
    written = ("{}", "{limits: {cpu: 1}}", "{requests: {cpu: 100m}}", "{requests: {memory: 1Mi}}")
    items = ("default: {cpu: 2}", "defaultRequest: {cpu: 100m}", "min: {memory: 1Mi}", "max: {memory: 1Gi}")

    for kind, resources, item in product(("Pod", "Deployment"), written, items):
        one = loaded(f"{{type: Container, {item}}}", resources=resources, kind=kind).manifests[-1]
        pod, again = pod_of(one.object), pod_of(type(one.object).model_validate(one.document))

        assert pod
        assert again
        assert pod.spec == again.spec


def test_the_document_of_a_job_stays_as_it_is_written() -> None:
    limit = "{type: Container, default: {cpu: 2}}"

    assert loaded(kind="Job").manifests[-1].document == loaded(limit, kind="Job").manifests[-1].document
    assert resources_of(loaded(limit, kind="Job"))["limits"] == {"cpu": "2"}


def test_no_limit_changes_nothing() -> None:
    assert loaded("{type: Pod, max: {cpu: 2}}", resources="{limits: {cpu: 1}}").problems == ()
    assert resources_of(loaded("{type: Pod, max: {cpu: 2}}")) == {}


@pytest.mark.parametrize(
    ("item", "written", "message"),
    [
        ("type: Container, max: {cpu: 1}", "{limits: {cpu: 1001m}}", "limits.cpu: must be at most 1, by"),
        ("type: Container, min: {cpu: 1}", "{limits: {cpu: 999m}}", "limits.cpu: must be at least 1, by"),
        (
            "type: Container, max: {cpu: 1}",
            "{requests: {cpu: 2}}",
            "requests.cpu: must be at most 1, by",
        ),
        ("type: Container, default: {cpu: 1}", "{requests: {cpu: 2}}", "must be at most the limit, 1, by"),
        ("type: Container, maxLimitRequestRatio: {cpu: 2}", "{}", "times the request, and there is none, by"),
        (
            "type: Container, maxLimitRequestRatio: {cpu: 2}",
            "{requests: {cpu: 1}}",
            "is required, at most 2 times the request, by",
        ),
        ("type: Pod, max: {memory: 1Gi}", "{}", "must have limits.memory, which is bounded by 1Gi, by"),
        ("type: Pod, min: {memory: 1Gi}", "{}", "must have requests.memory, which is bounded by 1Gi, by"),
    ],
)
def test_what_is_out_of_bounds_is_a_problem_of_the_pod(item: str, written: str, message: str) -> None:
    told = [str(one) for one in loaded(f"{{{item}}}", resources=written).problems]

    assert any(f"{message} LimitRange/limit-0 in a.yaml:2" in one for one in told), told


@pytest.mark.parametrize(("limit", "fine"), [("400m", True), ("401m", False)])
def test_a_limit_may_be_so_many_times_the_request(limit: str, *, fine: bool) -> None:
    resources = f"{{requests: {{cpu: 100m}}, limits: {{cpu: {limit}}}}}"
    found = loaded('{type: Container, maxLimitRequestRatio: {cpu: "4"}}', resources=resources)

    assert (found.problems == ()) is fine


def test_a_pod_asks_for_its_beginning_or_for_all_that_stays_whichever_is_more() -> None:
    text = """
        apiVersion: v1
        kind: Pod
        metadata: {name: one}
        spec:
          initContainers:
            - {name: before, image: app, resources: {requests: {cpu: "4"}}}
            - {name: sidecar, image: app, restartPolicy: Always, resources: {requests: {cpu: "1"}}}
            - {name: beside, image: app, resources: {limits: {cpu: "5"}}}
          containers:
            - {name: main, image: app, resources: {requests: {cpu: "2"}}}
            - {name: other, image: app}
    """
    pod = pod_of(load({"a.yaml": dedent(text).encode()}).manifests[0].object)

    assert pod
    assert total(pod.spec, "requests", "cpu") == 6  # the one beside the sidecar
    assert total(pod.spec, "limits", "cpu") == 5
