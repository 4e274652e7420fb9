"""Which pods a StatefulSet wants at each moment, under which names, and with which volumes."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from textwrap import dedent
from typing import Any

import pytest

from reconcilers.kinds import catalog, reconcile
from reconcilers.wanted import Consequence, Health, Past, Wanted
from reconcilers.world import Earlier
from runtime.observe import pod_name
from runtime.records import Failure, Readiness
from runtime.resources import Label, Owner, Pod, Volume
from runtime.seen import Seen, SeenPod, SeenVolume
from tests.reconcilers.given import NOW, manifests, pods_of, seen, wanted, world

SET = """
    apiVersion: apps/v1
    kind: StatefulSet
    metadata: {{name: db, namespace: shop}}
    spec:
      serviceName: {service}
      replicas: {replicas}
      ordinals: {{start: {start}}}
      podManagementPolicy: {policy}
      minReadySeconds: {min_ready}
      updateStrategy: {strategy}
      persistentVolumeClaimRetentionPolicy: {retention}
      volumeClaimTemplates: {claims}
      selector: {{matchLabels: {{app: db}}}}
      template:
        metadata: {{labels: {{app: db}}}}
        spec:
          volumes: {volumes}
          containers: [{{name: main, image: "{image}"{container}}}]
"""
CLAIM = "[{metadata: {name: data}, spec: {accessModes: [ReadWriteOnce]}}]"
MOUNT = ", volumeMounts: [{name: data, mountPath: /data}]"
PROBE = ", readinessProbe: {tcpSocket: {port: 80}}"
BY_HAND = "{type: OnDelete}"
PLAIN = {
    "image": "app:1",
    "service": "db",
    "replicas": 3,
    "start": 0,
    "policy": "OrderedReady",
    "min_ready": 0,
    "strategy": "{}",
    "retention": "{}",
    "claims": "[]",
    "volumes": "[]",
    "container": "",
}


def stateful(**fields: object) -> str:
    """Return a StatefulSet of three pods."""
    return dedent(SET).format(**{**PLAIN, **fields})


def partition(number: int) -> str:
    return f"{{rollingUpdate: {{partition: {number}}}}}"


def names(answer: Wanted) -> list[str]:
    return [pod.name for pod in pods_of(answer)]


def all_of(*documents: str, since: float = NOW - 3600, **fields: Any) -> list[SeenPod]:
    """Return the pods of the last document, made one pass after the other until all are up."""
    pods: list[SeenPod] = []
    while len(pods) < len(made := pods_of(wanted(*documents, pods=pods, **fields))):
        pods = [seen(pod, since=since) for pod in made]
    return pods


def telling(commits: Mapping[str, Sequence[str]]) -> Any:
    """Return how a world answers what an earlier commit said."""

    def earlier(sha: str, owner: Owner) -> Earlier | None:
        read = manifests(*commits.get(sha, ()))
        found = [one for one in read if one.object.metadata.name == owner.name]
        return Earlier(found[0], catalog(read)) if found else None

    return earlier


def test_pods_come_one_by_one_in_their_order() -> None:
    written = stateful()

    assert names(wanted(written)) == ["shop.db-0"]
    assert names(wanted(written, pods=all_of(written)[:1])) == ["shop.db-0", "shop.db-1"]
    assert names(wanted(written, pods=all_of(written))) == ["shop.db-0", "shop.db-1", "shop.db-2"]


def test_parallel_pods_come_at_once() -> None:
    assert len(names(wanted(stateful(policy="Parallel")))) == 3


def test_a_pod_waits_until_the_one_before_it_was_ready_for_long_enough() -> None:
    written = stateful(min_ready=30)
    (first, *_) = all_of(written)

    early = wanted(written, pods=[replace(first, created=NOW - 29, started=NOW - 29)])
    later = wanted(written, pods=[replace(first, created=NOW - 30, started=NOW - 30)])

    assert (names(early), early.look_again) == (["shop.db-0"], NOW + 1)
    assert names(later) == ["shop.db-0", "shop.db-1"]


def test_a_set_that_is_complete_wants_what_is_there() -> None:
    written = stateful()

    answer = wanted(written, pods=all_of(written))

    assert answer.settled
    assert (answer.status.health, answer.status.ready, answer.status.total) == (Health.HEALTHY, 3, 3)
    assert answer.consequence is Consequence.NONE


def test_a_pod_knows_its_name_its_number_and_its_addresses_from_the_start() -> None:
    (pod,) = pods_of(wanted(stateful()))

    assert pod.names.hostname == "db-0"
    assert pod.names.aliases == (
        "db",
        "db.shop",
        "db.shop.svc",
        "db.shop.svc.cluster.local",
        "db-0.db",
        "db-0.db.shop",
        "db-0.db.shop.svc",
        "db-0.db.shop.svc.cluster.local",
    )
    assert pod.labels["statefulset.kubernetes.io/pod-name"] == "db-0"
    assert pod.labels["apps.kubernetes.io/pod-index"] == "0"
    assert pod.labels["controller-revision-hash"] == f"db-{pod.labels[Label.REVISION]}"


@pytest.mark.parametrize("address", ["None", "10.0.0.1"])
def test_the_governing_service_rolls_nobody_when_it_comes_headless(address: str) -> None:
    service = f"""
        apiVersion: v1
        kind: Service
        metadata: {{name: db, namespace: shop}}
        spec: {{clusterIP: "{address}", selector: {{app: db}}, ports: [{{port: 80}}]}}
    """
    (alone,), (served,) = pods_of(wanted(stateful())), pods_of(wanted(service, stateful()))

    assert (alone.digest == served.digest) is (address == "None")
    assert ("db" in served.names.aliases) is (address == "None")
    assert ("db-0.db" in served.names.aliases) is (address == "None")


def test_without_a_service_a_pod_has_no_address_of_its_own() -> None:
    (pod,) = pods_of(wanted(stateful(service='""')))

    assert pod.names.aliases == ()


def test_ordinals_begin_where_the_set_says() -> None:
    assert names(wanted(stateful(start=5, policy="Parallel"))) == ["shop.db-5", "shop.db-6", "shop.db-7"]


def test_each_pod_has_volumes_of_its_own_that_it_finds_again() -> None:
    answer = wanted(stateful(claims=CLAIM, container=MOUNT, policy="Parallel"))

    assert sorted({one.name for one in answer.resources if isinstance(one, Volume)}) == [
        "shop.data-db-0",
        "shop.data-db-1",
        "shop.data-db-2",
    ]
    assert [pod.containers[0].mounts[0].volume for pod in pods_of(answer)] == [
        "shop.data-db-0",
        "shop.data-db-1",
        "shop.data-db-2",
    ]


def test_a_claim_is_made_though_nobody_mounts_it() -> None:
    made = [one for one in wanted(stateful(claims=CLAIM)).resources if isinstance(one, Volume)]

    assert [(one.name, one.labels[Label.OWNER]) for one in made] == [
        ("shop.data-db-0", "PersistentVolumeClaim/shop/data-db-0")
    ]


def test_a_claim_takes_the_place_of_a_volume_of_its_name() -> None:
    answer = wanted(stateful(claims=CLAIM, container=MOUNT, volumes="[{name: data, emptyDir: {}}]"))

    assert pods_of(answer)[0].containers[0].mounts[0].volume == "shop.data-db-0"


def test_a_claim_that_stands_in_git_is_used_for_its_pod() -> None:
    own = """
        apiVersion: v1
        kind: PersistentVolumeClaim
        metadata: {name: data-db-0, namespace: shop, annotations: {sloop/volume: old-disk}}
        spec: {accessModes: [ReadWriteOnce]}
    """
    answer = wanted(own, stateful(claims=CLAIM, container=MOUNT))

    assert pods_of(answer)[0].containers[0].mounts[0].volume == "old-disk"
    assert [one for one in answer.resources if isinstance(one, Volume)] == []


def test_a_new_template_stops_the_highest_pod_first_and_one_at_a_time() -> None:
    before = all_of(stateful())

    answer = wanted(stateful(image="app:2"), pods=before)

    assert names(answer) == ["shop.db-2"]
    assert answer.keep == {"shop.db-0", "shop.db-1"}
    assert answer.consequence is Consequence.RECREATE
    assert not answer.settled


def test_the_next_one_waits_until_the_new_one_has_run_for_a_second() -> None:
    before, new = all_of(stateful()), stateful(image="app:2")
    (fresh,) = [seen(pod, since=NOW) for pod in pods_of(wanted(new, pods=before))]

    at_once = wanted(new, pods=[*before[:2], fresh], now=NOW)
    later = wanted(new, pods=[*before[:2], fresh], now=NOW + 1)

    assert (at_once.keep, at_once.look_again) == ({"shop.db-0", "shop.db-1"}, NOW + 1)
    assert later.keep == {"shop.db-0"}


def test_a_revision_that_was_never_ready_is_replaced_without_a_hand() -> None:
    good, bad = stateful(container=PROBE), stateful(container=PROBE, image="broken:1")
    known = Past(readiness={f"shop.db-{number}": Readiness(True, NOW - 3000) for number in range(3)})
    before = all_of(good, past=known)
    (hanging,) = [seen(pod, since=NOW - 60) for pod in pods_of(wanted(bad, pods=before, past=known))]
    hanging = replace(hanging, id="another")

    for written in (good, stateful(container=PROBE, image="app:3")):
        answer = wanted(written, pods=[*before[:2], hanging], past=known)
        assert "shop.db-2" in names(answer)
        assert "shop.db-2" not in answer.keep


def test_a_pod_that_was_ready_and_is_not_for_a_moment_is_no_reason_to_stop_another() -> None:
    good, new = stateful(container=PROBE), stateful(container=PROBE, image="app:2")
    ready = {f"shop.db-{number}": Readiness(True, NOW - 3000) for number in range(3)}
    before = all_of(good, past=Past(readiness=ready))
    coming = seen(pods_of(wanted(new, pods=before, past=Past(readiness=ready)))[-1], since=NOW, id="new")
    flapping = Past(readiness={**ready, "shop.db-1": Readiness(False, NOW - 5)})

    answer = wanted(new, pods=[*before[:2], coming], past=flapping)

    assert answer.keep == {"shop.db-0", "shop.db-1"}


def test_below_the_partition_nothing_changes_and_all_is_well() -> None:
    before = all_of(stateful())
    new = stateful(image="app:2", strategy=partition(2))
    updated = [*before[:2], seen(pods_of(wanted(new, pods=before))[0])]

    answer = wanted(new, pods=updated)

    assert (names(answer), answer.keep) == (["shop.db-2"], {"shop.db-0", "shop.db-1"})
    assert answer.settled
    assert answer.status.health is Health.HEALTHY
    assert answer.status.reason == "2 pods stay at an older revision, below the partition"


def test_a_partition_counts_from_the_first_ordinal() -> None:
    before = all_of(stateful(start=5))

    answer = wanted(stateful(start=5, image="app:2", strategy=partition(2)), pods=before)

    assert names(answer) == ["shop.db-7"]


def test_a_partition_above_all_pods_updates_nobody() -> None:
    answer = wanted(stateful(image="app:2", strategy=partition(9)), pods=all_of(stateful()))

    assert (names(answer), len(answer.keep), answer.settled) == ([], 3, True)


@pytest.mark.parametrize("lost", [0, 1])
def test_a_lost_pod_below_the_partition_comes_back_as_it_was(lost: int) -> None:
    old, new = stateful(), stateful(image="app:2", strategy=partition(2))
    before = all_of(old, commit="a1")
    updated = [*before[:2], seen(pods_of(wanted(new, pods=before, commit="b2"))[0])]
    left = [pod for number, pod in enumerate(updated) if number != lost]

    answer = wanted(new, pods=left, commit="b2", earlier=telling({"a1": [old]}))

    (back,) = [pod for pod in pods_of(answer) if pod.name == f"shop.db-{lost}"]
    assert back.containers[0].image == "app:1"
    assert (back.digest, back.labels[Label.COMMIT]) == (before[lost].labels[Label.DIGEST], "a1")


def test_pods_above_the_partition_remember_the_revision_below_it() -> None:
    old, new = stateful(), stateful(image="app:2", strategy=partition(2))
    before = all_of(old, commit="a1")
    (made,) = pods_of(wanted(new, pods=before, commit="b2"))

    answer = wanted(new, pods=[seen(made)], commit="c3", earlier=telling({"a1": [old]}))

    assert made.labels[Label.BASE] == "a1"
    assert [pod.containers[0].image for pod in pods_of(answer) if pod.name == "shop.db-0"] == ["app:1"]


def test_a_lost_pod_of_a_revision_that_git_forgot_is_not_made_of_another_one() -> None:
    old, new = stateful(), stateful(image="app:2", strategy=partition(2))
    before = all_of(old, commit="a1")

    answer = wanted(new, pods=before[1:], commit="b2")

    assert names(answer) == []
    assert answer.status.health is Health.DEGRADED
    assert answer.status.reason.startswith(
        "db-0 has to be of the revision of commit a1, which git can't tell"
    )


def test_on_delete_replaces_nobody_and_makes_what_is_gone_anew() -> None:
    before = all_of(stateful())
    new = stateful(image="app:2", strategy=BY_HAND)

    waiting, removed = wanted(new, pods=before), wanted(new, pods=[before[0], before[2]])

    assert (names(waiting), len(waiting.keep), waiting.settled) == ([], 3, True)
    assert waiting.status.reason == "3 pods stay at an older revision, until somebody removes what is old"
    assert [(pod.name, pod.containers[0].image) for pod in pods_of(removed)] == [("shop.db-1", "app:2")]


def test_pods_too_many_go_one_by_one_the_highest_first() -> None:
    before = all_of(stateful())

    first = wanted(stateful(replicas=1), pods=before)
    second = wanted(stateful(replicas=1), pods=before[:2])

    assert (names(first), first.keep) == (["shop.db-0"], {"shop.db-1"})
    assert (names(second), second.keep) == (["shop.db-0"], set())
    assert first.consequence is Consequence.IN_PLACE


def test_the_next_one_too_many_waits_until_the_last_is_gone() -> None:
    first, second, third = all_of(stateful())

    answer = wanted(stateful(replicas=1), pods=[first, second, replace(third, state="stopping")])

    assert answer.keep == {"shop.db-1"}


def volume(name: str, kind: str = "claim") -> SeenVolume:
    owner = f"PersistentVolumeClaim/shop/{name.removeprefix('shop.')}"
    return SeenVolume(name, {Label.KIND: kind, Label.OWNER: owner})


def released(written: str, pods: Sequence[SeenPod], *volumes: str) -> set[str]:
    """Return the volumes that a set lets go while these are there."""
    given = world(written)
    given = replace(given, seen=Seen(pods=tuple(pods), volumes=tuple(map(volume, volumes))))
    return set(reconcile(manifests(written), given)[0].released)


def test_volumes_survive_scaling_down_unless_the_set_says_otherwise() -> None:
    there = ("shop.data-db-0", "shop.data-db-1", "shop.data-db-2")
    pods = all_of(stateful(claims=CLAIM))[:1]
    fewer = {"replicas": 1, "claims": CLAIM}

    assert released(stateful(**fewer), pods, *there) == set()
    assert released(stateful(**fewer, retention="{whenDeleted: Delete}"), pods, *there) == set()
    assert released(stateful(**fewer, retention="{whenScaled: Delete}"), pods, *there) == set(there[1:])


def test_a_volume_goes_only_after_its_pod_and_never_somebody_elses() -> None:
    pods = all_of(stateful(claims=CLAIM))
    fewer = stateful(replicas=1, claims=CLAIM, retention="{whenScaled: Delete}")
    others = ("shop.data-dbx-1", "shop.data-db-1-1", "shop.logs-db-1", "shop.data-db-01", "shop.data-db")

    going = replace(pods[1], state="removing")
    assert released(fewer, [pods[0], going], "shop.data-db-1", "shop.data-db-2") == {"shop.data-db-2"}
    assert released(fewer, pods[:1], *others) == set()


def test_a_set_at_zero_lets_all_its_pods_go_and_is_well() -> None:
    answer = wanted(stateful(replicas=0))

    assert (names(answer), answer.settled, answer.status.health) == ([], True, Health.HEALTHY)


def test_a_failed_step_is_why_it_is_degraded() -> None:
    past = Past(failures={"pod/shop.db-0": Failure(1, NOW, "no space left")})

    assert wanted(stateful(), past=past).status.reason == "no space left"


class Update:
    """A StatefulSet in simulated time, each pass on what the one before has left."""

    def __init__(self, pods: Sequence[SeenPod]) -> None:
        self.pods = {pod_name(pod): pod for pod in pods}
        self.now = NOW
        self.order: list[str] = []

    def to(self, written: str) -> None:
        """Pass until all is settled; every moment at most one pod is away."""
        for _ in range(40):
            answer = wanted(written, pods=self.pods.values(), now=self.now)
            if answer.settled and answer.status.health is Health.HEALTHY:
                return
            self.pods = {**{name: self.pods[name] for name in answer.keep}, **self._made(answer)}
            self.now += 1
        raise AssertionError(self.pods)

    def _made(self, answer: Wanted) -> dict[str, SeenPod]:
        return {pod.name: self._one(pod) for pod in pods_of(answer)}

    def _one(self, pod: Pod) -> SeenPod:
        there = self.pods.get(pod.name)
        if there and there.labels[Label.DIGEST] == pod.digest:
            return there
        self.order.append(pod.name)
        return seen(pod, since=self.now)


@pytest.mark.parametrize("policy", ["OrderedReady", "Parallel"])
def test_a_whole_life_goes_in_order(policy: str) -> None:
    life = Update([])
    for fields in ({}, {"image": "app:2"}, {"image": "app:2", "replicas": 1}, {"image": "app:3"}):
        life.to(stateful(policy=policy, **fields))

    assert life.order[:3] == ["shop.db-0", "shop.db-1", "shop.db-2"]
    assert life.order[3:6] == ["shop.db-2", "shop.db-1", "shop.db-0"]
    assert sorted(life.order[6:]) == ["shop.db-0", "shop.db-1", "shop.db-2"]
    assert {pod.image for pod in life.pods.values()} == {"app:3"}
