"""One pass after another: what is written ahead, what is not repeated, what a newer commit does."""

import sqlite3
from collections import Counter
from pathlib import Path

import pytest

from gitops.aim import aiming
from gitops.head import Head
from gitops.planning.fare import fares
from gitops.planning.house import House, Options
from gitops.request import Request
from gitops.service.daemon import patiently
from gitops.telling.origins import with_origins
from runtime.engine import EngineError
from runtime.proxies import members
from schemas.problems import ManifestError
from tests.gitops.material import PASSWORD, READING, shop
from tests.host import Host
from tests.reconcilers.given import deployment

PATIENT = Request(patient=True)
PROBED = ", readinessProbe: {exec: {command: ['true']}}"  # which no proxy can ask itself
LEADING = """
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec: {selector: {app: web}, ports: [{port: 80}]}
"""


def refuse(host: Host, method: str, part: str, message: str = "no space left on device") -> None:
    """Let the engine refuse something from now on."""

    def fail(asked: str, name: str) -> None:
        if asked == method and part in name:
            raise EngineError(f"cannot {method} {name}: {message}")

    host.engine.fail = fail


def allow(host: Host) -> None:
    host.engine.fail = lambda *call: call


def test_a_second_apply_does_nothing_and_asks_a_constant_number_of_questions(host: Host) -> None:
    asked = []
    for replicas in (2, 20):
        host.commit(f"{replicas} replicas", shop(replicas=replicas))
        host.apply()
        host.clock.now += 60
        calls, requests = len(host.engine.calls), host.engine.requests
        host.apply()
        asked.append(host.engine.requests - requests)
        assert len(host.engine.calls) == calls

    assert asked[0] == asked[1]


def test_all_steps_of_a_pass_are_written_down_before_the_first_is_taken(host: Host) -> None:
    host.commit("Open", shop())
    written: list[int] = []

    def look(*_: str) -> None:
        (run,) = host.ledger.past.history()
        written.append(len(host.ledger.past.steps(run.id)))

    host.engine.fail = look
    host.loop().sync_once()

    assert written == [3, 3, 3]


def test_a_pass_that_a_crash_ended_is_gone_on_with_by_the_next_process(host: Host) -> None:
    host.commit("Open", shop(replicas=3))
    seen: Counter[str] = Counter()

    def crash(method: str, _: str) -> None:
        seen[method] += 1
        if seen["create_pod"] == 2:
            raise KeyboardInterrupt

    host.engine.fail = crash
    with pytest.raises(KeyboardInterrupt):
        host.loop().sync_once()
    allow(host)
    host.apply()

    made = Counter(name for method, name in host.engine.calls if method == "create_pod")
    assert len(host.pods("shop.web-*")) == 3
    assert len(made) == 3
    history = host.ledger.past.history()
    assert [(run.outcome, run.message) for run in history] == [("Synced", ""), ("Failed", "interrupted")]


def test_a_run_is_kept_with_its_commit_and_its_outcome(host: Host) -> None:
    sha = host.commit("Open the shop", shop())

    host.apply(Request(trigger="push"))

    (run,) = host.ledger.past.history()
    assert (run.revision, run.author, run.subject) == (sha, "Ada", "Open the shop")
    assert (run.trigger, run.outcome, run.message) == ("push", "Synced", "")


def test_what_drifted_is_healed_in_the_run_of_its_commit(host: Host) -> None:
    host.commit("Open", shop())
    host.apply()
    host.engine.remove(host.pods("shop.web-*")[0])

    host.apply()

    (run,) = host.ledger.past.history()
    assert [step.pass_number for step in host.ledger.past.steps(run.id)] == [1, 1, 1, 2]
    assert run.outcome == "Synced"


def test_a_newer_commit_supersedes_what_is_under_way(host: Host) -> None:
    first = host.commit("Missing image", shop("missing:1"))
    loop = host.loop()
    loop.sync_once()
    second = host.commit("Good image", shop("app:2"))

    passed = loop.sync_once()
    loop.end("Synced")

    assert host.told.moved == [(first, second)]
    assert passed.view.commit.sha == second
    assert [run.outcome for run in host.ledger.past.history()] == ["Synced", "Superseded"]


