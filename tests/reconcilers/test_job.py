"""Jobs in simulated time: what makes them run again, what doesn't, and how their clocks go."""

import itertools
from textwrap import dedent

import pytest

from reconcilers.job_pods import job_template
from reconcilers.marks import State, read
from reconcilers.moments import Leap
from reconcilers.wanted import Health
from runtime.resources import Owner
from schemas.batch import Job
from tests.reconcilers.given import NOW, manifests, world
from tests.reconcilers.lifetime import Lifetime

JOB = """
    apiVersion: batch/v1
    kind: Job
    metadata: {{name: work, namespace: shop}}
    spec:
      {fields}
      template:
        spec:
          restartPolicy: Never
          containers:
            - name: main
              image: "{image}"
              envFrom: [{{configMapRef: {{name: settings, optional: true}}}}]
"""
SETTINGS = """
    apiVersion: v1
    kind: ConfigMap
    metadata: {{name: settings, namespace: shop}}
    data: {{color: {color}}}
"""


def job(image: str = "app:1", **fields: object) -> str:
    told = "\n  ".join(f"{name}: {str(value).lower()}" for name, value in fields.items())
    return dedent(JOB).format(image=image, fields=told)


def settings(color: str) -> str:
    return dedent(SETTINGS).format(color=color)


def state(life: Lifetime) -> State:
    (mark,) = (read(one) for one in life.volumes.values())
    return mark.state


def test_a_new_release_runs_no_job_again() -> None:
    one = manifests(job(completions=2))[0]
    assert isinstance(one.object, Job)

    owner = Owner("Job", "shop", "work")
    made = job_template(world(), owner, "work", one.object.spec, one.document["spec"])

    assert made.digest == "1:90074f76bc8a27a1d641b40e1db7a4e5ff166a77e78215a880af7da51b72ed6e"


def test_another_template_is_another_run_and_other_configuration_or_limits_are_not() -> None:
    life = Lifetime((settings("blue"), job()))
    life.live(NOW + 60)

    life.documents = (settings("green"), job(parallelism=1, backoffLimit=9, activeDeadlineSeconds=99))
    life.live(NOW + 120)
    assert len(life.made) == 1

    life.documents = (settings("green"), job("app:2"))
    assert life.wanted().note == "it runs again, from the start"
    life.live(NOW + 180)
    assert [pod.image for pod in life.made] == ["app:1", "app:2"]
    assert [pod.image for pod in life.pods.values()] == ["app:2"]


def test_a_job_has_all_its_time_though_the_clock_is_put_forward() -> None:
    life = Lifetime((job(activeDeadlineSeconds=100),), ending=lambda _: None)
    life.settle()
    leaps = (Leap(life.now + 60, 3600),)
    life.now += 60 + 3600
    life.settle(leaps=leaps)
    assert len(life.pods) == 1
    assert life.wanted(leaps=leaps).look_again == pytest.approx(life.now + 40, abs=1)
    assert "goes on in" not in life.wanted(leaps=leaps).status.reason

    life.now += 40
    life.settle(leaps=leaps)

    assert (state(life), life.pods) == (State.FAILED, {})


def test_a_job_that_goes_on_has_all_its_time_again() -> None:
    life = Lifetime((job(activeDeadlineSeconds=100),), ending=lambda _: None)
    life.settle()
    life.now += 90
    life.documents = (job(activeDeadlineSeconds=100, suspend=True),)
    life.settle()
    assert (state(life), life.pods) == (State.SUSPENDED, {})
    assert life.wanted().status.health is Health.SUSPENDED

    life.now += 1000
    life.documents = (job(activeDeadlineSeconds=100),)
    life.settle()
    life.now += 90
    life.settle()
    assert (state(life), len(life.pods)) == (State.RESUMED, 1)

    life.now += 20
    life.settle()
    assert (state(life), life.pods) == (State.FAILED, {})
    assert life.wanted().status.reason.startswith("DeadlineExceeded")


def test_a_job_that_keeps_failing_takes_its_time_and_ends() -> None:
    life = Lifetime((job(),), ending=lambda _: (1, 3))

    life.live(NOW + 3600)

    starts = [pod.created for pod in life.made]
    assert [round(later - earlier) for earlier, later in itertools.pairwise(starts)] == [
        *(11, 21, 41, 81, 161, 321),
    ]
    assert state(life) is State.FAILED
    assert life.looks < 40
