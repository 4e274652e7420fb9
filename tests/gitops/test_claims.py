"""Two sources that want the same object: the first keeps it, the second is told, and neither is hurt."""

import pytest

from gitops.aim import aiming
from gitops.converge import Converged, End, converge
from gitops.git.source import Source
from gitops.journal import Journal
from gitops.loop import Loop
from gitops.planning.claims import claimed
from gitops.planning.view import House
from gitops.request import Request
from runtime.resources import Owner
from runtime.seen import Seen
from tests.gitops.material import shop
from tests.gitops.repository import Repository
from tests.host import Host

SETTINGS = """
apiVersion: v1
kind: ConfigMap
metadata: {name: settings, namespace: shop}
data: {color: blue}
"""


class Second:
    """Another source on the same machine."""

    def __init__(self, host: Host) -> None:
        self.host = host
        self.repository = Repository(host.directory / "second")
        self.source = Source(str(self.repository.directory), state=host.directory / "state")
        self.source.id = "fedcba987654"

    def apply(self) -> Converged:
        host = self.host
        journal = Journal(host.ledger, self.source.id, host.clock)
        house = House(self.source, host.engine)
        loop = Loop(house, journal, Request(), host.told, aiming(self.source), host.probes, host.clock)
        return converge(loop, timeout=5)


@pytest.fixture
def second(host: Host) -> Second:
    return Second(host)


def test_the_second_source_is_refused_an_object_and_gets_the_others(host: Host, second: Second) -> None:
    host.commit("First", {**shop(), "settings.yaml": SETTINGS})
    host.apply()
    before = host.engine.look()
    red = SETTINGS.replace("blue", "red")
    second.repository.commit("Second", {**shop("app:2", api="app:3"), "settings.yaml": red})

    ended = second.apply()

    refused = {one.owner.name: one.reason for one in ended.last.fares if not one.done}
    assert ended.end is End.FAILED
    assert set(refused) == {"web", "settings"}
    assert all("another source of sloop (0123456789ab) has" in why for why in refused.values())
    assert [pod for pod in host.engine.look().pods if pod in before.pods] == list(before.pods)
    assert sorted(pod.image for pod in host.engine.look().pods) == ["app:1", "app:1", "app:3"]


def test_the_first_source_keeps_its_object_and_knows_nothing_of_it(host: Host, second: Second) -> None:
    host.commit("First", shop())
    host.apply()
    second.repository.commit("Second", shop("app:2"))
    second.apply()

    ended = host.apply()

    assert (ended.end, ended.results) == (End.WELL, [])


def test_what_only_a_ledger_says_of_a_source_that_has_nothing_here_is_no_claim() -> None:
    web = Owner("Deployment", "shop", "web")

    assert claimed([web], Seen(), "mine", settled=[], others={web: "gone"}) == {}


def test_a_namespace_may_be_wanted_by_several(host: Host, second: Second) -> None:
    host.commit("First", shop())
    host.apply()
    second.repository.commit("Second", {"shop.yaml": shop()["shop.yaml"]})

    assert second.apply().end is End.WELL
