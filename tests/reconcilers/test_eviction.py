"""Which pods are evicted for what they have on the disk, and what becomes of them."""

from dataclasses import replace

import pytest

from reconcilers.eviction import WORD
from reconcilers.kinds import reconcile
from reconcilers.wanted import Health, Wanted
from runtime.records import Note
from runtime.resources import Owner, Volume
from runtime.seen import Seen, SeenPod, SeenVolume, Weighed
from tests.reconcilers.given import NOW, deployment, manifests, past, pods_of, seen, wanted, world

LIMITED = "[{name: tmp, emptyDir: {sizeLimit: 64Mi}}]"
MOUNTED = ", volumeMounts: [{name: tmp, mountPath: /tmp}]"
LIMIT = 64 * 2**20
BARE = """
    apiVersion: v1
    kind: Pod
    metadata: {name: web, namespace: shop}
    spec:
      containers: [{name: main, image: "app:1", volumeMounts: [{name: tmp, mountPath: /tmp}]}]
      volumes: [{name: tmp, emptyDir: {sizeLimit: 64Mi}}]
"""
BARELY = Owner("Pod", "shop", "web")
SAID = 'Usage of EmptyDir volume "tmp" exceeds the limit "64Mi" (it takes 65Mi)'


def limited(image: str = "app:1", replicas: int = 2) -> str:
    return deployment(image, replicas, container=MOUNTED, volumes=LIMITED)


def there(written: str, *, since: float = NOW - 3600) -> tuple[list[SeenPod], list[SeenVolume]]:
    """Return the pods that an object wants, and their volumes, as they are seen."""
    answer = wanted(written)
    volumes = [one for one in answer.resources if isinstance(one, Volume)]
    return [seen(pod, since=since) for pod in pods_of(answer)], [
        SeenVolume(one.name, one.labels) for one in volumes
    ]


def asked(
    written: str, pods: list[SeenPod], volumes: list[SeenVolume], weighed: Weighed, **fields: object
) -> Wanted:
    """Return what an object wants where its volumes take so much."""
    given = replace(world(written, **fields), weighed=weighed)  # type: ignore[arg-type]
    given = replace(given, seen=Seen(pods=tuple(pods), volumes=tuple(volumes)))
    return reconcile(manifests(written), given)[0]


def taking(volumes: list[SeenVolume], *sizes: int, at: float = NOW) -> Weighed:
    return Weighed({one.name: size for one, size in zip(volumes, sizes, strict=True)}, at, NOW + 30)


@pytest.mark.parametrize(("size", "goes"), [(0, False), (LIMIT, False), (LIMIT + 1, True)])
def test_a_pod_may_take_all_of_its_limit_and_no_more(size: int, goes: bool) -> None:
    pods, volumes = there(limited())

    answer = asked(limited(), pods, volumes, taking(volumes, size, 0))

    assert [*answer.evicted] == [pods[0].name] * goes
    assert answer.settled is not goes


def test_who_keeps_a_number_has_another_one_made_under_the_name() -> None:
    pods, volumes = there(limited())

    answer = asked(limited(), pods, volumes, taking(volumes, LIMIT + 2**20, 0))

    assert answer.renewed == {pods[0].name}
    assert answer.reasons[f"pod/{pods[0].name}"] == f"Evicted: {SAID}"
    assert {pod.name for pod in pods_of(answer)} == {pod.name for pod in pods}


def test_a_pod_of_an_older_revision_goes_and_none_of_the_others_for_it() -> None:
    pods, volumes = there(limited())

    answer = asked(limited("app:2"), pods, volumes, taking(volumes, LIMIT + 1, 0))

    assert pods[0].name not in answer.keep
    assert pods[1].name in answer.keep


def test_what_was_measured_before_a_pod_began_says_nothing_of_it() -> None:
    pods, volumes = there(limited(), since=NOW - 5)

    answer = asked(limited(), pods, volumes, taking(volumes, 2 * LIMIT, 2 * LIMIT, at=NOW - 5))

    assert answer.evicted == {}


def test_a_pod_that_ended_is_not_evicted() -> None:
    pods, volumes = there(limited())
    ended = [replace(one, state="exited", ended=NOW - 60, exit_code=1) for one in pods]

    assert asked(limited(), ended, volumes, taking(volumes, 2 * LIMIT, 2 * LIMIT)).evicted == {}


def test_all_that_is_well_is_looked_at_again_when_volumes_are_weighed_next() -> None:
    pods, volumes = there(limited())
    well = asked(limited(), pods, volumes, taking(volumes, 0, 0))
    without = wanted(deployment(), pods=[seen(one) for one in pods_of(wanted(deployment()))])

    assert (well.status.health, well.look_again) == (Health.HEALTHY, NOW + 30)
    assert (without.status.health, without.look_again) == (Health.HEALTHY, None)


def test_a_bare_pod_is_stopped_for_good_and_that_is_noted() -> None:
    pods, volumes = there(BARE)

    answer = asked(BARE, pods, volumes, taking(volumes, LIMIT + 2**20))

    assert answer.evicted == {"shop.web": SAID}
    assert answer.noted == {WORD: Note(NOW, SAID)}
    assert (answer.status.health, answer.status.reason) == (Health.DEGRADED, f"Evicted: {SAID}")
    assert answer.renewed == frozenset()


@pytest.mark.parametrize(("noted", "rests"), [(NOW - 60, True), (NOW - 3600, False), (NOW - 7200, False)])
def test_a_bare_pod_that_was_evicted_rests_until_another_one_is_made(noted: float, rests: bool) -> None:
    pods, volumes = there(BARE)
    ended = [replace(one, state="exited", ended=NOW - 60, exit_code=137) for one in pods]
    known = past(notes={(BARELY, WORD): Note(noted, SAID)})

    answer = asked(BARE, ended, volumes, Weighed(), past=known)

    assert ("shop.web" in answer.resting) is rests
    assert (answer.status.reason == f"Evicted: {SAID}") is rests
    assert answer.evicted == {}


def test_a_bare_pod_that_a_hand_starts_after_its_eviction_stops_again() -> None:
    pods, volumes = there(BARE)
    known = past(notes={(BARELY, WORD): Note(NOW - 60, SAID)})

    assert asked(BARE, pods, volumes, Weighed(), past=known).evicted == {"shop.web": SAID}


def test_a_limit_of_nothing_is_none() -> None:
    _, volumes = there(BARE.replace("64Mi", "0"))

    assert volumes == []
