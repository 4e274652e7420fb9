"""Two sources that want the same object: the first keeps it, the second is told, and neither is hurt."""

from dataclasses import replace

import pytest

from gitops.converge import End
from gitops.planning.claims import Claims, claims
from reconcilers.wanted import Health, Status, Wanted
from reconcilers.words import SUSPEND
from runtime.records import Note
from runtime.resources import Owner
from runtime.seen import Seen
from tests.gitops.material import shop
from tests.host import Host

WEB = Owner("Deployment", "shop", "web")
DATABASE = """
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: db, namespace: shop}
spec:
  serviceName: db
  replicas: 1
  selector: {matchLabels: {app: db}}
  template:
    metadata: {labels: {app: db}}
    spec: {containers: [{name: main, image: "app:1", volumeMounts: [{name: data, mountPath: /data}]}]}
  volumeClaimTemplates:
    - metadata: {name: data}
      spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}
"""
SETTINGS = """
apiVersion: v1
kind: ConfigMap
metadata: {name: settings, namespace: shop}
data: {color: blue}
"""


@pytest.fixture
def second(host: Host) -> Host:
    other = host.beside()
    host.neighbours = other.neighbours = ()
    return other


@pytest.fixture
def other(host: Host) -> Host:
    """Another source of the same configuration."""
    return host.beside()


def test_the_second_source_is_refused_an_object_and_gets_the_others(host: Host, second: Host) -> None:
    host.commit("First", {**shop(), "settings.yaml": SETTINGS})
    host.apply()
    before = host.engine.look()
    red = SETTINGS.replace("blue", "red")
    second.commit("Second", {**shop("app:2", api="app:3"), "settings.yaml": red})

    ended = second.apply()

    refused = {one.owner.name: one.reason for one in ended.last.fares if not one.done}
    assert ended.end is End.FAILED
    assert set(refused) == {"web", "settings"}
    assert all("another source of sloop (0123456789ab) has" in why for why in refused.values())
    assert [pod for pod in host.engine.look().pods if pod in before.pods] == list(before.pods)
    assert sorted(pod.image for pod in host.engine.look().pods) == ["app:1", "app:1", "app:3"]


def test_the_first_source_keeps_its_object_and_knows_nothing_of_it(host: Host, second: Host) -> None:
    host.commit("First", shop())
    host.apply()
    second.commit("Second", shop("app:2"))
    second.apply()

    ended = host.apply()

    assert (ended.end, ended.results) == (End.WELL, [])


def test_what_only_a_ledger_says_of_a_source_that_has_nothing_here_is_no_claim() -> None:
    web = Owner("Deployment", "shop", "web")

    assert (
        claims([Wanted(web, (), Status(Health.HEALTHY))], Seen(), "mine", settled=[], others={web: "gone"})
        == Claims()
    )


def test_a_namespace_may_be_wanted_by_several(host: Host, second: Host) -> None:
    host.commit("First", shop())
    host.apply()
    second.commit("Second", {"shop.yaml": shop()["shop.yaml"]})

    assert second.apply().end is End.WELL


def test_what_goes_over_is_never_restarted_and_needs_no_ledger(host: Host, other: Host) -> None:
    _give(host, other)
    before = host.engine.look().pods

    assert other.apply().end is End.WELL
    assert host.apply().end is End.WELL
    host.forget()
    other.ledger = host.ledger
    assert (host.apply().results, other.apply().results) == ([], [])
    assert [(one.id, one.started) for one in host.engine.look().pods] == [(p.id, p.started) for p in before]


def test_power_may_go_after_any_step_of_going_over(host: Host, other: Host) -> None:
    _give(host, other)
    before = {pod.id for pod in host.engine.look().pods}
    marks = len(other.loop().sync_once().results)

    for done in range(marks):
        _cut_power_after(host, other, done)
        assert host.apply().end is End.WELL
        assert other.apply().end is End.WELL
        assert {pod.id for pod in host.engine.look().pods} == before


def test_an_object_may_go_back_and_its_last_takeover_holds(host: Host, other: Host) -> None:
    _give(host, other)
    other.apply()
    host.apply()
    before = _webs(host)

    host.commit("Back", {**shop(), "settings.yaml": SETTINGS})
    other.commit("Without it", {"api.yaml": shop(api="app:3")["api.yaml"], "shop.yaml": shop()["shop.yaml"]})
    assert host.apply().end is other.apply().end is host.apply().end is End.WELL

    assert _webs(host) == before
    assert [one.name for one in host.engine.look().volumes if "-taken-" in one.name] == []
    assert (host.apply().results, other.apply().results) == ([], [])


def test_a_source_that_is_left_alone_lets_go_of_nothing(host: Host, other: Host) -> None:
    host.commit("First", shop())
    host.apply()
    host.ledger.note(host.source.id, SUSPEND, {WEB: Note(host.clock.now)})
    host.commit("Without it", {"shop.yaml": shop()["shop.yaml"]})
    other.commit("Takes it", shop())

    ended = other.apply()

    assert ended.end is End.FAILED
    assert "lets go of nothing: suspended by a hand" in ended.message


def test_what_a_neighbour_wants_and_cannot_be_told_is_kept(host: Host, other: Host) -> None:
    _give(host, other)
    other.neighbours = (replace(other.neighbours[0], objects=lambda: None),)

    ended = other.apply()

    assert ended.end is End.FAILED
    assert "what it wants can't be told now" in ended.message


def test_what_another_source_takes_is_no_deletion_that_needs_a_word(host: Host, other: Host) -> None:
    _give(host, other)

    assert host.apply().end is End.WELL
    assert len(host.pods("shop.web*")) == 2


def test_a_claim_that_a_stateful_set_makes_is_the_sets(host: Host, other: Host) -> None:
    claim = "apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {name: data-db-0, namespace: shop}\n"
    claim += "spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}\n"
    host.commit("First", {"shop.yaml": shop()["shop.yaml"], "db.yaml": DATABASE})
    host.apply()
    other.commit("Its claim", {"shop.yaml": shop()["shop.yaml"], "claim.yaml": claim})

    ended = other.apply()

    assert ended.end is End.FAILED
    assert host.apply().results == []


def _webs(host: Host) -> set[tuple[str, float]]:
    return {(one.id, one.started) for one in host.engine.look().pods if one.name.startswith("shop.web")}


def _give(host: Host, other: Host) -> None:
    """Let a source drop what another one takes; neither commit is carried out yet."""
    host.commit("First", {**shop(), "settings.yaml": SETTINGS})
    host.apply()
    host.commit("Without it", {"shop.yaml": shop()["shop.yaml"]})
    other.commit("Takes it", {**shop(), "settings.yaml": SETTINGS})


def _cut_power_after(host: Host, other: Host, steps: int) -> None:
    """Take back what a source has taken over, and let it do that again, up to a step."""
    told = sorted(one.name for one in host.engine.look().volumes if "-taken-" in one.name)
    for name in told[steps:]:
        host.engine.remove_volume(name)
    other.ledger.forget(other.source.id, other.ledger.past.settled(other.source.id))
