"""A commit that fails: held, or taken back once and left alone until a newer one comes."""

import pytest

from gitops.aim import aiming
from gitops.converge import End
from gitops.git.pins import BAD, GOOD, quarantine
from gitops.head import Head
from gitops.request import Request
from gitops.service.keeper import Keeper
from tests.gitops.material import shop
from tests.host import Clock, Host
from tests.reconcilers.given import deployment

PROBE = ", readinessProbe: {tcpSocket: {port: 80}}"
MINUTE = 60.0


def probing() -> dict[str, str]:
    """Return a shop whose second image is asked whether it is ready."""
    return {**shop(), "web.yaml": deployment("app:2", container=PROBE)}


def unready(host: Host) -> str:
    """Commit what never becomes ready."""
    host.unready.add("app:2")
    return host.commit("Never ready", probing())


def missing(host: Host) -> str:
    """Commit an image that nobody has."""
    return host.commit("No such image", shop("missing:1"))


def crashing(host: Host) -> str:
    """Commit what ends as soon as it runs."""
    host.crashing["app:2"] = 1
    return host.commit("Crash", shop("app:2"))


BAD_ONES = {"unready": unready, "missing": missing, "crashing": crashing}


@pytest.fixture
def good(host: Host) -> str:
    """Return the commit that runs well, on a machine that goes back to it."""
    host.on_failure = "rollback"
    sha = host.commit("Good", shop("app:1"))
    assert host.apply().end is End.WELL
    return sha


def running(host: Host) -> list[str]:
    """Return the images of the pods that run."""
    return [pod.image for pod in host.engine.look().pods if pod.state == "running"]


def told(host: Host) -> list[tuple[str, str | None]]:
    """Return the runs as commit and outcome, newest first."""
    return [(run.revision, run.outcome) for run in host.ledger.past.history()]


def keeper(host: Host) -> Keeper:
    """Return what ``sloop run`` does, a pass at a time."""
    loop = host.loop(Request("run", patient=True))
    head = Head(host.source, 30, host.clock, host.told.notice, aiming(host.source, host.on_failure))
    loop.aim = head.aim
    return Keeper(loop, head, timeout=60)


def keep(kept: Keeper, host: Host, minutes: float) -> None:
    """Let so much time pass under ``sloop run``."""
    end = host.clock.now + minutes * MINUTE
    while host.clock.now < end:
        kept.loop.watch.wait(min(kept.turn(), 10))


def test_a_clock_that_is_set_back_keeps_a_loop_without_end_from_nothing(host: Host) -> None:
    """Neither from what failed before, nor from asking git, of which a steady clock tells the time."""
    host.on_failure = "hold"
    host.commit("No such image", shop("missing:1"))
    kept = keeper(host)
    steady = Clock()
    kept.head.clock = steady
    kept.turn()
    host.clock.now -= 60 * MINUTE
    before = len(host.ledger.past.events())

    kept.turn()
    assert len(host.ledger.past.events()) > before  # it was tried again
    assert kept.turn() <= 30
    host.commit("Another", shop())
    steady.now += 30
    kept.turn()
    assert running(host) == ["app:1", "app:1"]


@pytest.mark.parametrize("hours", [-2, 2])
def test_a_clock_that_is_set_right_in_the_middle_of_a_rollout_fails_no_commit(
    host: Host, good: str, hours: int
) -> None:
    """As on a machine that learns the time from the network only after it has begun to work."""
    assert host.source.pinned() == {GOOD: good}
    kept, better = keeper(host), unready(host)
    keep(kept, host, minutes=0.5)
    host.clock.set(hours * 60 * MINUTE)

    keep(kept, host, minutes=0.2)
    host.unready.clear()
    keep(kept, host, minutes=1)

    assert host.source.pinned() == {GOOD: better}
    assert running(host) == ["app:2", "app:2"]
    assert [one for one in host.told.notices if "going back" in one] == []


@pytest.mark.parametrize("bad", BAD_ONES)
def test_a_commit_that_fails_is_taken_back_and_is_no_success(host: Host, good: str, bad: str) -> None:
    failed = BAD_ONES[bad](host)

    ended = host.apply()

    assert ended.end is End.BACK
    assert running(host) == ["app:1", "app:1"]
    assert told(host) == [(good, "RolledBack"), (failed, "Failed"), (good, "Synced")]
    assert failed[:7] in ended.message
    assert "Deployment" in ended.message


@pytest.mark.parametrize("bad", BAD_ONES)
def test_a_bad_commit_is_tried_once(host: Host, good: str, bad: str) -> None:
    failed = BAD_ONES[bad](host)
    host.apply()
    before = told(host)

    again = [host.apply(Request()) for _ in range(3)]

    assert [one.end for one in again] == [End.BACK] * 3
    assert [one.results for one in again] == [[], [], []]
    assert told(host) == before
    assert host.source.pinned() == {GOOD: good, BAD + failed: failed}


@pytest.mark.parametrize("bad", BAD_ONES)
def test_a_loop_without_end_tries_a_bad_commit_once(host: Host, good: str, bad: str) -> None:
    failed = BAD_ONES[bad](host)

    keep(keeper(host), host, minutes=6)

    assert running(host) == ["app:1", "app:1"]
    assert told(host) == [(good, "RolledBack"), (failed, "Failed"), (good, "Synced")]
    assert len([one for one in host.told.notices if "going back" in one]) == 1


