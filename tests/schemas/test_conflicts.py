"""Two pods of one machine can't publish the same port."""

import pytest

from schemas.load import load

POD = """\
apiVersion: v1
kind: Pod
metadata: {name: %s}
spec:
  containers:
    - name: c
      image: x
      ports: [{containerPort: 80, %s}]
"""


def _messages(one: str, other: str) -> list[str]:
    files = {"a.yaml": (POD % ("a", one)).encode(), "b.yaml": (POD % ("b", other)).encode()}
    return [problem.message for problem in load(files).problems]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("hostPort: 80", "hostPort: 80"),
        ("hostPort: 80, hostIP: 10.0.0.1", "hostPort: 80"),
        ("hostPort: 80", "hostPort: 80, hostIP: 10.0.0.1"),
        ("hostPort: 80, hostIP: 0.0.0.0", "hostPort: 80, hostIP: 10.0.0.1"),
        ("hostPort: 80, hostIP: 10.0.0.1", "hostPort: 80, hostIP: 10.0.0.1, protocol: TCP"),
    ],
)
def test_the_same_port_is_a_conflict(one: str, other: str) -> None:
    assert _messages(one, other) == ["port 80/TCP is taken by Pod default/a in a.yaml:8"]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("hostPort: 80", "hostPort: 81"),
        ("hostPort: 80", "hostPort: 80, protocol: UDP"),
        ("hostPort: 80, hostIP: 10.0.0.1", "hostPort: 80, hostIP: 10.0.0.2"),
        ("hostPort: 0", "hostPort: 0"),
        ("name: a", "name: a"),
    ],
)
def test_different_ports_are_none(one: str, other: str) -> None:
    assert _messages(one, other) == []
