"""Why something changes: the commit that wrote it, and what it reads."""

import pytest

from gitops.planning.changes import Change
from tests.gitops.material import NAMESPACE, PASSWORD, READING, shop
from tests.host import Host
from tests.reconcilers.given import deployment

CONFIG = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: conf, namespace: shop}\ndata: {COLOUR: red}\n"
HEADLESS = """
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec: {clusterIP: None, selector: {app: web}}
"""
CLAIM = """
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: data, namespace: shop}
spec: {accessModes: [ReadWriteOnce]}
"""
BOTH = ", envFrom: [{configMapRef: {name: conf}}, {secretRef: {name: login}}]"


def announced(host: Host) -> dict[str, Change]:
    """Return by kind and name what the next apply says that it changes."""
    host.told.announced.clear()
    host.apply()
    changes = [change for changes in host.told.announced for change in changes]
    return {f"{change.owner.kind}/{change.owner.name}": change for change in changes}


def told(host: Host, sha: str) -> str:
    return f"{sha[:7]} Ada: {host.repository.git('log', '-1', '--format=%s', sha)}"


def test_the_cause_is_the_commit_that_touched_the_file_and_not_the_newest(host: Host) -> None:
    host.commit("Open", shop(api="app:1"))
    host.apply()
    web = host.commit("Renew the web", shop("app:2", api="app:1"))
    api = host.commit("Renew the api", shop("app:2", api="app:2"))

    changes = announced(host)

    assert changes["Deployment/web"].cause == told(host, web)
    assert changes["Deployment/api"].cause == told(host, api)


def test_what_is_new_names_the_commit_that_brought_it(host: Host) -> None:
    brought = host.commit("Open", shop())
    host.commit("Words", {**shop(), "README.md": "words"})

    assert announced(host)["Deployment/web"].cause == told(host, brought)


def test_what_left_git_names_the_commit_that_took_it(host: Host) -> None:
    host.commit("Open", {**shop(api="app:1"), "data.yaml": CLAIM})
    host.apply()
    gone = host.commit("Close the api", shop())
    host.commit("Words", {**shop(), "README.md": "words"})

    changes = announced(host)

    assert changes["Deployment/api"].cause == f"left git in {told(host, gone)}"
    assert changes["PersistentVolumeClaim/data"].cause == f"left git in {told(host, gone)}; its volume stays"


def test_who_reads_changed_configuration_is_told_which_and_by_whom_it_changed(host: Host) -> None:
    files = {"shop.yaml": NAMESPACE, "web.yaml": deployment(container=BOTH)}
    host.commit("Open", {**files, "conf.yaml": CONFIG, "login.yaml": PASSWORD})
    host.apply()
    blue = host.commit(
        "Paint it blue", {**files, "conf.yaml": CONFIG.replace("red", "blue"), "login.yaml": PASSWORD}
    )
    safe = host.commit(
        "Safer",
        {
            **files,
            "conf.yaml": CONFIG.replace("red", "blue"),
            "login.yaml": PASSWORD.replace("s3cr3t", "s4f3r"),
        },
    )

    changes = announced(host)

    assert changes["Deployment/web"].cause == (
        f"it reads ConfigMap/conf, changed in {told(host, blue)}; "
        f"it reads Secret/login, changed in {told(host, safe)}"
    )
    assert changes["Deployment/web"].fields == ()
    assert [field.path for field in changes["ConfigMap/conf"].fields] == ["data.COLOUR"]
    assert "s3cr3t" not in repr(changes)
    assert "s4f3r" not in repr(changes)


def test_a_headless_service_that_comes_is_why_its_pods_roll(host: Host) -> None:
    host.commit("Open", shop())
    host.apply()
    named = host.commit("Give it a name", {**shop(), "dns.yaml": HEADLESS})

    assert announced(host)["Deployment/web"].cause == (
        f"it may go by the name of Service/web, changed in {told(host, named)}"
    )


def test_fields_are_told_with_what_they_were(host: Host) -> None:
    host.commit("Open", shop())
    host.apply()
    host.commit("Renew", shop("app:2", 3))

    fields = {field.path: (field.old, field.new) for field in announced(host)["Deployment/web"].fields}

    assert fields == {
        "spec.replicas": (2, 3),
        "spec.template.spec.containers[0].image": ("app:1", "app:2"),
    }


@pytest.mark.parametrize("commits", [0, 2])
def test_without_a_ledger_the_commit_that_the_pods_name_tells_what_was(host: Host, commits: int) -> None:
    host.commit("Open", shop())
    host.apply()
    for number in range(commits):
        host.commit(f"Words {number}", {**shop(), "README.md": f"{number}"})
    host.forget()
    renewed = host.commit("Renew", shop("app:2"))

    change = announced(host)["Deployment/web"]

    assert change.cause == told(host, renewed)
    assert [field.old for field in change.fields] == ["app:1"]


def test_a_history_that_was_rewritten_still_explains_what_it_can(host: Host) -> None:
    host.commit("Open", shop())
    host.apply()
    host.repository.git("checkout", "--quiet", "--orphan", "fresh")
    renewed = host.commit("Begin anew", shop("app:2"))
    host.repository.git("branch", "--quiet", "--force", "main", renewed)

    changes = announced(host)

    assert list(changes) == ["Deployment/web"]
    assert changes["Deployment/web"].cause == told(host, renewed)


def test_how_long_it_was_out_of_service_last_time_is_told_where_it_is_recreated(host: Host) -> None:
    recreated = {"shop.yaml": NAMESPACE}
    for number in (1, 2):
        host.commit(
            f"{number}", {**recreated, "web.yaml": deployment(f"app:{number}", strategy="{type: Recreate}")}
        )
        host.apply()
    first = host.told.announced[-1][0]
    host.commit("3", {**recreated, "web.yaml": deployment("app:3", strategy="{type: Recreate}")})

    second = announced(host)["Deployment/web"]

    assert first.seconds is None
    assert second.seconds == 0.0


def test_drift_is_told_without_any_commit(host: Host) -> None:
    host.commit("Open", {**shop(), "login.yaml": PASSWORD, "web.yaml": deployment(container=READING)})
    host.apply()
    (name, _) = host.pods("shop.web-*")
    host.engine.pause(name)

    assert announced(host)["Deployment/web"].cause == f"pod/{name}: a hand paused it"
