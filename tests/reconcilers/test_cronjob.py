"""CronJobs in simulated time: each run once, and the last one where some were missed."""

import json
import random
from collections import Counter
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from textwrap import dedent
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from reconcilers.cronjob import Cron
from reconcilers.job_pods import job_name
from reconcilers.marks import Mark, State, mark_volume, read
from reconcilers.wanted import Health
from runtime.resources import Label, Owner
from runtime.seen import SeenPod, SeenVolume
from tests.reconcilers.given import manifests, pods_of, seen, wanted, world
from tests.reconcilers.lifetime import Lifetime

ROWS = json.loads((Path(__file__).parents[1] / "kubernetes/cronjob.json").read_text())["sync"]
SYNC = [pytest.param(row, id=row["name"]) for row in ROWS if row["schedule"] != "obvious error schedule"]
BERLIN = ZoneInfo("Europe/Berlin")
OWNER = Owner("CronJob", "shop", "backup")
CRON = """
    apiVersion: batch/v1
    kind: CronJob
    metadata: {{name: backup, namespace: shop}}
    spec:
      schedule: "{schedule}"
      {fields}
      jobTemplate:
        spec:
          {job}
          template:
            spec:
              restartPolicy: Never
              containers: [{{name: main, image: "{image}"}}]
"""


def cron(schedule: str = "0 * * * *", image: str = "app:1", job: str = "", **fields: Any) -> str:
    told = "\n  ".join(f"{name}: {json.dumps(value)}" for name, value in fields.items())
    return dedent(CRON).format(schedule=schedule, image=image, job=job, fields=told)


def moment(text: str, zone: tzinfo = UTC) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=zone).timestamp()


def jobs(life: Lifetime) -> list[str]:
    """Return the names of the Jobs that were started, as often as a pod was made for them."""
    return [job_name(pod) for pod in life.made]


def states(life: Lifetime) -> Counter[State]:
    return Counter(read(one).state for one in life.volumes.values())


def kept(*marks: Mark) -> dict[str, SeenVolume]:
    volumes = (mark_volume(world(), OWNER, each) for each in marks)
    return {one.name: SeenVolume(one.name, one.labels) for one in volumes}


@pytest.mark.parametrize("row", SYNC)
def test_a_run_is_started_when_kubernetes_would(row: dict[str, Any]) -> None:
    told = {"concurrencyPolicy": row["concurrencyPolicy"], "suspend": row["suspend"]}
    deadline = {} if row["deadline"] is None else {"startingDeadlineSeconds": row["deadline"]}
    document = cron(row["schedule"], **told, **deadline)
    now, last = moment(row["now"][:-1]), moment((row["lastScheduleTime"] or row["creation"])[:-1])
    marks = [Mark("backup", State.SCHEDULED, last, commit="c0ffee")]
    pods: list[SeenPod] = []
    if row["stillActive"]:
        name = f"backup-{int(last // 60)}"
        before = wanted(document, now=last, asked={OWNER: name}, commit="c0ffee")
        pods = [seen(pod, since=last) for pod in pods_of(before) if pod.labels["job-name"] == name]
        marks.append(Mark(name, State.BEGUN, last, pods[0].labels[Label.DIGEST], began=last, due=last))
    life = Lifetime((document,), now=now, pods={pod.name: pod for pod in pods})
    life.volumes = kept(*marks)
    life.ending = lambda _: None

    steps = life.tick()

    assert len(life.made) == int(row["expectCreate"])
    assert any("remove pod/" in step for step in steps) == row["expectDelete"]
    assert len(life.pods) == row["expectActive"]
    warnings = [one for one in life.volumes.values() if read(one).reason == "TooManyMissedTimes"]
    assert len(warnings) == row["expectedWarnings"]


