"""A step that fails on what another look may tell otherwise: looked at again, before it counts as failed."""

import pytest

from gitops.aim import OnFailure
from gitops.converge import End
from gitops.git.pins import BAD
from gitops.loop import PATIENCE
from gitops.request import Request
from gitops.telling.report import result_document
from runtime.engine import EngineUnreachable, Gone, NameTaken, Transient
from tests.gitops.material import shop
from tests.host import BEGINNING, Host

ON_FAILURE: tuple[OnFailure, ...] = ("hold", "rollback")


def taken(host: Host, seconds: float, error: type[Transient] = NameTaken) -> None:
    """Let a request that is under way for so long have the names of all pods that are to be made."""

    def refuse(method: str, name: str) -> None:
        if method == "create_pod" and host.clock.now < BEGINNING + seconds:
            raise error(f"cannot create the pod {name}: the name is already in use")

    host.engine.fail = refuse


def removed(host: Host, seconds: float) -> None:
    """Let somebody remove all pods that are to be started for so long."""

    def refuse(method: str, name: str) -> None:
        if method == "start_pod" and host.clock.now < BEGINNING + seconds:
            host.engine.remove(name)
            raise Gone(f"cannot start the pod {name}: there is none of that name")

    host.engine.fail = refuse


@pytest.mark.parametrize("error", [EngineUnreachable, Gone, NameTaken])
@pytest.mark.parametrize("on_failure", ON_FAILURE)
@pytest.mark.parametrize("wait", [True, False])
def test_what_passes_within_seconds_is_no_failure(
    host: Host, on_failure: OnFailure, wait: bool, error: type[Transient]
) -> None:
    host.on_failure = on_failure
    host.commit("Open", shop(replicas=1))
    taken(host, PATIENCE / 2, error)

    ended = host.apply(wait=wait)

    held = {one["outcome"] for one in map(result_document, ended.results) if one["error"]}
    assert (ended.end, held) == (End.WELL, {"held"})
    assert len(host.pods("shop.web-*")) == 1
    assert host.ledger.past.failures(host.source.id) == {}
    assert "StepFailed" not in {event.reason for event in host.ledger.past.events()}
    assert [run.outcome for run in host.ledger.past.history()] == ["Synced"]


def test_a_name_that_stays_taken_is_a_failure_that_says_so(host: Host) -> None:
    host.commit("Open", shop(replicas=1))
    taken(host, 1000)

    ended = host.apply(seconds=100)

    assert ended.end is End.FAILED
    assert "the name is already in use" in ended.message
    assert PATIENCE <= host.clock.now - BEGINNING < PATIENCE + 2
    assert [one.count for one in host.ledger.past.failures(host.source.id).values()] == [1]


def test_what_failed_already_counts_at_once(host: Host) -> None:
    host.commit("Open", shop(replicas=1))
    taken(host, 1000)
    host.apply(seconds=100)
    again = host.clock.now

    ended = host.apply(seconds=100)

    assert ended.end is End.FAILED
    assert host.clock.now - again < 2


def test_a_commit_is_not_taken_back_for_what_somebody_removes_meanwhile(host: Host) -> None:
    host.on_failure = "rollback"
    host.commit("Good", shop(replicas=1))
    host.apply()
    newest = host.commit("Better", shop(replicas=2))
    host.engine.stop(*host.pods("shop.web-*"))
    removed(host, host.clock.now - BEGINNING + 1)

    ended = host.apply()

    assert ended.end is End.WELL
    assert len(host.pods("shop.web-*")) == 2
    assert host.source.resolve() == newest
    assert BAD not in host.repository.git("for-each-ref")


def test_each_time_is_a_new_one(host: Host) -> None:
    host.commit("Open", shop(replicas=1))
    host.apply()
    loop = host.loop(Request(patient=True))
    for meddle in (taken, removed, taken, removed):
        for name in host.pods("shop.web-*"):
            host.engine.stop(name)
            if meddle is taken:
                host.engine.remove(name)
        meddle(host, host.clock.now - BEGINNING + 1)
        for _ in range(3):
            loop.sync_once()
            host.clock.now += PATIENCE / 2

    assert {method for method, _ in host.engine.calls} >= {"create_pod", "start_pod"}
    assert host.ledger.past.failures(host.source.id) == {}
    assert len(host.pods("shop.web-*")) == 1
