from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from runtime.ledger import look_back, open_ledger
from runtime.records import Failure, Run, Taken
from tests.runtime.ledger_material import API, COMMIT, WEB, Commit, Step


def test_a_run_is_remembered_with_its_commit_and_its_end(tmp_path: Path) -> None:
    with open_ledger(tmp_path, pytest.fail) as ledger:
        run = ledger.begin_run("shop", COMMIT, "push", 10.0)
        ledger.finish_run(run, "RolledBack", "web did not get ready", 12.5)

        (remembered,) = ledger.past.history()

    words = ("shop", "c0ffee", "Ada", "Two more replicas", "push")
    assert remembered == Run(run, *words, 10.0, 12.5, "RolledBack", "web did not get ready")


def test_a_run_that_goes_on_has_no_end_yet(tmp_path: Path) -> None:
    with open_ledger(tmp_path, pytest.fail) as ledger:
        ledger.begin_run("shop", COMMIT, "push", 10.0)

        (run,) = ledger.past.history()

    assert (run.finished, run.outcome) == (None, None)


def test_history_is_newest_first_of_one_source_or_of_all(tmp_path: Path) -> None:
    with open_ledger(tmp_path, pytest.fail) as ledger:
        for number, source in enumerate(["shop", "blog", "shop", "shop"]):
            ledger.begin_run(source, Commit(sha=str(number)), "push", float(number))

        everything = [run.revision for run in ledger.past.history()]
        newest = [run.revision for run in ledger.past.history("shop", limit=2)]

    assert (everything, newest) == (["3", "2", "1", "0"], ["3", "2"])


def test_a_run_that_a_crash_left_open_has_failed_when_the_next_one_begins(tmp_path: Path) -> None:
    with open_ledger(tmp_path, pytest.fail) as ledger:
        ledger.begin_run("shop", COMMIT, "push", 10.0)
        ledger.begin_run("blog", COMMIT, "push", 10.0)
        ledger.begin_run("shop", COMMIT, "boot", 20.0)

        runs = [(run.source, run.outcome, run.message, run.finished) for run in ledger.past.history()]

    assert runs == [
        ("shop", None, "", None),
        ("blog", None, "", None),
        ("shop", "Failed", "interrupted", 20.0),
    ]


def test_an_ended_run_keeps_its_outcome_when_the_next_one_begins(tmp_path: Path) -> None:
    with open_ledger(tmp_path, pytest.fail) as ledger:
        ledger.finish_run(ledger.begin_run("shop", COMMIT, "push", 10.0), "Synced", "", 11.0)
        ledger.begin_run("shop", COMMIT, "push", 20.0)

        first = ledger.past.history("shop")[-1]

    assert (first.outcome, first.finished) == ("Synced", 11.0)


def test_steps_are_there_before_they_are_taken(tmp_path: Path) -> None:
    with open_ledger(tmp_path, pytest.fail) as ledger:
        run = ledger.begin_run("shop", COMMIT, "push", 10.0)
        ledger.plan_steps(run, 1, [Step(1), Step(2, "pull", "image/web:2", None, "web uses it")], 11.0)

        with look_back(tmp_path) as past:
            steps = past.steps(run)

    create = ("create", "pod/shop.web-1", WEB, "web needs 3 pods")
    pull = ("pull", "image/web:2", None, "web uses it")
    assert steps == (
        Taken(run, 1, 1, *create, 11.0, None, None, ""),
        Taken(run, 1, 2, *pull, 11.0, None, None, ""),
    )


def test_a_pass_without_steps_writes_nothing(tmp_path: Path) -> None:
    with open_ledger(tmp_path, pytest.fail) as ledger:
        run = ledger.begin_run("shop", COMMIT, "push", 10.0)
        ledger.plan_steps(run, 1, [], 11.0)

        assert ledger.past.steps(run) == ()


