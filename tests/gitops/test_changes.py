"""What is to become of each object, whatever the pacing: verdict, consequence, and what drifted."""

import pytest

from gitops.planning.changes import Change, Field
from gitops.planning.verdict import Verdict
from gitops.request import Request
from reconcilers.wanted import Consequence
from tests.gitops.material import NAMESPACE, shop
from tests.gitops.test_plan import SECRET
from tests.hands import Meddling
from tests.host import Host
from tests.reconcilers.given import deployment, rolling

POD = """
apiVersion: v1
kind: Pod
metadata: {name: job, namespace: shop}
spec: {containers: [{name: main, image: "app:1"}]}
"""
JOB = """
apiVersion: batch/v1
kind: Job
metadata: {name: import, namespace: shop}
spec: {template: {spec: {restartPolicy: Never, containers: [{name: main, image: "app:1"}]}}}
"""
READERS = """
apiVersion: apps/v1
kind: ReplicaSet
metadata: {name: web, namespace: shop}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: main, image: "app:1", envFrom: [{secretRef: {name: login}}]}]}
"""
CLAIM = """
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: data, namespace: shop}
spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}
"""


def announced(host: Host, request: Request | None = None) -> list[Change]:
    """Return what the next apply says that it changes."""
    host.told.announced.clear()
    host.apply(request)
    return [change for changes in host.told.announced for change in changes]


def verdicts(changes: list[Change]) -> list[tuple[str, Verdict, Consequence]]:
    return [(change.owner.name, change.verdict, change.consequence) for change in changes]


@pytest.fixture
def open_shop(host: Host) -> Host:
    host.commit("Open", shop(replicas=3, api="app:1"))
    host.apply()
    return host


def test_what_is_new_is_created(host: Host) -> None:
    host.commit("Open", shop())

    assert verdicts(announced(host)) == [
        ("shop", Verdict.CREATE, Consequence.NONE),
        ("web", Verdict.CREATE, Consequence.NONE),
    ]


def test_nothing_is_announced_where_nothing_changes(open_shop: Host) -> None:
    assert announced(open_shop) == []


@pytest.mark.parametrize(
    ("written", "consequence"),
    [
        (deployment("app:2", 3), Consequence.ROLLING),
        (deployment("app:2", 3, strategy="{type: Recreate}"), Consequence.RECREATE),
        (deployment(replicas=5), Consequence.IN_PLACE),
        (deployment(replicas=1), Consequence.IN_PLACE),
        (deployment(replicas=3, annotations="{team: blue}"), Consequence.NONE),
        (deployment(replicas=3, strategy=rolling(1, 1)), Consequence.NONE),
    ],
)
def test_what_a_change_does_to_what_serves_is_told(
    open_shop: Host, written: str, consequence: Consequence
) -> None:
    open_shop.commit("Change", {**shop(api="app:1"), "web.yaml": written})

    assert verdicts(announced(open_shop)) == [("web", Verdict.UPDATE, consequence)]


def test_all_changes_are_told_at_once_however_many_passes_they_take(open_shop: Host) -> None:
    open_shop.commit("Change", {**shop("app:2", 6, api="app:3")})

    assert len(announced(open_shop)) == 2
    assert len(open_shop.told.announced) == 1
    assert len(open_shop.passes) > 3


def test_what_left_git_is_deleted(open_shop: Host) -> None:
    open_shop.commit("Change", shop(replicas=3))

    assert verdicts(announced(open_shop)) == [("api", Verdict.DELETE, Consequence.NONE)]


def test_what_is_deleted_is_told_once(open_shop: Host) -> None:
    open_shop.commit("Change", shop(replicas=3))
    open_shop.apply()

    assert announced(open_shop) == []


def test_what_a_hand_did_is_drift_with_what_was_found(open_shop: Host) -> None:
    first, second, third = open_shop.pods("shop.web-*")
    open_shop.engine.stop(first)
    open_shop.engine.pause(second)
    open_shop.engine.remove(third)

    (change,) = announced(open_shop)

    assert (change.verdict, change.consequence) == (Verdict.DRIFT, Consequence.IN_PLACE)
    assert set(change.fields) == {
        Field(f"pod/{first}.state", "running", "exited"),
        Field(f"pod/{second}.state", "running", "paused"),
        Field(f"pod/{third}", "there", "gone"),
    }


