"""A look tells what it can, and says what it can't."""

from gitops.look import sight
from gitops.planning.house import House
from gitops.request import Request
from tests.gitops.shop import opened, seen
from tests.host import Host


def test_nothing_is_told_beside_what_is_known_where_all_is_in_reach(host: Host) -> None:
    opened(host)

    assert seen(host).notices == ()


def test_a_ledger_that_cannot_be_read_is_a_notice_and_the_rest_is_told(host: Host) -> None:
    opened(host)
    spoilt = host.directory / "spoilt"
    spoilt.mkdir()
    (spoilt / "ledger.sqlite3").write_text("this is no database, whatever its name says " * 100)

    looked = sight(House(host.source, host.engine), spoilt, host.clock.now)

    assert len(looked.manifests) == 7
    assert len(looked.notices) == 1
    assert "ledger.sqlite3" in looked.notices[0]
    assert looked.notices[0].endswith("events, restarts and ages can't be told")


def test_an_object_that_was_deleted_and_came_back_is_as_old_as_its_return(host: Host) -> None:
    opened(host)
    first = seen(host).created
    host.clock.now += 3600
    host.commit("Close", {"empty.yaml": ""})
    host.apply(Request(allow_empty=True))
    host.clock.now += 3600
    opened(host)

    again = seen(host).created

    assert all(again[owner] >= first[owner] + 7200 for owner in first)
