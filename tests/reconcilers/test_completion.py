"""A Job's arithmetic is Kubernetes': what its pods add up to, when it is over, which pods come next."""

import json
from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from reconcilers.completion import Attempt, Outlook, Phase, backoff, outlook
from reconcilers.failure_policy import Action, Ended, Meaning, meaning
from reconcilers.indexes import Worker, beginning, done, number, pending, superfluous
from reconcilers.marks import State
from schemas.batch import FailureRule, JobSpec
from schemas.indexes import intervals, within

TABLES = json.loads(
    (Path(__file__).parents[1] / "kubernetes/job_indexes_and_failure_policy.json").read_text()
)
BEGAN = 1_700_000_000.0


def rows(table: str) -> list[Any]:
    return [pytest.param(row, id=row["name"]) for row in TABLES[table]]


@pytest.mark.parametrize("row", rows("succeeded_indexes"))
def test_the_indexes_that_have_succeeded_are_added_up(row: dict[str, Any]) -> None:
    before = within(row["previous"], row["completions"])
    workers = [
        Worker(number(pod["index"], row["completions"]), succeeded=pod["phase"] == "Succeeded")
        for pod in row["pods"]
    ]

    assert [list(one) for one in intervals(before)] == row["from_status"]
    assert [list(one) for one in intervals(done(workers, before))] == row["expected"]


@pytest.mark.parametrize("row", rows("first_pending"))
def test_the_first_indexes_that_nobody_works_at_are_next(row: dict[str, Any]) -> None:
    taken = {number(one, row["completions"]) for one in row["active_indexes"]}
    taken |= {index for first, last in row["succeeded"] for index in range(first, last + 1)}

    found = pending(row["count"], row["completions"], {one for one in taken if one is not None})

    assert found == row["expected"]


@pytest.mark.parametrize("row", rows("duplicate_index_removal"))
def test_of_two_pods_with_one_index_the_one_that_is_further_stays(row: dict[str, Any]) -> None:
    workers = {
        f"pod-{position}": Worker(number(index, row["completions"]), running=phase == "Running")
        for position, (index, phase) in enumerate(row["pods"])
    }

    removed = superfluous(workers)

    pods = {f"pod-{position}": pod for position, pod in enumerate(row["pods"])}
    order = json.dumps
    assert sorted((pods[name] for name in removed), key=order) == sorted(row["remove"], key=order)
    assert sorted((pods[name] for name in pods.keys() - removed), key=order) == sorted(row["keep"], key=order)


@pytest.mark.parametrize("row", TABLES["generate_name"], ids=lambda row: row["job"][:11])
def test_the_name_of_an_index_leaves_room_for_what_follows(row: dict[str, Any]) -> None:
    assert beginning(row["job"], row["index"]) == row["generateName"]


def rule(given: dict[str, Any]) -> FailureRule:
    """Return a rule of a table; some have what no manifest may have."""
    codes = given.get("onExitCodes")
    plain = {"action": "Count", "onPodConditions": given.get("onPodConditions", [])}
    if codes:
        plain["onExitCodes"] = {"operator": "In", "values": [1]}
    made = FailureRule.model_validate(plain)
    told = made.on_exit_codes
    if codes and told:
        changed = {"operator": codes["operator"], "values": tuple(codes["values"])}
        told = told.model_copy(update={**changed, "container_name": codes.get("containerName")})
    return made.model_copy(update={"action": given["action"], "on_exit_codes": told})


@pytest.mark.parametrize("row", rows("pod_failure_policy"))
def test_the_first_rule_that_fits_says_what_a_failure_means(row: dict[str, Any]) -> None:
    pod = row["pod"]
    containers = [*pod.get("containers", []), *pod.get("initContainers", [])]
    ended = Ended(
        "default/mypod",
        {one["name"]: one["exitCode"] for one in containers},
        {one["type"]: one["status"] for one in pod.get("conditions", [])},
    )

    found = meaning([rule(each) for each in row["rules"] or ()], ended)

    assert found == Meaning(row["action"] and Action(row["action"]), row["job_failure_message"] or "")
    assert found.counts == row["counted_toward_backoffLimit"]


def job(*, policy: str = "Never", **fields: Any) -> JobSpec:
    pod = {"restartPolicy": policy, "containers": [{"name": "main", "image": "app:1"}]}
    return JobSpec.model_validate({"template": {"spec": pod}, **fields})