@pytest.mark.parametrize("every", [None, 1800.0, 1511.0], ids=["woken", "at each half hour", "at odd times"])
def test_a_month_across_a_change_to_summer_time_has_one_run_a_night(every: float | None) -> None:
    life = Lifetime((cron("30 2 * * *", timeZone="Europe/Berlin"),), now=moment("2026-03-15", BERLIN))
    life.ending = lambda _: (600, 0)

    life.live(moment("2026-04-15", BERLIN), every)

    started = [datetime.fromtimestamp(pod.created, BERLIN) for pod in life.made]
    assert [one.day for one in started] == [*range(15, 32), *range(1, 15)]
    assert {one.hour for one in started if one.day != 29} <= {2, 3 if every else 2}
    assert next(one.hour for one in started if (one.month, one.day) == (3, 29)) == 3
    assert len(set(jobs(life))) == len(jobs(life))


def test_a_month_woken_by_what_it_asked_for_takes_few_passes() -> None:
    life = Lifetime((cron("30 2 * * *"),), now=moment("2026-03-01"))

    life.live(moment("2026-04-01"))

    assert len(life.made) == 31
    assert life.looks < 31 * 8


def test_the_clock_of_the_machine_counts_where_no_time_zone_is_given() -> None:
    life = Lifetime((cron("0 12 * * *"),), now=moment("2026-07-01T09:30"), zone="Europe/Berlin")

    life.live(moment("2026-07-01T10:30"))

    assert [pod.created for pod in life.made] == [pytest.approx(moment("2026-07-01T10:00"), abs=1)]


@pytest.mark.parametrize("seed", range(6))
def test_power_may_fail_at_any_change_and_no_run_is_lost_or_done_twice(seed: int) -> None:
    chance = random.Random(seed)
    life = Lifetime((cron("*/5 * * * *", successfulJobsHistoryLimit=0),), now=moment("2026-03-01T00:01"))
    life.ending = lambda _: (30, 0)
    life.settle()

    while life.now < moment("2026-03-01T01:30"):
        life.tick(chance.choice([0, 1, 1, 2, 3]))
        life.now += chance.uniform(0, 20)

    assert jobs(life) == [f"backup-{int(moment('2026-03-01') // 60) + 5 * n}" for n in range(1, 18)]


def test_with_no_record_at_all_a_cron_job_starts_from_now() -> None:
    life = Lifetime((cron(),), now=moment("2026-03-01T10:30"))

    life.settle()

    assert life.made == []
    assert states(life) == {State.SCHEDULED: 1}
    assert life.wanted().look_again == moment("2026-03-01T11:00") + 0.1


def test_of_the_runs_that_were_missed_the_last_one_is_started() -> None:
    life = Lifetime((cron(),), now=moment("2026-03-01T10:30"))
    life.settle()

    life.now = moment("2026-03-01T15:20")
    life.settle()

    assert jobs(life) == [f"backup-{int(moment('2026-03-01T15:00') // 60)}"]


def test_a_run_that_it_is_too_late_for_is_noted_as_missed_once() -> None:
    life = Lifetime((cron(startingDeadlineSeconds=60),), now=moment("2026-03-01T10:30"))
    life.settle()
    life.now = moment("2026-03-01T11:02")

    steps = life.tick()

    assert life.made == []
    assert "was missed" in steps[0]
    assert life.tick() == []
    assert [read(one).reason for one in life.volumes.values()] == ["MissSchedule"]


def test_a_forbidden_run_starts_late_once_the_other_one_has_ended() -> None:
    life = Lifetime((cron(concurrencyPolicy="Forbid"),), now=moment("2026-03-01T10:59"))
    life.ending = lambda _: (70 * 60, 0)

    life.live(moment("2026-03-01T12:05"))

    assert len(life.made) == 1
    assert "waits for it" in life.wanted().status.reason
    life.live(moment("2026-03-01T12:20"))
    assert len(life.made) == 2


def test_a_replaced_run_is_gone_before_the_next_one_starts_and_stays_so() -> None:
    life = Lifetime((cron(concurrencyPolicy="Replace"),), now=moment("2026-03-01T10:59"))
    life.ending = lambda _: None
    life.live(moment("2026-03-01T11:59"))
    life.now = moment("2026-03-01T12:00")

    steps = life.tick()

    assert [step.split(":")[0].split(" ", 1)[1].rpartition("-")[0].split("/")[0] for step in steps] == [
        "create volume",
        "remove pod",
        "remove volume",
        "create pod",
    ]
    assert len(life.pods) == 1


