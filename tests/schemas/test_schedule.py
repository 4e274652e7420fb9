"""Schedules are read as Kubernetes reads them, and what it wouldn't read is an error that says so."""

from datetime import UTC, datetime

import pytest

from schemas.schedule import schedule, zone_named

SUNDAY = datetime(2026, 3, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "times"),
    [
        ("*/15 * * * *", ["01 00:15", "01 00:30", "01 00:45"]),
        ("5/20 * * * *", ["01 00:05", "01 00:25", "01 00:45"]),
        ("0 9-17/4 * * mon-fri", ["02 09:00", "02 13:00", "02 17:00"]),
        ("0 0 ? * 0", ["08 00:00", "15 00:00", "22 00:00"]),
        ("0 0 3 * wed", ["03 00:00", "04 00:00", "11 00:00"]),  # one of the two is enough
        ("0 0 */30 * wed", ["04 00:00", "11 00:00", "18 00:00"]),  # a step is a choice, too
        ("0 0 * * 1/2", ["02 00:00", "04 00:00", "06 00:00"]),  # and not on Sundays
        ("0 12 1 JAN,mar *", ["01 12:00"]),
        ("@daily", ["02 00:00", "03 00:00"]),
        ("@weekly", ["08 00:00", "15 00:00"]),
        ("@hourly", ["01 01:00", "01 02:00"]),
        ("@every 1h30m", ["01 01:30", "01 03:00"]),
    ],
)
def test_a_schedule_is_due_at_these_times(text: str, times: list[str]) -> None:
    one, moment, found = schedule(text), SUNDAY.timestamp(), []

    for _ in times:
        moment = one.after(moment) or 0
        found.append(f"{datetime.fromtimestamp(moment, UTC):%d %H:%M}")

    assert found == times


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("obvious error schedule", "five fields"),
        ("* * * *", "five fields"),
        ("0 0 * * * *", "five fields"),
        ("60 * * * *", "'60' is no minute: write 0 to 59"),
        ("0 24 * * *", "'24' is no hour"),
        ("0 0 0 * *", "'0' is no day of the month"),
        ("0 0 * * 7", "'7' is no day of the week: write 0 to 6"),
        ("0 0 L * *", "'L' is no day of the month"),
        ("0 0 * * mon#2", "is no day of the week"),
        ("0 22-2 * * *", "ends before it begins"),
        ("*/0 * * * *", "a step is at least 1"),
        ("*-5 * * * *", "begins no range"),
        ("0 0 31 feb *", "no such day ever comes"),
        ("TZ=UTC 0 0 * * *", "spec.timeZone"),
        ("CRON_TZ=UTC 0 0 * * *", "spec.timeZone"),
        ("@noon", "is no schedule"),
        ("@every soon", "is no duration"),
        ("@every", "is no schedule"),
        ("", "five fields"),
        ("\u0664 * * * *", "is no minute"),
    ],
)
def test_what_is_no_schedule_is_told(text: str, words: str) -> None:
    with pytest.raises(ValueError, match=words.replace("*", r"\*")):
        schedule(text)


@pytest.mark.parametrize("name", ["", "Mars/Olympus", "../../etc/passwd", "Europe"])
def test_a_time_zone_has_to_be_one(name: str) -> None:
    with pytest.raises(ValueError, match="no time zone"):
        zone_named(name)