def good(count: int = 1, ended: float = BEGAN + 1) -> list[Attempt]:
    return [Attempt(f"good-{n}", Phase.SUCCEEDED, started=BEGAN, ended=ended) for n in range(count)]


def bad(count: int = 1, ended: float = BEGAN + 1, code: int = 1, **fields: Any) -> list[Attempt]:
    how = Ended("shop/bad", {"main": code}, {})
    one = Attempt("bad", Phase.FAILED, started=BEGAN, ended=ended, how=how, said=f"exit {code}")
    return [replace(one, name=f"bad-{ended}-{n}", **fields) for n in range(count)]


def busy(count: int = 1, **fields: Any) -> list[Attempt]:
    one = Attempt("busy", Phase.ACTIVE, running=True, started=BEGAN)
    return [replace(one, name=f"busy-{n}", **fields) for n in range(count)]


def at(spec: JobSpec, *attempts: list[Attempt], now: float = 1000) -> Outlook:
    """Return the outlook so many seconds after the beginning."""
    flat = [one for several in attempts for one in several]
    return outlook(spec, flat, began=BEGAN, now=BEGAN + now)


def ends(found: Outlook) -> tuple[State, str] | None:
    return (found.end.state, found.end.reason) if found.end else None


@pytest.mark.parametrize("parallelism", range(6))
def test_never_more_pods_work_than_there_is_work_and_room_for(parallelism: int) -> None:
    for completions, succeeded, active in product(range(1, 6), range(6), range(6)):
        spec = job(parallelism=parallelism, completions=completions)

        found = at(spec, good(succeeded), busy(active))

        left = active + len(found.start) - len(found.stop)
        over = succeeded >= completions and not active
        assert (found.end is not None) == over
        assert left == (0 if over else min(parallelism, max(completions - succeeded, 0)))
        assert not (found.start and found.stop)


def test_a_queue_of_work_is_done_when_one_has_succeeded_and_all_have_ended() -> None:
    spec = job(parallelism=3)

    assert at(spec).start == (None,) * 3
    assert at(spec, good(), busy(2)) == Outlook()
    assert ends(at(spec, good(), bad(2))) == (State.COMPLETE, "CompletionsReached")


@pytest.mark.parametrize(
    ("failures", "seconds"), [(0, 0), (1, 10), (2, 20), (3, 40), (5, 160), (6, 320), (7, 360), (5000, 360)]
)
def test_a_job_waits_longer_after_each_failure_in_a_row(failures: int, seconds: float) -> None:
    assert backoff(failures) == seconds


def test_a_failed_pod_is_followed_by_another_one_after_its_back_off() -> None:
    spec = job(completions=1)

    assert at(spec, bad(ended=BEGAN + 5), now=14).start == ()
    assert at(spec, bad(ended=BEGAN + 5), now=14).look_again == BEGAN + 15
    assert at(spec, bad(ended=BEGAN + 5), now=15).start == (None,)
    assert at(spec, bad(ended=BEGAN + 5), bad(ended=BEGAN + 16), now=35).look_again == BEGAN + 36


def test_a_success_makes_the_back_off_begin_anew() -> None:
    spec = job(completions=9, backoffLimit=99)

    found = at(spec, bad(5, BEGAN + 5), good(ended=BEGAN + 6), bad(ended=BEGAN + 7), now=8)

    assert found.look_again == BEGAN + 17


def test_more_failures_than_backoff_limit_end_a_job() -> None:
    assert ends(at(job(backoffLimit=2), bad(2))) is None
    assert ends(at(job(backoffLimit=2), bad(3), busy())) == (State.FAILED, "BackoffLimitExceeded")
    assert at(job(backoffLimit=2), bad(3), busy()).stop == {"busy-0"}
    assert ends(at(job(backoffLimit=0), bad())) == (State.FAILED, "BackoffLimitExceeded")
    assert ends(at(job(), bad(7))) == (State.FAILED, "BackoffLimitExceeded")


def test_a_container_that_restarts_in_place_counts_its_restarts() -> None:
    spec = job(policy="OnFailure", backoffLimit=3)

    assert at(spec, bad(restarts=2)) == Outlook()
    assert ends(at(spec, bad(restarts=3))) == (State.FAILED, "BackoffLimitExceeded")
    assert ends(at(spec, [replace(good()[0], restarts=3)])) == (State.COMPLETE, "CompletionsReached")


