"""Jobs and CronJobs on a real Podman: what was done is not done again, whatever becomes of sloop."""

import json
import time
from dataclasses import replace
from itertools import count, takewhile
from pathlib import Path
from typing import Any

from runtime.resources import Label
from tests.machine import api
from tests.podman import doomed
from tests.podman.counting import counting
from tests.podman.keeping import keeping
from tests.podman.manifests import ONE, TWO, Object, config_map, deployment, named, pod_spec
from tests.podman.program import Program, until

NOTE = "echo $HOSTNAME >> /log/begun; {} echo $HOSTNAME >> /log/done"
HOOK = "argocd.argoproj.io/hook"
FAIL = "if [ $(wc -l < /log/begun) -gt {0} ] && mkdir /log/failed-{0}; then exit 1; fi;"
IDLE = 4  # questions of a pass with nothing to do: containers, networks, volumes, secrets


def work(log: Path, script: str = "", **spec: Any) -> Object:
    """Return what a Job is told: its pod notes in ``log`` that it began, and that it is done."""
    log.mkdir(exist_ok=True)
    pod = {
        "restartPolicy": "Never",
        "volumes": [{"name": "log", "hostPath": {"path": str(log)}}],
    }
    mounts = [{"name": "log", "mountPath": "/log"}]
    command = ("sh", "-c", NOTE.format(script))
    return {**spec, "template": {"spec": pod_spec(ONE, command=command, pod=pod, volumeMounts=mounts)}}


def job(spec: Object, name: str = "work") -> Object:
    return {**named("Job", name, api="batch/v1"), "spec": spec}


def cron_job(spec: Object, name: str = "tick", **fields: Any) -> Object:
    """Return a CronJob that is due once a day; the last time was two hours ago."""
    due = time.gmtime(time.time() - 2 * 3600)
    daily = {"schedule": f"{due.tm_min} {due.tm_hour} * * *", "timeZone": "Etc/UTC"}
    told = {**daily, **fields, "jobTemplate": {"spec": spec}}
    return {**named("CronJob", name, api="batch/v1"), "spec": told}


def noted(log: Path, what: str = "done") -> list[str]:
    return (log / what).read_text().split() if (log / what).exists() else []


def forget(program: Program) -> None:
    """Lose the ledger."""
    for file in program.state.glob("ledger.sqlite3*"):
        file.unlink()


def marks(program: Program) -> list[Any]:
    found = api.ask(program.podman.socket, "GET", "/volumes/json") or []
    return [one for one in found if Label.MARK in (one["Labels"] or {})]


def put_back(program: Program, seconds: float) -> None:
    """Let the schedule of a CronJob be looked after up to so many seconds ago only."""
    (own,) = (one for one in marks(program) if one["Name"].endswith("-scheduled"))
    said = {**json.loads(own["Labels"][Label.MARK]), "at": time.time() - seconds}
    labels = {**own["Labels"], Label.MARK: json.dumps(said)}
    api.ask(program.podman.socket, "DELETE", f"/volumes/{own['Name']}")
    earlier = {"Name": f"{own['Name']}-earlier", "Label": labels}
    api.ask(program.podman.socket, "POST", "/volumes/create", earlier)


def test_twenty_completions_with_failing_pods_are_twenty_though_sloop_dies_and_forgets(
    program: Program, tmp_path: Path
) -> None:
    log = tmp_path / "log"
    script = FAIL.format(4) + FAIL.format(9)
    program.commit("Work", job(work(log, script, completions=20, parallelism=4)))

    for moment in (3, 8, 14, 21):
        replace(program, command=(*doomed.MODULE, str(moment), doomed.AFTER)).run("apply")
        forget(program)
    said = program.run("apply")

    assert said.code == 0, said
    assert (len(noted(log)), len(noted(log, "begun"))) == (20, 22)
    assert len(set(noted(log))) == 20
    assert program.json("get", "jobs")["items"][0]["completions"] == "20/20"


