"""Simulated time: a pod is asked by the rules, by a clock of the test's own."""

import heapq
from collections.abc import Callable
from dataclasses import replace
from itertools import product

import pytest

from runtime.probe_results import (
    Answer,
    Before,
    Course,
    Standing,
    answered,
    asked,
    begin,
    counted,
    failures,
    readiness,
    unwell,
    wait,
    why,
)
from runtime.probes import Kind, Probe, Tcp
from runtime.records import Readiness

YES, NO, UNKNOWN = Answer(True), Answer(False, "connection refused"), Answer(None, "too many open files")
STARTUP = Probe("main", Kind.STARTUP, Tcp(80))
READY = Probe("main", Kind.READINESS, Tcp(80))
ALIVE = Probe("main", Kind.LIVENESS, Tcp(80))
BORN = 1000.0  # this process
NEW = 2000.0  # a start after that
HOUR = 3600.0


def fresh(*probes: Probe) -> Standing:
    return begin(NEW, probes, Before(BORN), NEW)


def after(standing: Standing, probe: Probe, *answers: Answer, now: float = NEW + 1) -> Standing:
    for answer in answers:
        standing = answered(standing, probe, answer, now)
    return standing


def simulated(
    probes: tuple[Probe, ...], world: Callable[[Probe, float], Answer], seconds: float
) -> list[tuple[float, bool, str]]:
    """Return when a pod became ready, not ready or unwell: seconds since its start, ready, why unwell."""
    standing = fresh(*probes)
    told = [(0.0, standing.ready, "")]
    calls = [(wait(probe, 0, 0), at, probe) for at, probe in enumerate(probes)]
    heapq.heapify(calls)
    while calls[0][0] <= seconds:
        now, at, probe = heapq.heappop(calls)
        heapq.heappush(calls, (now + probe.period, at, probe))
        if probe in asked(standing):
            standing = answered(standing, probe, world(probe, now), NEW + now)
        if (standing.ready, unwell(standing)) != told[-1][1:]:
            told.append((now, standing.ready, unwell(standing)))
    return told


COURSES = [
    # kind, success and failure threshold, the answers, what is true after each
    (Kind.READINESS, 1, 3, "+", "1"),
    (Kind.READINESS, 1, 3, "-", "0"),
    (Kind.READINESS, 2, 3, "+-++", "0001"),
    (Kind.READINESS, 1, 3, "+--+---+", "11111101"),
    (Kind.READINESS, 3, 1, "+++-++-+++", "0010000001"),
    (Kind.READINESS, 1, 3, "+--?-", "11110"),
    (Kind.READINESS, 2, 3, "+?+", "001"),
    (Kind.LIVENESS, 1, 3, "--+--+---", "111111110"),
    (Kind.LIVENESS, 1, 1, "-", "0"),
    (Kind.LIVENESS, 1, 1, "????", "1111"),
    (Kind.STARTUP, 1, 3, "--+", "001"),
]


@pytest.mark.parametrize(("kind", "success", "failure", "answers", "held"), COURSES)
def test_thresholds_count_in_a_row(kind: Kind, success: int, failure: int, answers: str, held: str) -> None:
    probe = Probe("main", kind, Tcp(80), success_threshold=success, failure_threshold=failure)
    course = Course(kind is Kind.LIVENESS)
    seen = ""
    for answer in answers:
        course = counted(probe, course, {"+": YES, "-": NO, "?": UNKNOWN}[answer])
        seen += str(int(course.good))

    assert seen == held


def test_thresholds_hold_for_every_short_course() -> None:
    for success, failure, *answers in product((1, 2, 3), (1, 2, 3), *[(YES, NO)] * 7):
        probe = replace(READY, success_threshold=success, failure_threshold=failure)
        course = Course(False)
        for at, answer in enumerate(answers, start=1):
            course = counted(probe, course, answer)
            row = answers[max(0, at - (success if answer.good else failure)) : at]
            if len(row) == (success if answer.good else failure) and set(row) == {answer}:
                assert course.good is answer.good


def test_a_new_pod_is_not_ready_until_its_probe_has_passed() -> None:
    standing = fresh(READY)

    assert readiness(standing) == Readiness(False, NEW)
    assert readiness(after(standing, READY, YES, now=NEW + 7)) == Readiness(True, NEW + 7, successes=1)


def test_since_changes_only_with_readiness() -> None:
    standing = after(after(fresh(READY), READY, YES, now=NEW + 1), READY, YES, NO, NO, now=NEW + 50)

    assert readiness(standing) == Readiness(True, NEW + 1, failures=2)


def test_a_pod_that_is_only_asked_whether_it_lives_is_ready_at_once() -> None:
    assert readiness(fresh(ALIVE)) == Readiness(True, NEW)


def test_a_failed_readiness_probe_restarts_nothing() -> None:
    standing = after(fresh(READY), READY, *[NO] * 100)

    assert (unwell(standing), failures(standing)) == ("", 0)


def test_a_failed_liveness_probe_restarts_and_says_why() -> None:
    standing = after(fresh(ALIVE), ALIVE, NO, NO)

    assert (unwell(standing), failures(standing)) == ("", 2)
    assert unwell(after(standing, ALIVE, NO)) == "Liveness probe failed: connection refused"


