"""References to what isn't there are told; what exists elsewhere can be said."""

from schemas.load import load
from schemas.references import dangling

POD = b"""\
apiVersion: v1
kind: Pod
metadata: {name: p, namespace: shop}
spec:
  containers:
    - name: c
      image: x
      env:
        - name: A
          valueFrom: {configMapKeyRef: {name: conf, key: a}}
"""


def test_what_exists_is_not_missing() -> None:
    manifests = load({"pod.yaml": POD}).manifests

    assert dangling(manifests, [("ConfigMap", "shop", "conf")]) == ()


def test_what_exists_in_another_namespace_is_missing() -> None:
    manifests = load({"pod.yaml": POD}).manifests

    (problem,) = dangling(manifests, [("ConfigMap", "other", "conf")])

    assert problem.message == "no ConfigMap `conf` in namespace `shop`, only in `other`"
    assert (problem.line, problem.column) == (10, 47)
