"""What is not done without an explicit word."""

from contextlib import nullcontext

import pytest

from gitops.aim import aiming
from gitops.head import Head
from gitops.planning.guard import Refusal
from gitops.request import Request
from tests.gitops.material import NAMESPACE, shop
from tests.host import Host

WORD = Request(allow_empty=True)


def test_an_empty_tree_changes_nothing_without_a_word(host: Host) -> None:
    host.commit("Open", shop())
    host.apply()
    host.commit("Close", {"README.md": "closed"})

    with pytest.raises(Refusal, match=r"no manifests in .*--allow-empty"):
        host.apply()
    assert len(host.pods("shop.*")) == 2
    host.apply(WORD)
    assert host.pods("shop.*") == []


def test_a_commit_that_was_carried_out_by_a_word_needs_no_other(host: Host) -> None:
    host.commit("Open", shop())
    host.apply()
    empty = host.commit("Close", {"README.md": "closed"})
    head = Head(host.source, 0, host.clock, host.told.notice, aiming(host.source))
    head.refuse(empty, "no manifests")
    assert head.aim().sha != empty

    host.apply(WORD)

    assert head.aim().sha == empty
    assert host.apply().end.value == "Synced"


def test_an_empty_tree_is_refused_where_nothing_runs_too(host: Host) -> None:
    host.commit("Begin", {"README.md": "nothing yet"})

    with pytest.raises(Refusal):
        host.apply()


@pytest.mark.parametrize(("replicas", "refused"), [(1, False), (2, True)])
def test_more_than_half_of_what_runs_needs_a_word(host: Host, replicas: int, refused: bool) -> None:
    host.commit("Open", shop(replicas=replicas, api="app:1"))
    host.apply()
    files = shop(api="app:1")
    del files["web.yaml"]
    host.commit("Close the web", files)

    with pytest.raises(Refusal, match="2 of 3 running pods") if refused else nullcontext():
        host.apply()
    assert bool(host.pods("shop.web-*")) == refused


def test_pods_that_do_not_run_are_not_counted(host: Host) -> None:
    host.commit("Open", shop(replicas=2, api="app:1"))
    host.apply()
    host.engine.stop(host.pods("shop.web-*")[0])
    files = shop(api="app:1")
    del files["web.yaml"]
    host.commit("Close the web", files)

    host.apply()

    assert host.pods("shop.web-*") == []


def test_fewer_replicas_of_an_object_that_stays_need_no_word(host: Host) -> None:
    host.commit("Open", shop(replicas=4))
    host.apply()
    host.commit("Shrink", shop(replicas=0))

    host.apply()

    assert host.pods("shop.*") == []


def test_a_refused_commit_leaves_no_run_open(host: Host) -> None:
    host.commit("Open", shop())
    host.apply()
    host.commit("Close", {"shop.yaml": NAMESPACE})

    with pytest.raises(Refusal):
        host.apply()

    assert all(run.finished for run in host.ledger.past.history())