def test_steps_that_were_begun_and_not_ended_were_interrupted(tmp_path: Path) -> None:
    with open_ledger(tmp_path, pytest.fail) as ledger:
        run = ledger.begin_run("shop", COMMIT, "push", 10.0)
        ledger.plan_steps(run, 1, [Step(1), Step(2), Step(3)], 11.0)
        ledger.start_step(run, 1, 1, 12.0)
        ledger.start_step(run, 1, 2, 12.0)
        ledger.finish_step(run, 1, 1, 13.0)
        before = ledger.past.interrupted("shop")
        ledger.begin_run("shop", COMMIT, "boot", 20.0)

        after = ledger.past.interrupted("shop")

    assert [step.number for step in before] == [2]
    assert after == before


def test_only_the_last_run_with_steps_can_have_been_interrupted(tmp_path: Path) -> None:
    with open_ledger(tmp_path, pytest.fail) as ledger:
        crashed = ledger.begin_run("shop", COMMIT, "push", 10.0)
        ledger.plan_steps(crashed, 1, [Step(1)], 11.0)
        ledger.start_step(crashed, 1, 1, 12.0)
        mended = ledger.begin_run("shop", COMMIT, "boot", 20.0)
        ledger.plan_steps(mended, 1, [Step(1)], 21.0)

        assert ledger.past.interrupted("shop") == ()


def test_threads_take_turns_at_the_ledger(tmp_path: Path) -> None:
    numbers = range(1, 101)
    with open_ledger(tmp_path, pytest.fail) as ledger:
        run = ledger.begin_run("shop", COMMIT, "push", 10.0)
        ledger.plan_steps(run, 1, [Step(number) for number in numbers], 11.0)

        def take(number: int) -> None:
            ledger.start_step(run, 1, number, 12.0)
            ledger.past.failures("shop")
            ledger.finish_step(run, 1, number, 13.0)

        with ThreadPoolExecutor(8) as pool:
            list(pool.map(take, numbers))

        assert {(step.started, step.finished) for step in ledger.past.steps(run)} == {(12.0, 13.0)}


def test_failures_in_a_row_are_counted_for_their_resource_and_a_success_clears_them(tmp_path: Path) -> None:
    with open_ledger(tmp_path, pytest.fail) as ledger:
        run = ledger.begin_run("shop", COMMIT, "push", 10.0)
        ledger.plan_steps(run, 1, [Step(1), Step(2, resource="pod/shop.api-1")], 11.0)
        ledger.plan_steps(run, 2, [Step(1), Step(2, resource="pod/shop.api-1")], 11.0)
        ledger.finish_step(run, 1, 1, 12.0, "no such image")
        ledger.finish_step(run, 1, 2, 12.0, "port 80 is taken")
        ledger.finish_step(run, 2, 1, 13.0, "still no such image")
        ledger.finish_step(run, 2, 2, 13.0)
        ledger.finish_step(run, 2, 1, 14.0, "it is gone", counted=False)

        failures = ledger.past.failures("shop")
        errors = [step.error for step in ledger.past.steps(run)]

    assert failures == {"pod/shop.web-1": Failure(2, 13.0, "still no such image")}
    assert errors == ["no such image", "port 80 is taken", "it is gone", ""]


def test_failures_of_one_source_are_not_those_of_another(tmp_path: Path) -> None:
    with open_ledger(tmp_path, pytest.fail) as ledger:
        for source, error in (("shop", "no such image"), ("blog", "")):
            run = ledger.begin_run(source, COMMIT, "push", 10.0)
            ledger.plan_steps(run, 1, [Step(1)], 11.0)
            ledger.finish_step(run, 1, 1, 12.0, error)

        assert (len(ledger.past.failures("shop")), ledger.past.failures("blog")) == (1, {})


