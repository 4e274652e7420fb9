"""What happened before a clock was set back."""

import pytest

from reconcilers.moments import AHEAD, after

HOUR = 3600.0


@pytest.mark.parametrize(
    ("moment", "expected"),
    [(-HOUR, -HOUR + 30), (0, 30), (AHEAD, AHEAD + 30), (AHEAD + 0.1, 0), (HOUR, 0)],
)
def test_nobody_waits_for_what_seems_to_be_yet_to_come(moment: float, expected: float) -> None:
    assert after(moment, 30, 0) == expected