def test_a_job_that_is_done_stays_done_without_ledger_and_pods_and_may_be_killed_at_any_change(
    program: Program, tmp_path: Path
) -> None:
    def dies(moment: int) -> bool:
        log = tmp_path / f"log-{moment}"
        program.commit(f"Work {moment}", job(work(log)))
        killed = replace(program, command=(*doomed.MODULE, str(moment), doomed.AFTER)).run("apply")
        forget(program)
        assert program.run("apply").code == 0
        assert (len(noted(log)), len(noted(log, "begun")), len(marks(program))) == (1, 1, 1)
        return killed.code < 0

    moments = list(takewhile(dies, count(1)))

    assert len(moments) >= 4
    for name in program.ids():
        api.ask(program.podman.socket, "DELETE", f"/containers/{name}")
    forget(program)
    assert program.run("apply").code == 0
    assert program.run("diff").code == 0
    assert program.ids() == {}


def test_a_job_that_fails_is_told_with_its_reason_and_last_words(program: Program, tmp_path: Path) -> None:
    bad = work(tmp_path / "log", "echo no such table; exit 3;", backoffLimit=0)
    program.commit("Bad", job(bad, "bad"))

    said = program.run("apply")

    assert said.code == 1
    assert "no such table" in said.out
    assert failed(program) == ("BackoffLimitExceeded: 1 failed where 0 may, the last one: exit 3", "Error")


def test_a_job_that_wants_more_memory_than_it_may_is_told_so(program: Program) -> None:
    hog = pod_spec(
        ONE,
        command=("tail", "/dev/zero"),
        pod={"restartPolicy": "Never"},
        resources={"limits": {"memory": "16Mi"}},
    )
    program.commit("Hog", job({"backoffLimit": 0, "template": {"spec": hog}}))

    assert program.run("apply").code == 1
    told = "BackoffLimitExceeded: 1 failed where 0 may, the last one: OOMKilled"
    assert failed(program) == (told, "OOMKilled")


def failed(program: Program) -> tuple[str, str]:
    """Return why the one Job that there is has failed, without who wrote it, and the status of its pod."""
    (one,), (pod,) = program.json("status")["objects"], program.json("get", "pods")["items"]
    assert [row["status"] for row in program.json("get", "jobs")["items"]] == ["Failed"]
    return one["reason"].partition(" (written by ")[0], pod["status"]


def test_an_indexed_job_tells_each_pod_its_number(program: Program, tmp_path: Path) -> None:
    script = "echo $JOB_COMPLETION_INDEX-$HOSTNAME >> /log/told;"
    spec = work(tmp_path / "log", script, completions=3, parallelism=3, completionMode="Indexed")

    program.deploy(job(spec))

    assert sorted(noted(tmp_path / "log", "told")) == ["0-work-0", "1-work-1", "2-work-2"]
    labels = [one["Labels"]["batch.kubernetes.io/job-completion-index"] for one in program.containers()]
    assert sorted(labels) == ["0", "1", "2"]


def test_a_sidecar_keeps_no_job_from_completing(program: Program, tmp_path: Path) -> None:
    spec = work(tmp_path / "log", completions=2)
    sidecar = {"name": "beside", "image": ONE, "command": ["sleep", "1000"], "restartPolicy": "Always"}
    spec["template"]["spec"] |= {"initContainers": [sidecar]}

    program.deploy(job(spec))

    assert len(noted(tmp_path / "log")) == 2
    assert program.running() == []


def test_a_job_that_git_takes_back_is_stopped_and_forgotten(program: Program, tmp_path: Path) -> None:
    program.commit("Long", job(work(tmp_path / "log", "sleep 1000;")), config_map())
    program.run("apply", "--no-wait")
    assert len(program.running()) == 1

    program.commit("Gone", config_map())
    said = program.run("apply", "--allow-empty")

    assert said.code == 0, said
    assert program.things() == {}


def test_a_run_that_was_missed_starts_at_the_next_tick_once_whatever_is_lost(
    program: Program, tmp_path: Path
) -> None:
    log = tmp_path / "log"
    program.deploy(cron_job(work(log)))
    assert noted(log) == []

    put_back(program, 3 * 3600)
    for _ in range(2):
        assert program.run("apply").code == 0
        forget(program)
    until(lambda: len(noted(log)) == 1)
    assert program.run("apply").code == 0

    assert len(noted(log, "begun")) == 1
    (row,) = program.json("get", "jobs")["items"]
    assert (row["status"], row["completions"]) == ("Complete", "1/1")
    assert row["name"].startswith("tick-")
    assert program.run("logs", "cronjob/tick").code == 0
    assert program.json("describe", f"job/{row['name']}")["owner"] == "CronJob/default/tick"
    assert program.json("describe", "cronjob/tick")["jobs"][0]["status"] == "Complete"