def test_a_deadline_ends_a_job_whatever_its_pods_do_and_wins() -> None:
    spec = job(activeDeadlineSeconds=60, backoffLimit=0)

    assert at(spec, busy(), now=59).look_again == BEGAN + 60
    assert ends(at(spec, busy(), now=60)) == (State.FAILED, "DeadlineExceeded")
    assert ends(at(spec, bad(), now=60)) == (State.FAILED, "DeadlineExceeded")
    assert ends(at(job(activeDeadlineSeconds=60, suspend=True), now=60)) is None


def test_a_suspended_job_lets_its_pods_go_and_makes_none() -> None:
    assert at(job(parallelism=2, completions=5, suspend=True), good(2), busy(2)) == Outlook(
        stop=frozenset({"busy-0", "busy-1"})
    )


def test_an_index_that_failed_is_tried_again_and_the_others_go_on() -> None:
    spec = job(completionMode="Indexed", completions=4, parallelism=2, backoffLimitPerIndex=1)
    first = good()[0]

    found = at(spec, [replace(first, index=0)], bad(index=1, ended=BEGAN + 5), now=6)

    assert found.start == (2, 3)
    assert found.look_again == BEGAN + 15


@pytest.mark.parametrize(
    ("fields", "reason"), [({}, "FailedIndexes"), ({"maxFailedIndexes": 0}, "MaxFailedIndexesExceeded")]
)
def test_an_index_fails_for_good_and_the_job_with_it(fields: dict[str, int], reason: str) -> None:
    spec = job(completionMode="Indexed", completions=2, backoffLimitPerIndex=0, **fields)

    assert ends(at(spec, [replace(good()[0], index=0)], bad(index=1))) == (State.FAILED, reason)


def test_an_index_that_fails_for_good_leaves_the_others_their_turn() -> None:
    spec = job(completionMode="Indexed", completions=3, backoffLimitPerIndex=0)

    assert at(spec, bad(index=0)).start == (1,)


def policy(action: str, *codes: int) -> dict[str, Any]:
    return {"rules": [{"action": action, "onExitCodes": {"operator": "In", "values": list(codes)}}]}


def test_a_policy_decides_what_a_failure_means() -> None:
    ignoring = job(backoffLimit=0, podFailurePolicy=policy("Ignore", 3))
    failing = job(podFailurePolicy=policy("FailJob", 42))

    assert at(ignoring, bad(code=3)).start == (None,)
    assert ends(at(ignoring, bad(code=4))) == (State.FAILED, "BackoffLimitExceeded")
    assert ends(at(failing, bad(code=42))) == (State.FAILED, "PodFailurePolicy")


def test_a_policy_gives_up_an_index_at_once() -> None:
    fields = {"completionMode": "Indexed", "completions": 2, "backoffLimitPerIndex": 5}
    spec = job(**fields, podFailurePolicy=policy("FailIndex", 7))

    assert at(spec, bad(index=0, code=7)).start == (1,)


def test_a_pod_that_is_being_stopped_is_waited_for_only_if_asked() -> None:
    going = [Attempt("going", Phase.GOING)]

    assert at(job(), going).start == (None,)
    assert at(job(podReplacementPolicy="Failed"), going).start == ()


@pytest.mark.parametrize(
    ("rules", "succeeded", "met"),
    [
        ([{"succeededIndexes": "0,2"}], [0, 1], False),
        ([{"succeededIndexes": "0,2"}], [0, 2], True),
        ([{"succeededIndexes": "0-2", "succeededCount": 2}], [1, 2], True),
        ([{"succeededCount": 2}], [3], False),
        ([{"succeededIndexes": "0"}, {"succeededCount": 2}], [3, 1], True),
    ],
)
def test_a_job_may_be_done_before_all_of_its_indexes_are(
    rules: list[dict[str, Any]], succeeded: list[int], met: bool
) -> None:
    spec = job(completionMode="Indexed", completions=5, successPolicy={"rules": rules})
    attempts = [replace(good()[0], index=index, name=f"good-{index}") for index in succeeded]

    found = at(spec, attempts, busy(index=4))

    assert ends(found) == ((State.COMPLETE, "SuccessPolicy") if met else None)
    assert ("busy-0" in found.stop) == met