def test_a_newer_commit_is_tried_and_ends_the_quarantine(host: Host, good: str) -> None:
    missing(host)
    host.apply()
    mended = host.commit("Mended", shop("app:3"))

    ended = host.apply()

    assert ended.end is End.WELL
    assert running(host) == ["app:3", "app:3"]
    assert host.source.pinned() == {GOOD: mended}
    assert good != mended


def test_a_newer_bad_commit_leaves_the_same_good_one(host: Host, good: str) -> None:
    first = missing(host)
    host.apply()
    second = unready(host)

    assert host.apply().end is End.BACK
    assert host.source.pinned() == {GOOD: good, BAD + first: first, BAD + second: second}
    assert running(host) == ["app:1", "app:1"]


def test_a_newer_commit_cancels_a_rollout_that_hangs(host: Host, good: str) -> None:
    kept = keeper(host)
    hanging = unready(host)
    keep(kept, host, minutes=1)
    newer = host.commit("Newer", shop("app:3"))

    keep(kept, host, minutes=2)

    assert running(host) == ["app:3", "app:3"]
    assert told(host) == [(newer, "Synced"), (hanging, "Superseded"), (good, "Synced")]


def test_a_newer_commit_comes_before_going_back(host: Host, good: str) -> None:
    missing(host)
    loop = host.loop()
    loop.sync_once()
    loop.give_up("it failed")
    newer = host.commit("Newer", shop("app:3"))

    loop.sync_once()

    assert loop.sha == newer
    assert good != newer


def test_what_crashed_in_the_middle_goes_back_rightly(host: Host, good: str) -> None:
    failed = unready(host)
    loop = host.loop()
    loop.sync_once()
    loop.watch.wait(1)
    loop.sync_once()
    quarantine(host.source, failed, "rollback")  # and then the power went

    ended = host.apply()

    assert ended.end is End.BACK
    assert running(host) == ["app:1", "app:1"]
    assert told(host) == [(good, "RolledBack"), (failed, "Failed"), (good, "Synced")]


def test_a_lost_ledger_does_not_try_it_again(host: Host, good: str) -> None:
    failed = missing(host)
    host.apply()
    host.forget()

    ended = host.apply()

    assert (ended.end, ended.results) == (End.BACK, [])
    assert failed[:7] in ended.message
    assert good[:7] in ended.message


@pytest.mark.parametrize("bad", BAD_ONES)
def test_what_is_held_keeps_the_old_pods_and_goes_on_trying(host: Host, bad: str) -> None:
    host.commit("Good", shop("app:1"))
    host.apply()
    failed = BAD_ONES[bad](host)

    first, second = host.apply(Request()), host.apply(Request())

    assert {first.end, second.end} <= {End.FAILED, End.LATE}
    assert running(host).count("app:1") == 2
    assert next(run for run in told(host) if run[0] == failed) == (failed, "Failed")
    host.unready.clear()
    host.crashing.clear()
    host.commit("Mended", shop("app:3"))
    assert host.apply().end is End.WELL


def test_without_a_good_commit_there_is_nothing_to_go_back_to(host: Host) -> None:
    host.on_failure = "rollback"
    failed = missing(host)

    ends = [host.apply(Request()).end for _ in range(2)]

    assert ends == [End.FAILED, End.FAILED]
    assert {run[0] for run in told(host)} == {failed}
    assert host.source.pinned() == {}


def test_the_good_commit_itself_is_never_put_aside(host: Host, good: str) -> None:
    host.crashing["app:1"] = 1
    host.live()

    keep(keeper(host), host, minutes=2)

    assert host.source.pinned() == {GOOD: good}


def test_going_back_may_remove_most_of_what_runs(host: Host, good: str) -> None:
    host.unready.add("app:2")
    more = {f"more{n}.yaml": deployment("app:3").replace("web", f"more{n}") for n in range(4)}
    host.commit("Many more", {**probing(), **more})

    assert host.apply().end is End.BACK
    assert running(host) == ["app:1", "app:1"]
    assert good


def test_a_policy_that_holds_tries_again_what_another_put_aside(host: Host, good: str) -> None:
    missing(host)
    host.apply()
    host.on_failure = "hold"

    assert host.apply().end is End.FAILED
    assert good


def test_a_failed_commit_is_taken_back_in_git_too(host: Host, good: str) -> None:
    host.on_failure = "revert"
    failed = missing(host)

    ended = host.apply()

    taken = host.repository.head()
    assert ended.end is End.BACK
    assert host.repository.git("diff", "--stat", good, taken) == ""
    assert host.repository.git("rev-parse", "HEAD~1") == failed
    assert told(host) == [(taken, "RolledBack"), (good, "RolledBack"), (failed, "Failed"), (good, "Synced")]
    assert host.source.pinned() == {GOOD: taken}
    assert host.apply().end is End.WELL


def test_a_loop_without_end_takes_back_in_git_once_what_it_may(host: Host, good: str) -> None:
    host.on_failure = "revert"
    missing(host)
    (host.repository.directory / "web.yaml").write_text("somebody is at work here")

    keep(keeper(host), host, minutes=3)

    assert running(host) == ["app:1", "app:1"]
    assert len([one for one in host.told.notices if "stays in git, though not here" in one]) == 1
    assert [outcome for _, outcome in told(host)] == ["RolledBack", "Failed", "Synced"]
    host.repository.git("checkout", "--", ".")
    keep(keeper(host), host, minutes=3)
    assert host.repository.git("diff", "--stat", good, "HEAD") == ""
    assert host.source.pinned() == {GOOD: host.repository.head()}