def test_a_failed_step_is_final_for_who_is_not_patient_and_tried_again_by_the_next(host: Host) -> None:
    host.commit("Open", shop(replicas=1))
    refuse(host, "create_pod", "web")
    loop = host.loop()
    for _ in range(3):
        loop.sync_once()
        host.clock.now += 600
    tries = [method for method, _ in host.engine.calls].count("create_pod")

    allow(host)
    host.apply()

    assert tries == 1
    assert len(host.pods("shop.web-*")) == 1


def test_who_is_patient_tries_again_after_ten_seconds_and_then_twice_as_long(host: Host) -> None:
    host.commit("Open", shop(replicas=1))
    refuse(host, "create_pod", "web")
    loop, began, tried = host.loop(PATIENT), host.clock.now, []

    for second in range(160):
        host.clock.now = began + second
        tries = len(host.engine.calls)
        loop.sync_once()
        tried += [second] * (len(host.engine.calls) > tries)

    assert tried == [0, 10, 30, 70, 150]


def test_a_step_that_comes_back_after_it_succeeded_is_no_longer_believed(host: Host) -> None:
    host.commit("Open", shop(replicas=1))
    loop = host.loop(PATIENT)
    for _ in range(6):
        loop.sync_once()
        for name in host.pods("shop.web-*"):
            host.engine.remove(name)

    passed = loop.sync_once()

    made = [name for method, name in host.engine.calls if method == "create_pod"]
    assert len(made) == 3
    assert "came back 3 times after it succeeded" in passed.view.plan.held[0].reason


def test_a_proxy_follows_a_pod_however_often_it_comes_and_goes(host: Host) -> None:
    host.commit("Open", {**shop(replicas=2), "web.yaml": deployment(container=PROBED), "to.yaml": LEADING})
    loop = host.loop(PATIENT)
    led = []
    for silent in [set(), {"app:1"}] * 6:
        host.unready = silent
        for _ in range(3):
            host.clock.now += 10
            passed = loop.sync_once()
        led.append(len(members(next(filter(None, (one.note for one in host.engine.look().volumes))))))

    assert led == [2, 0] * 6
    assert not passed.view.plan.held


def test_manifests_with_problems_change_nothing_and_tell_all_of_them(host: Host) -> None:
    host.commit("Open", shop())
    host.apply()
    calls = len(host.engine.calls)
    host.commit("Break", {"shop.yaml": "kind: Namespace\n", "web.yaml": "replicas: [\n"})

    with pytest.raises(ManifestError) as caught:
        host.apply()
    assert {problem.file for problem in caught.value.problems} == {"shop.yaml", "web.yaml"}
    assert len(host.engine.calls) == calls


def test_a_lost_ledger_restarts_nothing(host: Host) -> None:
    host.commit("Open", {**shop(), "login.yaml": PASSWORD, "web.yaml": deployment(container=READING)})
    host.apply()
    host.forget()
    calls = len(host.engine.calls)

    ended = host.apply()

    assert ended.last.done
    assert len(host.engine.calls) == calls


def test_no_secret_is_in_any_byte_of_the_ledger_nor_told(host: Host) -> None:
    host.commit("Open", {**shop(), "login.yaml": PASSWORD, "web.yaml": deployment(container=READING)})
    refuse(host, "create_pod", "web", "PASSWORD=s3cr3t is no good")

    host.apply()

    assert any("(hidden)" in result.error for result in host.told.results)
    assert "s3cr3t" not in repr(host.told)
    assert b"s3cr3t" not in everything_in(host.directory / "state")


def everything_in(state: Path) -> bytes:
    """Return all bytes of a ledger's files, what its journal holds included."""
    with sqlite3.connect(state / "ledger.sqlite3") as connection:
        dump = "\n".join(connection.iterdump()).encode()
    connection.close()
    return b"".join([dump, *(file.read_bytes() for file in state.glob("ledger*"))])


