"""What is suspended is left alone, object or source, and told to be so."""

from gitops.converge import End
from gitops.head import Head
from gitops.request import Request
from gitops.service.keeper import Keeper
from reconcilers.wanted import Health
from reconcilers.words import SUSPEND
from runtime.records import Note
from runtime.resources import Owner
from tests.gitops.material import shop
from tests.host import Host

WEB = Owner("Deployment", "shop", "web")


def suspend(host: Host) -> None:
    host.ledger.note(host.source.id, SUSPEND, {WEB: Note(host.clock.now)})


def images(host: Host) -> list[str]:
    return sorted(pod.image for pod in host.engine.look().pods if pod.state == "running")


def test_a_suspended_object_is_neither_updated_nor_mended_and_others_are(host: Host) -> None:
    host.commit("Open", shop(api="app:1"))
    host.apply()
    suspend(host)
    host.commit("Renew", shop("app:2", api="app:2"))
    host.engine.remove(host.pods("shop.web-*")[0])

    ended = host.apply()

    fare = {one.owner.name: one for one in ended.last.fares}["web"]
    assert ended.end is End.WELL
    assert images(host) == ["app:1", "app:2"]
    assert (fare.health, fare.synced) == (Health.SUSPENDED, False)
    assert "`sloop resume deployment/web -n shop` goes on" in fare.reason


def test_what_left_git_while_it_is_suspended_stays_and_is_no_change(host: Host) -> None:
    host.commit("Open", shop(api="app:1"))
    host.apply()
    suspend(host)
    kept = host.pods("shop.web-*")
    files = shop(api="app:1")
    host.commit("Close", {name: text for name, text in files.items() if name != "web.yaml"})

    ended = host.apply(Request(allow_empty=True))

    assert host.pods("shop.web-*") == kept
    assert WEB not in {change.owner for change in ended.changes}
    assert host.apply(Request(allow_empty=True)).results == []


def test_what_is_resumed_becomes_what_git_says(host: Host) -> None:
    host.commit("Open", shop())
    host.apply()
    suspend(host)
    host.commit("Renew", shop("app:2"))
    host.apply()
    host.ledger.strike(host.source.id, [(WEB, SUSPEND)])

    assert host.apply().end is End.WELL
    assert images(host) == ["app:2", "app:2"]


def test_a_lost_ledger_lets_go_of_what_was_suspended(host: Host) -> None:
    host.commit("Open", shop())
    host.apply()
    suspend(host)
    host.forget()
    host.engine.remove(host.pods("shop.web-*")[0])

    host.apply()

    assert images(host) == ["app:1", "app:1"]


def test_a_loop_without_end_leaves_a_suspended_source_alone_and_says_so_once(host: Host) -> None:
    host.commit("Open", shop())
    why = ["suspended by a hand"]
    loop = host.loop(Request("run", patient=True))
    head = Head(host.source, 30, host.clock, host.told.notice, loop.aim)
    loop.aim = head.aim
    kept = Keeper(loop, head, timeout=60, suspension=lambda: why[0])

    assert [kept.turn(), kept.turn()] == [30, 30]
    assert host.pods() == []
    why[0] = ""
    kept.turn()

    assert host.told.notices == ["suspended by a hand", "looked after again"]
    assert len(host.pods()) == 2
