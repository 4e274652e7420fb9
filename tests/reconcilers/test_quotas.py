"""Quotas: no more pods than have room, whatever the pace of an update, and what waits says for what."""

from dataclasses import replace
from decimal import Decimal
from itertools import product

import pytest

from reconcilers.kinds import reconcile
from reconcilers.quotas import used
from reconcilers.wanted import Health, Wanted
from reconcilers.world import Earlier, World
from runtime.resources import Owner
from runtime.seen import SeenPod
from schemas.demands import is_best_effort
from schemas.load import load
from schemas.pods import pod_of
from schemas.quotas import ResourceQuota
from tests.reconcilers.given import deployment, manifests, pods_of, rolling, running, seen, wanted, world
from tests.reconcilers.lifetime import Lifetime

QUOTA = """
apiVersion: v1
kind: ResourceQuota
metadata: {{name: small, namespace: shop}}
spec: {{hard: {hard}{more}}}
"""
JOB = """
apiVersion: batch/v1
kind: Job
metadata: {name: work, namespace: shop}
spec: {template: {spec: {restartPolicy: Never, containers: [{name: main, image: "app:1"}]}}}
"""
MEMORY = ", resources: {{requests: {{memory: {}}}}}"
PACES = [one for one in product(range(1, 4), range(3), range(3), range(2)) if one[1] or one[2]]


def quota(hard: str, more: str = "") -> str:
    return QUOTA.format(hard=hard, more=more)


def answers(*documents: str, pods: list[SeenPod], **fields: object) -> list[Wanted]:
    return reconcile(manifests(*documents), world(*documents, pods=pods, **fields))


@pytest.mark.parametrize(("replicas", "surge", "unavailable", "more"), PACES)
def test_an_update_never_has_more_pods_than_have_room_and_ends_if_it_can(
    replicas: int, surge: int, unavailable: int, more: int
) -> None:
    room = quota(f"{{pods: {replicas + more}}}")
    pace = rolling(surge, unavailable)
    life = Lifetime((room, deployment("app:1", replicas, strategy=pace)), ending=lambda _: None)
    life.live(life.now + 10)

    life.documents = (room, deployment("app:2", replicas, strategy=pace))
    for _ in range(12 * replicas):
        life.tick()
        assert len(life.pods) <= replicas + more
        life.now += 2

    ends = unavailable > 0 or more > 0
    assert {pod.image for pod in life.pods.values()} == {"app:2" if ends else "app:1"}
    assert len(life.pods) == replicas
    assert life.wanted().status.health is (Health.HEALTHY if ends else Health.DEGRADED)


def test_what_waits_says_for_what_and_nothing_of_it_is_made() -> None:
    documents = quota("{requests.memory: 600Mi}"), deployment(replicas=3, container=MEMORY.format("256Mi"))

    _, web = answers(*documents, pods=[])

    assert len(pods_of(web)) == 2
    assert web.status.reason == (
        f"no room for {web.owner.name}-{pods_of(web)[0].name.split('-')[1]}-2 in ResourceQuota/small: "
        "requests.memory 512Mi of 600Mi are used, and it takes 256Mi"
    )
    assert (web.status.health, web.settled) == (Health.DEGRADED, False)


def test_as_long_as_a_job_runs_there_may_be_room_yet() -> None:
    job, web = wanted(JOB), deployment(replicas=2)
    working = seen(pods_of(job)[0])

    found = answers(quota("{pods: 2}"), JOB, web, pods=[working])[-1]
    done = answers(quota("{pods: 2}"), JOB, web, pods=[replace(working, state="exited", ended=1.0)])[-1]

    assert (len(pods_of(found)), found.status.health) == (1, Health.PROGRESSING)
    assert len(pods_of(done)) == 2  # one that has ended takes no room


def test_what_is_there_counts_by_the_commit_that_it_was_made_from() -> None:
    large, small = (
        deployment(image, 1, container=MEMORY.format(size))
        for image, size in (("app:1", "512Mi"), ("app:2", "64Mi"))
    )
    there = running(large, commit="0ld")
    (then,) = manifests(large)

    def earlier(commit: str, _: Owner) -> Earlier | None:
        return Earlier(then, world().catalog) if commit == "0ld" else None

    def new(most: str) -> int:
        found = answers(quota(f"{{memory: {most}}}"), small, pods=there, earlier=earlier)
        return len(pods_of(found[-1]))

    assert (new("575Mi"), new("576Mi")) == (0, 1)


CLASS = "scopeSelector: {{matchExpressions: [{{scopeName: PriorityClass, operator: {}}}]}}"


@pytest.mark.parametrize(
    ("scopes", "pod", "counts"),
    [
        ("scopes: [Terminating]", "activeDeadlineSeconds: 9", True),
        ("scopes: [Terminating]", "restartPolicy: Never", False),
        ("scopes: [NotTerminating]", "activeDeadlineSeconds: 9", False),
        ("scopes: [NotTerminating]", "restartPolicy: Never", True),
        ("scopes: [BestEffort]", "restartPolicy: Never", True),
        ("scopes: [NotBestEffort]", "restartPolicy: Never", False),
        ("scopes: [Terminating, BestEffort]", "activeDeadlineSeconds: 9", True),
        (CLASS.format("In, values: [high]"), "priorityClassName: high", True),
        (CLASS.format("In, values: [high]"), "priorityClassName: low", False),
        (CLASS.format("NotIn, values: [high]"), "priorityClassName: low", True),
        (CLASS.format("NotIn, values: [high]"), "restartPolicy: Never", True),
        (CLASS.format("Exists"), "restartPolicy: Never", False),
        (CLASS.format("DoesNotExist"), "restartPolicy: Never", True),
    ],
)
def test_scopes_say_which_pods_count(scopes: str, pod: str, *, counts: bool) -> None:
    spec = f"{{{pod}, containers: [{{name: main, image: app}}]}}"
    text = f"{{apiVersion: v1, kind: Pod, metadata: {{name: one}}, spec: {spec}}}"
    loaded = load({"a.yaml": quota("{pods: 1}", f", {scopes}").encode(), "b.yaml": text.encode()})
    first, second = loaded.manifests
    found = pod_of(second.object)

    assert loaded.problems == ()
    assert isinstance(first.object, ResourceQuota)
    assert found
    assert is_best_effort(found.spec)
    assert first.object.spec.counts(found.spec) is counts


def test_what_is_used_is_told_of_objects_and_of_pods() -> None:
    documents = (
        quota("{pods: 4, requests.memory: 1Gi, limits.cpu: 2, count/deployments.apps: 5, configmaps: 1}"),
        deployment(replicas=2, container=", resources: {limits: {cpu: 500m, memory: 256Mi}}"),
    )
    there = running(*documents)
    given = manifests(*documents)
    one = given[0].object
    moment: World = world(*documents, pods=there)

    assert isinstance(one, ResourceQuota)
    told = {name: str(used(name, one, given, moment)) for name in one.spec.hard}
    assert told == {
        "pods": "2",
        "requests.memory": "512Mi",
        "limits.cpu": "1",
        "count/deployments.apps": "1",
        "configmaps": "0",
    }
    assert used("pods", one, given, world(*documents)).value == Decimal(0)
