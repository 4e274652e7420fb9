import json
from typing import Any

import pytest

from runtime.probes import Exec, Grpc, Http, Kind, Probe, Tcp, Unclear, read_probes

QUESTIONS = [
    ({"httpGet": {"port": 80}}, Http(80)),
    ({"httpGet": {"port": 80, "path": None, "host": None}}, Http(80)),
    ({"httpGet": {"port": 443, "scheme": "HTTPS", "path": "/live?x=1"}}, Http(443, "/live?x=1", secure=True)),
    ({"httpGet": {"port": 80, "host": "10.0.0.1"}}, Http(80, host="10.0.0.1")),
    (
        {"httpGet": {"port": 80, "httpHeaders": [{"name": "Host", "value": "shop"}, {"name": "X"}]}},
        Http(80, headers=(("Host", "shop"), ("X", ""))),
    ),
    ({"tcpSocket": {"port": 5432}}, Tcp(5432)),
    ({"tcpSocket": {"port": 5432, "host": "::1"}}, Tcp(5432, "::1")),
    ({"grpc": {"port": 9090}}, Grpc(9090)),
    ({"grpc": {"port": 9090, "service": "cart"}}, Grpc(9090, "cart")),
    ({"exec": {"command": ["test", "-e", "/ready"]}}, Exec(("test", "-e", "/ready"))),
    ({"httpGet": {"port": "web"}}, Unclear("the container has no port named web")),
    ({"tcpSocket": {"port": "web"}}, Unclear("the container has no port named web")),
    ({"telepathy": {}}, Unclear("it asks nothing that is known here")),
]
UNREADABLE = ["", "[]", "{", "null", '{"main": 1}', '{"main": {"hope": {}}}', '{"main": {"readiness": []}}']


def read(written: dict[str, Any]) -> Probe:
    (probe,) = read_probes(json.dumps({"main": {"readiness": written}}))
    return probe


@pytest.mark.parametrize(("written", "question"), QUESTIONS)
def test_a_question_is_read_as_it_is_written(written: dict[str, Any], question: object) -> None:
    assert read(written).question == question


def test_what_isnt_written_is_as_kubernetes_has_it() -> None:
    probe = read({"tcpSocket": {"port": 1}})

    assert (probe.initial_delay, probe.period, probe.timeout) == (0, 10, 1)
    assert (probe.success_threshold, probe.failure_threshold) == (1, 3)


def test_what_is_written_counts() -> None:
    times = {"initialDelaySeconds": 1, "periodSeconds": 2, "timeoutSeconds": 3}
    thresholds = {"successThreshold": 4, "failureThreshold": 5}

    assert read({"tcpSocket": {"port": 1}, **times, **thresholds}) == Probe(
        "main", Kind.READINESS, Tcp(1), 1, 2, 3, 4, 5
    )


def test_fields_of_a_later_release_are_left_alone() -> None:
    assert read({"tcpSocket": {"port": 1, "colour": "red"}, "mood": "good"}).question == Tcp(1)


def test_probes_of_all_containers_and_kinds_are_read() -> None:
    tcp = {"tcpSocket": {"port": 1}}
    label = json.dumps({"a": {"startup": tcp, "liveness": tcp}, "b": {"readiness": tcp}})

    assert [(probe.container, str(probe.kind)) for probe in read_probes(label)] == [
        ("a", "startup"),
        ("a", "liveness"),
        ("b", "readiness"),
    ]


@pytest.mark.parametrize("label", UNREADABLE)
def test_a_label_that_cant_be_read_makes_a_pod_that_is_never_ready(label: str) -> None:
    probes = read_probes(label)

    assert [(probe.kind, type(probe.question)) for probe in probes] == [(Kind.READINESS, Unclear)]
