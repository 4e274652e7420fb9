"""What happened before a clock was set."""

import pytest

from gitops.leaps import MOST, Leaps
from reconcilers.moments import AHEAD, Leap, after, corrected

HOUR = 3600.0


@pytest.mark.parametrize(
    ("moment", "expected"),
    [(-HOUR, -HOUR + 30), (0, 30), (AHEAD, AHEAD + 30), (AHEAD + 0.1, 0), (HOUR, 0)],
)
def test_nobody_waits_for_what_seems_to_be_yet_to_come(moment: float, expected: float) -> None:
    assert after(moment, 30, 0) == expected


def test_what_was_before_a_clock_was_put_forward_is_no_older_for_it() -> None:
    leaps = [Leap(100, HOUR), Leap(5000, 10)]

    assert corrected(50, leaps) == 50 + HOUR + 10
    assert corrected(100, leaps) == 100 + HOUR + 10
    assert corrected(100 + HOUR, leaps) == 110 + HOUR
    assert corrected(5001, leaps) == 5001
    assert corrected(50, []) == 50


def test_a_leap_is_seen_once_and_what_comes_slowly_or_goes_back_is_none() -> None:
    leaps = Leaps()

    assert leaps.look(1000, 0) == ()
    assert leaps.look(1060 + AHEAD, 60) == ()  # as it is kept right
    assert leaps.look(1070 + AHEAD + HOUR, 70) == (Leap(1070 + AHEAD, HOUR),)
    assert leaps.look(1080 + AHEAD + HOUR, 80) == (Leap(1070 + AHEAD, HOUR),)
    assert leaps.look(1090, 90) == (Leap(1070 + AHEAD, HOUR),)
    assert leaps.look(1100 + HOUR, 100) == (Leap(1070 + AHEAD, HOUR), Leap(1100, HOUR))


def test_only_the_last_leaps_are_kept() -> None:
    leaps = Leaps()
    for number in range(MOST + 2):
        known = leaps.look(number * HOUR, 0)

    assert known == tuple(Leap((number - 1) * HOUR, HOUR) for number in range(2, MOST + 2))
