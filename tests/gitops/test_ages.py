"""Ages are spelt as kubectl spells them."""

import pytest

from gitops.telling.ages import age, duration


@pytest.mark.parametrize(  # from apimachinery's pkg/util/duration/duration_test.go
    ("seconds", "spelt"),
    [
        (-5, "0s"),
        (0, "0s"),
        (1, "1s"),
        (70, "70s"),
        (119, "119s"),
        (120, "2m"),
        (190, "3m10s"),
        (600, "10m"),
        (2820, "47m"),
        (10799, "179m"),
        (10800, "3h"),
        (11220, "3h7m"),
        (28800, "8h"),
        (172799, "47h"),
        (172800, "2d"),
        (176400, "2d1h"),
        (691200, "8d"),
        (63071999, "729d"),
        (63072000, "2y"),
        (63158400, "2y1d"),
        (252288000, "8y"),
    ],
)
def test_a_duration_has_two_or_three_digits(seconds: int, spelt: str) -> None:
    assert duration(seconds) == spelt


def test_an_age_is_counted_from_a_moment() -> None:
    assert age("2026-01-02T03:04:05.500+00:00", 1767323045.5 + 65) == "65s"


def test_an_age_that_nobody_remembers_is_unknown() -> None:
    assert age(None, 0) == "<unknown>"
