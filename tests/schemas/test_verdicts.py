"""Every kind is known, refused with a way out, or has no effect for a reason."""

import pytest

from schemas.kinds import KINDS
from schemas.model import Noted, Refused
from schemas.verdicts import NAMED, verdict


@pytest.mark.parametrize(
    ("api_version", "kind", "line"),
    [
        ("extensions/v1beta1", "Deployment", "apiVersion: apps/v1"),
        ("extensions/v1beta1", "DaemonSet", "apiVersion: apps/v1"),
        ("extensions/v1beta1", "Ingress", "apiVersion: networking.k8s.io/v1"),
        ("extensions/v1beta1", "NetworkPolicy", "apiVersion: networking.k8s.io/v1"),
        ("apps/v1beta1", "StatefulSet", "apiVersion: apps/v1"),
        ("apps/v1beta2", "ReplicaSet", "apiVersion: apps/v1"),
        ("batch/v1beta1", "CronJob", "apiVersion: batch/v1"),
        ("autoscaling/v2beta2", "HorizontalPodAutoscaler", "apiVersion: autoscaling/v2"),
        ("policy/v1beta1", "PodDisruptionBudget", "apiVersion: policy/v1"),
        ("rbac.authorization.k8s.io/v1beta1", "ClusterRole", "apiVersion: rbac.authorization.k8s.io/v1"),
        ("v1", "Deployment", "apiVersion: apps/v1"),
        ("apps/v1", "Pod", "apiVersion: v1"),
    ],
)
def test_another_version_names_the_line_to_write(api_version: str, kind: str, line: str) -> None:
    said = verdict(api_version, kind)

    assert said.field == "apiVersion"
    assert isinstance(said.mark, Refused)
    assert f"write `{line}`" in said.mark.reason


@pytest.mark.parametrize(
    ("api_version", "kind", "near"),
    [
        ("apps/v1", "Deploymet", "apps/v1/Deployment"),
        ("app/v1", "Deployments", "apps/v1/Deployment"),
        ("v1", "configMap", "v1/ConfigMap"),
        ("v1", "PersistentVolumeClaims", "v1/PersistentVolumeClaim"),
    ],
)
def test_an_unknown_kind_names_the_nearest(api_version: str, kind: str, near: str) -> None:
    assert f"(did you mean `{near}`?)" in verdict(api_version, kind).mark.reason


@pytest.mark.parametrize("kind", ["Widget", "Xyz", ""])
def test_a_kind_that_is_like_no_other_names_none(kind: str) -> None:
    assert verdict("settings.k8s.io/v1", kind).mark == Refused(f"unknown kind settings.k8s.io/v1/{kind}")


def test_a_custom_resource_is_told_apart_from_a_kind_of_the_same_name() -> None:
    told = verdict("serving.knative.dev/v1", "Service")

    assert told.field == "kind"
    assert "a custom resource" in told.mark.reason


@pytest.mark.parametrize("kind", ["ServiceAccount"])
def test_a_cluster_matter_has_no_effect(kind: str) -> None:
    assert isinstance(verdict("v1", kind).mark, Noted)


def test_no_kind_is_both_typed_and_named() -> None:
    assert not KINDS.keys() & NAMED.keys()
