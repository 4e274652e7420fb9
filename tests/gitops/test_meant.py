"""Objects are meant by the words that kubectl takes."""

import pytest

from gitops.planning.render import NOWHERE
from gitops.settings import SettingsError
from gitops.telling.meant import KINDS, kind_meant, kinds_meant, meant, pods_meant
from gitops.telling.which import SHORT
from reconcilers.kinds import KINDS as RECONCILED
from runtime.resources import Owner


@pytest.mark.parametrize(
    ("word", "kind"),
    [
        ("pods", "Pod"),
        ("pod", "Pod"),
        ("po", "Pod"),
        ("Deployment", "Deployment"),
        ("deployments.apps", "Deployment"),
        ("svc", "Service"),
        ("persistentvolumeclaims", "PersistentVolumeClaim"),
    ],
)
def test_a_kind_is_meant_by_its_plural_singular_and_short_name(word: str, kind: str) -> None:
    assert kind_meant(word) == kind


PLURALS = {  # that don't end in an s alone; source: Kubernetes' API resources
    "Endpoints": "endpoints",
    "Ingress": "ingresses",
    "IngressClass": "ingressclasses",
    "NetworkPolicy": "networkpolicies",
}


def test_the_kinds_are_those_that_are_reconciled() -> None:
    assert {kind: kind not in NOWHERE for kind in RECONCILED} == KINDS


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_is_known_by_its_plural(kind: str) -> None:
    assert kind_meant(PLURALS.get(kind, f"{kind.lower()}s")) == kind


@pytest.mark.parametrize("short", SHORT)
def test_every_short_name_means_a_kind(short: str) -> None:
    assert kind_meant(short) in KINDS


def test_an_unknown_kind_is_told_with_the_nearest_one() -> None:
    with pytest.raises(SettingsError, match=r"no kind 'deploymnts' .did you mean `deployment`"):
        kind_meant("deploymnts")


def test_several_kinds_are_meant_by_a_list_and_by_all_each_once() -> None:
    assert kinds_meant("svc,pods,po") == ("Service", "Pod")
    assert kinds_meant("all,pods") == (
        "Pod",
        "ReplicationController",
        "Service",
        "DaemonSet",
        "Deployment",
        "ReplicaSet",
        "StatefulSet",
        "HorizontalPodAutoscaler",
        "Job",
        "CronJob",
    )


def test_an_object_is_in_the_default_namespace_unless_another_is_said() -> None:
    assert meant("deploy/web", None) == Owner("Deployment", "default", "web")
    assert meant("deploy/web", "shop") == Owner("Deployment", "shop", "web")


def test_a_namespace_is_in_none() -> None:
    assert meant("ns/shop", "elsewhere") == Owner("Namespace", "", "shop")


@pytest.mark.parametrize("which", ["web", "deployment/", "/web", "deploy"])
def test_what_is_no_kind_and_name_is_told_with_an_example(which: str) -> None:
    with pytest.raises(SettingsError, match=r"KIND/NAME|no kind"):
        meant(which, None)


def test_a_bare_name_means_a_pod_where_pods_are_asked_for() -> None:
    assert pods_meant("web-0", "shop") == Owner("Pod", "shop", "web-0")
    assert pods_meant("deploy/web", "shop") == Owner("Deployment", "shop", "web")