def test_a_name_and_a_network_that_are_not_as_they_were_are_drift(open_shop: Host) -> None:
    (name,) = open_shop.pods("shop.api-*")
    open_shop.engine.disconnect(name, "sloop-shop")
    open_shop.engine.rename(name, "mine")

    (change,) = announced(open_shop)

    assert set(change.fields) == {
        Field(f"pod/{name}.name", name, "mine"),
        Field(f"pod/{name}.network", "sloop-shop", None),
    }


def test_what_changed_in_git_is_no_drift_though_a_hand_meddled_too(open_shop: Host) -> None:
    open_shop.engine.stop(open_shop.pods("shop.web-*")[0])
    open_shop.commit("Change", shop("app:2", 3, api="app:1"))

    assert verdicts(announced(open_shop)) == [("web", Verdict.UPDATE, Consequence.ROLLING)]


def test_configuration_that_nobody_uses_yet_is_no_drift(host: Host) -> None:
    mounted = deployment(
        container=", volumeMounts: [{name: conf, mountPath: /etc/conf}]",
        volumes="[{name: conf, configMap: {name: conf}}]",
        annotations="{sloop/roll-on-config-change: 'false'}",
    )
    config = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: conf, namespace: shop}\ndata: {a: one}\n"
    host.commit("Open", {"shop.yaml": NAMESPACE, "web.yaml": mounted, "conf.yaml": config})
    host.apply()
    pods = host.pods()
    host.commit(
        "Change", {"shop.yaml": NAMESPACE, "web.yaml": mounted, "conf.yaml": config.replace("one", "1st")}
    )

    assert verdicts(announced(host)) == [
        ("conf", Verdict.UPDATE, Consequence.NONE),
        ("web", Verdict.UPDATE, Consequence.NONE),
    ]
    assert host.pods() == pods


def test_what_is_adopted_is_told_as_such(host: Host) -> None:
    host.commit("Open", shop(replicas=0))
    host.apply()
    host.commit("Pod", {**shop(replicas=0), "job.yaml": POD})
    Meddling(host).container("shop.job")

    (change,) = announced(host, Request(adopting=frozenset({"shop.job"})))

    assert (change.verdict, change.consequence) == (Verdict.ADOPT, Consequence.RECREATE)


def test_without_a_ledger_only_what_really_changed_is_told(open_shop: Host) -> None:
    open_shop.forget()
    open_shop.commit("Change", shop("app:2", 3, api="app:1"))

    assert verdicts(announced(open_shop)) == [("web", Verdict.UPDATE, Consequence.ROLLING)]


def test_what_a_job_does_in_the_course_of_its_life_is_no_change(host: Host) -> None:
    host.commit("Import", {"shop.yaml": NAMESPACE, "job.yaml": JOB})
    for _ in range(2):
        host.apply(wait=False)
    (first,) = host.pods("shop.import-*")
    host.engine.remove(first)

    assert announced(host) == []
    assert host.pods("shop.import-*") != []


def test_what_somebody_uses_and_is_gone_is_drift_though_not_all_use_it(host: Host) -> None:
    files = {"shop.yaml": NAMESPACE, "web.yaml": READERS, "login.yaml": SECRET}
    host.commit("Open", files)
    host.apply()
    older = set(host.engine.look().secrets)
    host.commit("Change", files | {"login.yaml": SECRET.replace("s3cr3t", "0ther")})
    host.engine.remove(host.pods("shop.web-*")[0])
    host.apply()
    (newer,) = set(host.engine.look().secrets) - older
    host.engine.remove_secret(newer)

    (change,) = announced(host)
    assert (change.verdict, change.fields) == (
        Verdict.DRIFT,
        (Field(f"secret/{newer}", "there", "gone"),),
    )


def test_a_claim_that_lost_its_volume_has_drifted_and_scratch_space_that_comes_anew_has_not(
    host: Host,
) -> None:
    scratch = ", volumes: [{name: tmp, emptyDir: {}}]"
    job = POD.replace('"app:1"}]', f'"app:1", volumeMounts: [{{name: tmp, mountPath: /tmp}}]}}]{scratch}')
    host.commit("Open", {"shop.yaml": NAMESPACE, "job.yaml": job, "claim.yaml": CLAIM})
    host.apply()
    host.engine.remove("shop.job")
    for one in host.engine.look().volumes:
        host.engine.remove_volume(one.name)

    changes = {change.owner.kind: change for change in announced(host)}

    assert {kind: change.verdict for kind, change in changes.items()} == {
        "Pod": Verdict.DRIFT,
        "PersistentVolumeClaim": Verdict.DRIFT,
    }
    assert changes["Pod"].fields == (Field("pod/shop.job", "there", "gone"),)