def test_a_startup_probe_holds_back_the_others() -> None:
    standing = fresh(STARTUP, READY, ALIVE)

    assert asked(standing) == (STARTUP,)
    assert asked(after(standing, STARTUP, YES)) == (READY, ALIVE)


def test_a_startup_probe_holds_back_its_own_container_only() -> None:
    other = replace(READY, container="other")

    assert asked(fresh(STARTUP, READY, other)) == (STARTUP, other)


def test_a_pod_that_never_starts_up_is_restarted() -> None:
    standing = after(fresh(STARTUP, READY), STARTUP, NO, NO, NO)

    assert unwell(standing) == "Startup probe failed: connection refused"
    assert asked(standing) == ()


def test_what_has_decided_on_a_restart_is_not_asked_again() -> None:
    standing = after(fresh(READY, ALIVE), ALIVE, NO, NO, NO)

    assert asked(standing) == (READY,)


def test_a_pod_is_ready_when_all_its_containers_are() -> None:
    other = replace(READY, container="other")
    standing = after(fresh(READY, other), READY, YES)

    assert not standing.ready
    assert after(standing, other, YES).ready


def test_why_tells_of_what_keeps_a_pod_from_being_ready() -> None:
    standing = fresh(READY, ALIVE)

    assert why(standing) == ""
    assert why(after(standing, ALIVE, NO)) == ""
    assert why(after(standing, READY, NO)) == "Readiness probe failed: connection refused"
    assert why(after(standing, READY, NO, YES)) == ""


def test_a_question_that_could_not_be_put_counts_for_nothing_but_is_told() -> None:
    standing = after(fresh(READY, ALIVE), ALIVE, *[UNKNOWN] * 9)

    assert unwell(standing) == ""
    assert why(after(standing, READY, UNKNOWN)) == "Readiness probe failed: too many open files"


def test_a_new_process_takes_over_what_was_recorded() -> None:
    recorded = Readiness(True, 500, successes=0, failures=2)
    standing = begin(400, (STARTUP, READY, ALIVE), Before(BORN, recorded), BORN)

    assert readiness(standing) == recorded
    assert asked(standing) == (READY, ALIVE)
    assert not after(standing, READY, NO).ready


def test_a_record_of_an_earlier_life_counts_for_nothing() -> None:
    standing = begin(NEW, (READY,), Before(BORN, Readiness(True, NEW - 1)), NEW)

    assert not standing.ready


def test_a_pod_that_was_found_not_ready_has_started_up_all_the_same() -> None:
    standing = begin(400, (STARTUP, READY), Before(BORN, Readiness(False, 500, failures=3)), BORN)

    assert asked(standing) == (READY,)


def test_a_pod_that_was_still_starting_up_goes_on_with_it() -> None:
    standing = begin(400, (STARTUP, READY), Before(BORN, Readiness(False, 400), failing=2), BORN)

    assert asked(standing) == (STARTUP,)
    assert unwell(after(standing, STARTUP, NO))


def test_failures_that_restart_are_taken_over_too() -> None:
    standing = begin(400, (ALIVE,), Before(BORN, Readiness(True, 400), failing=2), BORN)

    assert unwell(after(standing, ALIVE, NO))


def test_without_a_record_an_old_pod_counts_as_ready_until_its_probe_has_failed_often_enough() -> None:
    standing = begin(BORN - HOUR, (STARTUP, READY, ALIVE), Before(BORN), BORN)

    assert readiness(standing) == Readiness(True, BORN - HOUR)
    assert asked(standing) == (READY, ALIVE)
    assert after(standing, READY, NO, NO).ready
    assert not after(standing, READY, NO, NO, NO).ready


def test_without_a_record_a_pod_too_young_to_have_been_found_unready_must_prove_itself() -> None:
    assert not begin(BORN - 32, (READY,), Before(BORN), BORN).ready
    assert begin(BORN - 33, (READY,), Before(BORN), BORN).ready


def test_the_first_question_waits_for_its_delay_and_no_longer() -> None:
    probe = replace(READY, initial_delay=30)

    assert [wait(probe, NEW, NEW + at) for at in (0, 10, 30, 1000)] == [30, 20, 0, 0]
    assert wait(probe, NEW, NEW - HOUR) == 30  # the machine's clock was set back


def test_a_slow_start_of_an_hour() -> None:
    startup = replace(STARTUP, failure_threshold=400)
    alive = replace(ALIVE, initial_delay=5)

    told = simulated((startup, READY, alive), lambda _, now: YES if now >= HOUR else NO, 2 * HOUR)

    assert told == [(0, False, ""), (HOUR, True, "")]


def test_an_outage_of_a_minute_takes_a_pod_out_and_back() -> None:
    told = simulated((READY,), lambda _, now: NO if 1000 <= now < 1060 else YES, HOUR)

    assert told == [(0, False, ""), (0, True, ""), (1020, False, ""), (1060, True, "")]


def test_a_pod_that_hangs_is_restarted_after_the_third_failure() -> None:
    told = simulated((ALIVE,), lambda _, now: NO if now >= 2 * HOUR else YES, 3 * HOUR)

    assert told == [(0, True, ""), (2 * HOUR + 20, True, "Liveness probe failed: connection refused")]