def test_one_objects_failure_neither_stops_nor_slows_the_others(host: Host) -> None:
    host.commit("Open", shop("missing:1", api="app:1", front="app:2"))

    ended = host.apply()

    assert host.pods("shop.*") == host.pods("shop.[af]*")
    assert len(host.pods("shop.*")) == 2
    assert ended.last.hopeless


def test_a_commit_that_changes_nothing_is_a_run_that_did_nothing(host: Host) -> None:
    host.commit("Open", shop())
    host.apply()
    host.commit("Tell more", {**shop(), "README.md": "words"})

    host.apply()

    newest, _ = host.ledger.past.history()
    assert (newest.subject, newest.outcome) == ("Tell more", "Synced")
    assert host.ledger.past.steps(newest.id) == ()


def test_a_new_process_is_told_who_was_ready(host: Host) -> None:
    host.commit("Open", shop() | {"web.yaml": deployment(replicas=2, container=PROBED)})
    host.apply()

    host.apply()

    assert [one.ready for one in host.probes.known.values()] == [True, True]


def test_restarts_are_counted_as_the_pods_own(host: Host) -> None:
    host.commit("Open", shop(replicas=1))
    host.apply()
    (name,) = host.pods("shop.web-*")
    host.engine.kill(name, 1, restarts=3)

    host.apply()

    assert [one.count for one in host.ledger.past.restarts(host.source.id).values()] == [1]


def test_a_hand_that_stops_a_pod_costs_it_no_restart(host: Host) -> None:
    host.commit("Open", shop(replicas=1))
    host.apply()
    (name,) = host.pods("shop.web-*")
    host.engine.stop(name)

    host.apply()

    assert host.ledger.past.restarts(host.source.id) == {}


def test_what_changes_is_an_event_and_so_is_what_fails(host: Host) -> None:
    host.commit("Open", shop("missing:1"))

    host.apply()

    events = {(event.type, event.reason) for event in host.ledger.past.events()}
    assert {("Normal", "Create"), ("Warning", "StepFailed")} <= events


def test_a_commit_that_asks_for_what_the_machine_forbids_changes_nothing(host: Host) -> None:
    files = shop()
    files["web.yaml"] = files["web.yaml"].replace("image:", "securityContext: {privileged: true}, image:", 1)
    host.commit("Privileged", files)
    loop = host.loop()
    loop.house = House(host.source, host.engine, Options(forbidden=("privileged",)))

    with pytest.raises(ManifestError, match="privileged is forbidden on this machine"):
        loop.sync_once()
    assert host.pods() == []


def test_what_is_not_well_names_the_commit_that_wrote_it(host: Host) -> None:
    host.commit("Open", shop("missing:1"))
    sha = host.repository.head()
    host.commit(
        "Something else", {**shop("missing:1"), "other.yaml": deployment("app:2").replace("web", "b")}
    )

    looked = host.apply().last.view

    reasons = {one.owner.name: one.reason for one in with_origins(host.source, looked, fares(looked))}
    assert reasons["web"].endswith(f"(written by {sha[:7]} Ada: Open)")
    assert reasons["b"] == ""


def test_a_daemon_takes_back_no_newer_commit_that_a_command_has_brought_meanwhile(
    host: Host,
) -> None:
    host.commit("One", shop(replicas=1))
    head = Head(host.source, 3600, host.clock, host.told.notice, aiming(host.source))
    daemon = host.loop(Request("run", patient=True))
    daemon.aim = patiently(head, daemon.journal)
    while not daemon.sync_once().done:
        host.clock.now += 1
    host.commit("Two", shop(replicas=2))
    assert len(host.pods("shop.web-*")) == 1

    host.apply()
    passed = daemon.sync_once()

    assert (passed.results, len(host.pods("shop.web-*"))) == ([], 2)
