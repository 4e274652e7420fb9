"""A CronJob's arithmetic is Kubernetes': which run is due, which were missed, when the next one comes."""

import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from reconcilers.due import Due, due
from schemas.schedule import schedule

TABLES = json.loads((Path(__file__).parents[1] / "kubernetes/cronjob.json").read_text())
BERLIN = ZoneInfo("Europe/Berlin")


def rows(table: str) -> list[Any]:
    found = [row for row in TABLES[table] if not row.get("upstream_quirk") and not row.get("error")]
    return [pytest.param(row, id=row["name"]) for row in found]


def seconds(time: str | None) -> float | None:
    return None if time is None else datetime.fromisoformat(time).timestamp()


def since(row: dict[str, Any]) -> float:
    return seconds(row["lastScheduleTime"]) or seconds(row["creation"]) or 0


@pytest.mark.parametrize("row", rows("most_recent_schedule"))
def test_the_most_recent_run_is_the_one_that_is_due(row: dict[str, Any]) -> None:
    deadline = row["startingDeadlineSeconds"] if row["deadline_applied"] else None

    found = due(schedule(row["schedule"]), since(row), seconds(row["now"]) or 0, deadline)

    assert found.at == seconds(row["most_recent"])
    assert found.many == (row["missed"] == "many")


@pytest.mark.parametrize("row", [row for row in TABLES["most_recent_schedule"] if row["error"]])
def test_a_day_that_never_comes_is_no_schedule(row: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="no such day ever comes"):
        schedule(row["schedule"])


@pytest.mark.parametrize("row", rows("unmet_times_v1"))
def test_of_the_times_that_are_unmet_the_last_one_is_due(row: dict[str, Any]) -> None:
    now = seconds(row["now"]) or 0

    found = due(schedule(row["schedule"]), since(row), now, row["startingDeadlineSeconds"])

    match row["unmet"]:
        case list(times):
            assert found.at == seconds(times[-1] if times else None)
            assert not found.many
        case words:
            assert found.at == now
            assert found.many == (words == "ERROR_V1_WARN_V2")


@pytest.mark.parametrize("row", rows("next_wait"))
def test_the_next_run_comes_when_its_schedule_says(row: dict[str, Any]) -> None:
    now = seconds(row["now"]) or 0

    assert (due(schedule(row["schedule"]), since(row), now, None).next or 0) - now == row["wait_s"]


@pytest.mark.parametrize("row", rows("every_1h"))
def test_a_run_every_hour_counts_from_the_last_one(row: dict[str, Any]) -> None:
    now = seconds(row["now"]) or 0

    found = due(schedule(row["schedule"]), since(row), now, row["startingDeadlineSeconds"])

    assert (found.at is not None) == row["expectCreate"]
    assert (found.next or 0) - now == row["next_in_s"]


def test_a_run_that_it_is_too_late_for_is_told_once_nothing_else_is_due() -> None:
    row = TABLES["most_recent_schedule"][-1]
    now = seconds(row["now"]) or 0

    assert due(schedule("*/5 * * * *"), now - 200, now, 60).lapsed == now - 120
    assert due(schedule("*/5 * * * *"), now - 200, now, 160) == Due(at=now - 120, next=now + 180)


def local(*moment: int, fold: int = 0) -> float:
    return datetime(*moment, tzinfo=BERLIN, fold=fold).timestamp()  # type: ignore[arg-type,misc]


@pytest.mark.parametrize(
    ("text", "after", "expected"),
    [
        ("30 2 * * *", local(2026, 3, 28, 12), local(2026, 3, 29, 3)),  # 2:30 doesn't exist that night
        ("30 2 * * *", local(2026, 10, 24, 12), local(2026, 10, 25, 2, 30)),
        ("30 2 * * *", local(2026, 10, 25, 2, 30), local(2026, 10, 26, 2, 30)),  # it comes a second time
        ("30 2 * * *", local(2026, 10, 25, 2, 10, fold=1), local(2026, 10, 26, 2, 30)),
        ("0 * * * *", local(2026, 10, 25, 2), local(2026, 10, 25, 2, fold=1)),  # each hour that passes
        ("0 * * * *", local(2026, 3, 29, 1), local(2026, 3, 29, 3)),
    ],
)
def test_when_clocks_change_nothing_is_left_out_and_nothing_comes_twice(
    text: str, after: float, expected: float
) -> None:
    assert schedule(text).within("Europe/Berlin").after(after) == expected


def test_the_last_run_is_found_in_the_hour_that_comes_twice() -> None:
    nightly = schedule("30 2 * * *").within("Europe/Berlin")

    found = nightly.last(local(2026, 10, 24, 12), local(2026, 10, 25, 2, 10, fold=1))

    assert found == local(2026, 10, 25, 2, 30)


def test_each_day_of_a_year_of_berlin_has_one_run() -> None:
    nightly, moment = schedule("30 2 * * *").within("Europe/Berlin"), local(2026, 1, 1)
    days = []

    while (moment := nightly.after(moment) or 0) < local(2027, 1, 1):
        days.append(datetime.fromtimestamp(moment, BERLIN).date())

    first = datetime(2026, 1, 1, tzinfo=BERLIN).date()
    assert days == [first + timedelta(days=number) for number in range(365)]
