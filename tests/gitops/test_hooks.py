"""Hooks, from commit to commit: what runs once, what it holds back, and what stays when it fails."""

import pytest

from gitops.aim import OnFailure
from gitops.converge import End
from runtime.engine import EngineError
from tests.host import Host

HOOK = """
apiVersion: batch/v1
kind: Job
metadata: {{name: {name}, annotations: {{argocd.argoproj.io/hook: {phase}}}}}
spec:
  backoffLimit: 0
  template: {{spec: {{restartPolicy: Never, containers: [{{name: main, image: "{image}"}}]}}}}
"""
WEB = """
apiVersion: apps/v1
kind: Deployment
metadata: {{name: web}}
spec:
  replicas: {replicas}
  selector: {{matchLabels: {{app: web}}}}
  template:
    metadata: {{labels: {{app: web}}}}
    spec: {{containers: [{{name: main, image: "localhost/app:{number}"}}]}}
"""
WELL, ILL = "done:1", "localhost/app:4"


def commit(host: Host, number: int, *, migration: str = WELL, test: str = WELL, replicas: int = 1) -> None:
    """Commit a version of the site with a migration before it and a test after it."""
    files = {
        "migrate.yaml": HOOK.format(name="migrate", phase="PreSync", image=migration),
        "test.yaml": HOOK.format(name="test", phase="PostSync", image=test),
        "alarm.yaml": HOOK.format(name="alarm", phase="SyncFail", image=WELL),
        "web.yaml": WEB.format(number=number, replicas=replicas),
    }
    host.commit(f"Version {number}", files)


def runs(host: Host, name: str) -> int:
    """Return how often a hook has run so far."""
    return sum(
        result.step.verb == "create" and result.step.resource.startswith(f"pod/default.{name}-")
        for result in host.told.results
    )


def images(host: Host) -> list[str]:
    return [pod.image for pod in host.engine.look().pods if pod.name.startswith("default.web-")]


@pytest.fixture
def site(host: Host) -> Host:
    """Return a host on which the first version has been deployed."""
    host.ending[ILL] = [1]
    commit(host, 1)
    assert host.apply().end is End.WELL
    assert (runs(host, "migrate"), runs(host, "test"), runs(host, "alarm")) == (1, 1, 0)
    return host


def test_a_hook_runs_once_for_each_commit_that_changes_anything(site: Host) -> None:
    site.repository.commit("Words", {"README.md": "words\n"})
    assert site.apply().end is End.WELL
    site.engine.remove("default.web-" + site.pods("default.web-*")[0].rpartition("web-")[2])
    assert site.apply().end is End.WELL
    assert (runs(site, "migrate"), runs(site, "test")) == (1, 1)

    commit(site, 2)

    assert site.apply().end is End.WELL
    assert (runs(site, "migrate"), runs(site, "test"), images(site)) == (2, 2, ["localhost/app:2"])

    commit(site, 1)

    assert site.apply().end is End.WELL
    assert (runs(site, "migrate"), runs(site, "test"), images(site)) == (3, 3, ["localhost/app:1"])


def test_a_migration_that_fails_stops_the_new_version_and_is_not_tried_again(site: Host) -> None:
    commit(site, 2, migration=ILL, replicas=0)

    for _ in range(2):
        failed = site.apply()
        assert failed.end is End.FAILED
        assert "Job/default/migrate: BackoffLimitExceeded" in failed.message
    site.forget()
    assert site.apply().end is End.FAILED

    assert images(site) == ["localhost/app:1"]
    assert (runs(site, "migrate"), runs(site, "test"), runs(site, "alarm")) == (2, 1, 1)

    commit(site, 3)

    assert site.apply().end is End.WELL
    assert (runs(site, "migrate"), runs(site, "test"), runs(site, "alarm")) == (3, 2, 1)
    assert images(site) == ["localhost/app:3"]


@pytest.mark.parametrize("broken", ["migration", "test"])
def test_who_takes_a_failed_commit_back_runs_nothing_of_the_one_before_again(site: Host, broken: str) -> None:
    policy: OnFailure = "rollback"
    site.on_failure = policy
    commit(site, 2, **{broken: ILL})
    before = runs(site, "migrate"), runs(site, "test")

    back = site.apply()

    assert back.end is End.BACK
    assert images(site) == ["localhost/app:1"]
    assert runs(site, "migrate") == before[0] + 1
    assert runs(site, "test") == before[1] + (broken == "test")
    assert runs(site, "alarm") == 1
    assert all(fare.done for fare in back.last.fares)
    commit(site, 1)
    assert site.apply().end is End.WELL
    assert (runs(site, "migrate"), runs(site, "alarm")) == (before[0] + 1, 1)


def test_a_version_that_never_comes_is_a_failure_of_its_commit_and_what_is_ill_later_is_none(
    site: Host,
) -> None:
    before = site.engine.fail

    def refuse(asked: str, name: str) -> None:
        if asked == "create_pod" and ".web-" in name:
            raise EngineError(f"cannot create {name}: no space left on device")

    site.engine.fail = refuse
    commit(site, 2)
    assert site.apply().end is End.FAILED
    assert (runs(site, "migrate"), runs(site, "test"), runs(site, "alarm")) == (2, 1, 1)

    site.engine.fail = before
    assert site.apply().end is End.WELL
    assert (runs(site, "test"), runs(site, "alarm")) == (2, 1)

    site.engine.remove(site.pods("default.web-*")[0])
    site.engine.fail = refuse
    assert site.apply().end is End.FAILED
    assert (runs(site, "migrate"), runs(site, "test"), runs(site, "alarm")) == (2, 2, 1)