def test_a_replaced_run_does_not_come_back_after_a_crash() -> None:
    life = Lifetime((cron(concurrencyPolicy="Replace"),), now=moment("2026-03-01T10:59"))
    life.ending = lambda _: None
    life.live(moment("2026-03-01T11:59"))
    life.now = moment("2026-03-01T12:00")

    life.tick(1)
    life.settle()

    assert [job_name(pod) for pod in life.pods.values()] == [f"backup-{int(life.now // 60)}"]
    assert len(life.made) == 2


def test_the_history_keeps_so_many_jobs_of_each_end() -> None:
    document = cron(successfulJobsHistoryLimit=2, failedJobsHistoryLimit=1, job="backoffLimit: 0")
    life = Lifetime((document,), now=moment("2026-03-01T00:30"))
    life.ending = lambda pod: (1, int(pod.created // 3600) % 2)

    life.live(moment("2026-03-01T12:30"))

    assert len(life.made) == 12
    assert states(life) == {State.COMPLETE: 2, State.FAILED: 1, State.SCHEDULED: 1}
    assert len(life.pods) == 3


def test_a_suspended_cron_job_starts_nothing_and_catches_up_with_the_last_run() -> None:
    life = Lifetime((cron(suspend=True),), now=moment("2026-03-01T00:30"))
    life.live(moment("2026-03-01T05:30"))
    assert life.made == []
    assert life.wanted().status.health is Health.SUSPENDED

    life.documents = (cron(),)
    life.settle()

    assert jobs(life) == [f"backup-{int(moment('2026-03-01T05:00') // 60)}"]


def test_a_clock_that_is_put_back_a_little_repeats_nothing() -> None:
    life = Lifetime((cron(),), now=moment("2026-03-01T10:30"))
    life.live(moment("2026-03-01T12:30"))
    assert len(life.made) == 2

    life.now = moment("2026-03-01T10:45")
    life.live(moment("2026-03-01T12:30"))
    assert len(life.made) == 2

    life.live(moment("2026-03-01T13:30"))
    assert len(life.made) == 3


def test_a_clock_that_was_far_ahead_stops_no_run_once_it_is_right_again() -> None:
    life = Lifetime((cron(),), now=moment("2030-01-01T10:30"))
    life.live(moment("2030-01-01T12:30"))

    life.now = moment("2026-03-01T10:30")
    life.live(moment("2026-03-01T13:30"))

    assert len(life.made) == 2 + 3


def test_a_run_that_has_begun_ends_as_it_began_though_git_has_moved_on() -> None:
    life = Lifetime((cron(job="completions: 2"),), now=moment("2026-03-01T10:59"))
    life.ending = lambda _: (60, 0)
    life.live(moment("2026-03-01T11:00:30"))

    life.documents = (cron(image="app:2", job="completions: 2"),)
    life.settle(commit="beef")

    assert [pod.image for pod in life.pods.values()] == ["app:1"]


def test_a_person_may_ask_for_a_run_beside_the_schedule_and_gets_one() -> None:
    life = Lifetime((cron(suspend=True),), now=moment("2026-03-01T10:30"))
    life.settle()

    for _ in range(3):
        life.settle(asked={OWNER: "backup-m1"})
        life.now += 10

    assert jobs(life) == ["backup-m1"]
    assert [one.name for one in map(read, life.volumes.values()) if one.state is State.COMPLETE] == [
        "backup-m1"
    ]


def test_a_failed_run_leaves_its_cron_job_well_and_is_told() -> None:
    life = Lifetime((cron(job="backoffLimit: 0"),), now=moment("2026-03-01T10:59"))
    life.ending = lambda _: (1, 3)

    life.live(moment("2026-03-01T11:10"))

    status = life.wanted().status
    assert status.health is Health.HEALTHY
    assert "failed: BackoffLimitExceeded" in status.reason
    assert "next run 2026-03-01 12:00 UTC" in status.reason


def test_a_job_is_called_after_the_minute_for_which_it_was_started() -> None:
    one = manifests(cron())[0]
    asked = Cron(one.object, one.document, world(cron(), asked={OWNER: "backup-m1"}))  # type: ignore[arg-type]

    assert [run.name for run in asked.starting] == ["backup-m1"]
