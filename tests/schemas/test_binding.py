"""Claims and PersistentVolumes: who has whom, whatever the order in which they are read."""

from itertools import permutations

import pytest

from schemas.binding import bindings
from schemas.core import PersistentVolumeClaim
from schemas.load import load
from schemas.storage import PersistentVolume

VOLUME = """
apiVersion: v1
kind: PersistentVolume
metadata: {{name: {name}, labels: {{name: {name}}}}}
spec:
  capacity: {{storage: {size}}}
  accessModes: [ReadWriteOnce, ReadOnlyMany]
  hostPath: {{path: /srv}}
  {more}
"""
CLAIM = """
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {{name: {name}, namespace: shop}}
spec: {{accessModes: [{mode}], resources: {{requests: {{storage: {size}}}}}{more}}}
"""


def volume(name: str, size: str = "1Gi", more: str = "") -> str:
    return VOLUME.format(name=name, size=size, more=more)


def claim(name: str = "data", size: str = "1Gi", more: str = "", mode: str = "ReadWriteOnce") -> str:
    return CLAIM.format(name=name, size=size, more=more, mode=mode)


def bound(*documents: str) -> dict[str, str]:
    """Return the names of volumes by those of claims; the same for every order."""
    objects = [one.object for text in documents for one in load({"it.yaml": text.encode()}).manifests]
    claims = [one for one in objects if isinstance(one, PersistentVolumeClaim)]
    volumes = [one for one in objects if isinstance(one, PersistentVolume)]
    (found,) = {
        tuple(sorted((key[1], has.metadata.name) for key, has in bindings(some, others).bound.items()))
        for some in permutations(claims)
        for others in permutations(volumes)
    }
    return dict(found)


@pytest.mark.parametrize(
    ("documents", "expected"),
    [
        ((claim(),), {}),
        ((volume("a"), claim()), {"data": "a"}),
        ((volume("a", "512Mi"), claim()), {}),
        ((volume("a", "9Gi"), volume("b", "2Gi"), volume("c", "2Gi"), claim()), {"data": "b"}),
        ((volume("a"), claim(mode="ReadWriteMany")), {}),
        ((volume("a", more="storageClassName: manual"), claim()), {}),
        ((volume("a"), claim(more=", storageClassName: standard")), {}),
        ((volume("a"), claim(more=', storageClassName: ""')), {"data": "a"}),
        (
            (volume("a", more="storageClassName: m"), claim(more=", storageClassName: m")),
            {"data": "a"},
        ),
        ((volume("a"), volume("b"), claim(more=", selector: {matchLabels: {name: b}}")), {"data": "b"}),
        ((volume("a"), volume("b", "5Gi"), claim(more=", volumeName: b")), {"data": "b"}),
        (
            (volume("a", more="claimRef: {namespace: shop, name: data}"), volume("b", "1Gi"), claim()),
            {"data": "a"},
        ),
        ((volume("a", more="claimRef: {namespace: blog, name: data}"), claim()), {}),
        ((volume("a"), claim(), claim("other", more=", volumeName: a")), {"other": "a"}),
        ((volume("a"), claim(), claim("other")), {}),
        ((volume("a"), volume("b", "2Gi"), claim(), claim("other", "2Gi")), {"data": "a", "other": "b"}),
    ],
)
def test_a_claim_has_the_volume_that_suits_it(documents: tuple[str, ...], expected: dict[str, str]) -> None:
    assert bound(*documents) == expected