def test_a_failure_is_forgotten_with_its_resource_and_after_a_day(tmp_path: Path) -> None:
    with open_ledger(tmp_path, pytest.fail) as ledger:
        run = ledger.begin_run("shop", COMMIT, "push", 0.0)
        ledger.plan_steps(run, 1, [Step(1), Step(2, resource="pod/gone"), Step(3, resource="pod/late")], 0.0)
        for number, now in ((1, 0.0), (2, 5.0), (3, 5.0)):
            ledger.finish_step(run, 1, number, now, "no such image")
        ledger.forget_resources("shop", ["pod/gone"])
        ledger.begin_run("shop", COMMIT, "push", 86_402.0)

        assert list(ledger.past.failures("shop")) == ["pod/late"]


OLD, NEW = "pod/shop.web-old", "pod/shop.web-new"


@pytest.mark.parametrize(
    ("taken", "expected"),
    [
        ([], None),
        ([("create", NEW, 1.0, 2.0)], None),
        ([("remove", OLD, 1.0, 2.0)], None),
        ([("remove", OLD, 1.0, 2.0), ("create", NEW, 2.5, 4.0)], 3.0),
        ([("remove", OLD, 1.0, 2.0), ("remove", OLD, 2.0, 3.0), ("create", NEW, 3.0, 9.0)], 8.0),
        ([("create", NEW, 1.0, 2.0), ("remove", OLD, 3.0, 4.0)], 0.0),
        ([("remove", "network/shop", 1.0, 2.0), ("create", NEW, 2.5, 4.0)], None),
    ],
)
def test_an_outage_lasts_from_the_first_removal_to_the_last_creation(
    tmp_path: Path, taken: list[tuple[str, str, float, float]], expected: float | None
) -> None:
    with open_ledger(tmp_path, pytest.fail) as ledger:
        run = ledger.begin_run("shop", COMMIT, "push", 0.0)
        ledger.plan_steps(run, 1, [Step(n, verb, name) for n, (verb, name, _, _) in enumerate(taken)], 0.0)
        for number, (_, _, started, finished) in enumerate(taken):
            ledger.start_step(run, 1, number, started)
            ledger.finish_step(run, 1, number, finished)

        assert (ledger.past.outage("shop", WEB), ledger.past.outage("shop", API)) == (expected, None)


def test_the_last_outage_counts(tmp_path: Path) -> None:
    with open_ledger(tmp_path, pytest.fail) as ledger:
        run = ledger.begin_run("shop", COMMIT, "push", 0.0)
        for number, seconds in ((1, 9.0), (2, 3.0)):
            ledger.plan_steps(run, number, [Step(1, "remove", OLD), Step(2, "create", NEW)], 0.0)
            ledger.start_step(run, number, 1, 10.0)
            ledger.finish_step(run, number, 1, 10.5)
            ledger.start_step(run, number, 2, 10.5)
            ledger.finish_step(run, number, 2, 10.0 + seconds)

        assert ledger.past.outage("shop", WEB) == 3.0


def test_old_runs_are_forgotten_with_their_steps(tmp_path: Path) -> None:
    with open_ledger(tmp_path, pytest.fail) as ledger:
        quiet = ledger.begin_run("blog", COMMIT, "push", 0.0)
        first = ledger.begin_run("shop", COMMIT, "push", 0.0)
        ledger.plan_steps(first, 1, [Step(1)], 0.0)
        for number in range(1000):
            ledger.begin_run("shop", COMMIT, "push", float(number))

        kept = [run.id for run in ledger.past.history(limit=5000)]
        steps = ledger.past.steps(first)

    assert (len(kept), quiet in kept, first in kept, steps) == (1001, True, False, ())


def test_old_passes_of_a_long_run_are_forgotten(tmp_path: Path) -> None:
    with open_ledger(tmp_path, pytest.fail) as ledger:
        run = ledger.begin_run("shop", COMMIT, "push", 0.0)
        for number in range(1, 121):
            ledger.plan_steps(run, number, [Step(1)], 0.0)

        passes = [step.pass_number for step in ledger.past.steps(run)]

    assert passes == list(range(21, 121))