def test_a_schedule_may_be_killed_at_any_change_and_each_run_is_one(program: Program, tmp_path: Path) -> None:
    def dies(moment: int) -> bool:
        log = tmp_path / f"log-{moment}"
        program.deploy(cron_job(work(log), f"tick-{moment}"))
        put_back(program, 3 * 3600)
        killed = replace(program, command=(*doomed.MODULE, str(moment), doomed.AFTER)).run("apply")
        forget(program)
        assert program.run("apply").code == 0
        until(lambda: len(noted(log)) == 1)
        assert program.run("apply").code == 0
        assert len(noted(log, "begun")) == 1
        return killed.code < 0

    assert len(list(takewhile(dies, count(1)))) >= 3


def test_run_wakes_for_what_is_due_and_notes_its_end(program: Program, tmp_path: Path) -> None:
    log = tmp_path / "log"
    program.commit("Often", cron_job(work(log), schedule="@every 2s"))

    with keeping(program) as keeper:
        until(lambda: len(noted(log)) >= 1)
        until(lambda: any(one["Name"].endswith("-complete") for one in marks(program)))
        assert keeper.end() == 0

    assert len(noted(log, "begun")) == len(noted(log)) <= 2


def test_a_run_by_hand_is_one_and_is_waited_for(program: Program, tmp_path: Path) -> None:
    log = tmp_path / "log"
    program.deploy(cron_job(work(log), suspend=True))

    said = program.run("run-job", "cronjob/tick", "--wait")
    assert said.code == 0, said
    assert said.out.endswith(": Complete\n")
    assert program.run("apply").code == 0

    assert len(noted(log)) == len(noted(log, "begun")) == 1
    assert program.run("run-job", "cronjob/tock").code == 1
    assert program.run("run-job", "deployment/tick").code == 2


def test_a_look_at_what_has_ended_costs_no_more_however_much_it_is(program: Program, tmp_path: Path) -> None:
    for number, completions in enumerate((1, 5)):
        spec = work(tmp_path / f"log-{number}", completions=completions, parallelism=5)
        program.deploy(job(spec, f"work-{number}"))
        until(lambda: _questions(program, tmp_path / "podman.sock") == IDLE)


def _questions(program: Program, door: Path) -> int:
    with counting(program.podman.socket, door) as count:
        assert replace(program, url=f"unix://{door}").run("apply").code == 0
    return count.requests


def test_restarts_in_a_pod_of_several_count_as_failures_and_podman_makes_none_beside_them(
    program: Program, tmp_path: Path
) -> None:
    log = tmp_path / "log"
    told = work(log, "exit 1;", backoffLimit=1)
    pod = told["template"]["spec"]
    pod["restartPolicy"] = "OnFailure"
    pod["containers"].append({**pod["containers"][0], "name": "beside", "command": ["sleep", "1000"]})
    program.commit("Work", job(told))

    said = program.run("apply")

    assert said.code == 1, said
    assert "BackoffLimitExceeded: 2 failed where 1 may, the last one: exit 1" in said.out + said.err
    assert len(noted(log, "begun")) == 2


def test_a_commits_hooks_run_once_each_though_sloop_is_killed_and_forgets(
    program: Program, tmp_path: Path
) -> None:
    def hooked(one: Object, phase: str) -> Object:
        annotations = {
            "argocd.argoproj.io/hook": phase,
            "argocd.argoproj.io/hook-delete-policy": "HookSucceeded",
        }
        return {**one, "metadata": {**one["metadata"], "annotations": annotations}}

    def changed(number: int) -> list[str]:
        log, last = tmp_path / f"first-{number}", tmp_path / f"last-{number}"
        test = {**named("Pod", "test"), "spec": work(last)["template"]["spec"]}
        web = deployment("web", (ONE, TWO)[number % 2])
        program.commit(f"{number}", hooked(job(work(log)), "PreSync"), hooked(test, "PostSync"), web)
        killed = replace(program, command=(*doomed.MODULE, str(number), doomed.AFTER)).run("apply")
        forget(program)
        said = program.run("apply")
        assert (killed.code < 0, said.code) == (True, 0), said
        assert program.run("apply").code == 0
        return [*noted(log, "begun"), *noted(last, "begun")]

    for number in (1, 3, 5, 6, 7, 9):
        assert len(changed(number)) == 2, number
    assert program.images() == [TWO]
    assert len(program.containers()) == 1
