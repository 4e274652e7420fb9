"""What Podman's lists tell, of one answer that Podman 4.3.1 gave."""

from typing import Any

import pytest

from runtime.podman_seen import (
    exit_of,
    happening_of,
    networks_of,
    pods_of,
    references_of,
    seconds,
    volumes_of,
)
from runtime.seen import Exit, Happening, SeenNetwork, SeenPod, SeenVolume

CONTAINER = {
    "Created": "2026-11-22T11:00:19.444237393Z",
    "ExitedAt": -62135596800,
    "ExitCode": 0,
    "Id": "d7074d",
    "Image": "localhost/busybox:1",
    "ImageID": "2c2b77",
    "Labels": {"a": "b"},
    "Names": ["c1"],
    "Networks": ["n2", "n1"],
    "Pid": 8731,
    "StartedAt": 1795345219,
    "State": "running",
}


def test_a_container_is_a_pod_that_never_ended() -> None:
    assert pods_of([CONTAINER]) == (
        SeenPod(
            id="d7074d",
            name="c1",
            labels={"a": "b"},
            state="running",
            image="localhost/busybox:1",
            image_id="2c2b77",
            networks=("n1", "n2"),
            created=1795345219.444237,
            started=1795345219,
            ended=0,
            exit_code=0,
            pid=8731,
        ),
    )


def test_nothing_is_told_as_null() -> None:
    (pod,) = pods_of([{**CONTAINER, "Labels": None, "Networks": None, "StartedAt": -62135596800}])

    assert (pod.labels, pod.networks, pod.started) == ({}, (), 0)


def test_networks_and_volumes_have_labels_or_none() -> None:
    networks: list[dict[str, Any]] = [
        {"name": "shop", "labels": {"a": "b"}, "subnets": [{"subnet": "10.0.0.0/20"}]},
        {"name": "bare"},
    ]
    volumes: list[dict[str, Any]] = [
        {"Name": "claim", "Labels": {"a": "b"}},
        {"Name": "files", "Labels": None},
    ]

    assert networks_of(networks) == (
        SeenNetwork("shop", {"a": "b"}, ("10.0.0.0/20",)),
        SeenNetwork("bare", {}, ()),
    )
    assert volumes_of(volumes, {"files": ("1:0", "a note", 7.0)}) == (
        SeenVolume("claim", {"a": "b"}, ""),
        SeenVolume("files", {}, "1:0", "a note", 7.0),
    )


@pytest.mark.parametrize(
    ("tag", "ways"),
    [
        ("localhost/web:1", {"localhost/web:1", "web:1"}),
        ("localhost/web:latest", {"localhost/web:latest", "localhost/web", "web:latest", "web"}),
        (
            "docker.io/library/redis:7",
            {"docker.io/library/redis:7", "docker.io/redis:7", "library/redis:7", "redis:7"},
        ),
        ("quay.io/shop/web:1", {"quay.io/shop/web:1"}),
    ],
)
def test_an_image_is_written_in_several_ways(tag: str, ways: set[str]) -> None:
    written = references_of([{"Id": "2c2b77", "RepoTags": [tag], "RepoDigests": None}])

    assert ways | {"2c2b77"} <= written


def test_an_end_is_told_by_inspect() -> None:
    state = {"OOMKilled": True, "Error": "no space"}

    assert exit_of({"State": state, "RestartCount": 3}) == Exit(3, True, "no space")
    assert exit_of({"State": {}}) == Exit(0, False, "")


@pytest.mark.parametrize("action", ["init", "exec", "cleanup", "health_status", "mount"])
def test_what_changes_nothing_is_no_happening(action: str) -> None:
    assert happening_of({"Action": action, "Actor": {"Attributes": {"name": "c1"}}}) is None


def test_a_happening_has_a_name_and_labels() -> None:
    event: dict[str, Any] = {"Action": "died", "Actor": {"Attributes": {"name": "c1", "sloop/pod": "c1"}}}

    assert happening_of(event) == Happening("died", "c1", {"name": "c1", "sloop/pod": "c1"})


@pytest.mark.parametrize(
    "text", ["2026-11-22T11:00:19.5Z", "2026-11-22T12:00:19.500000000+01:00", "2026-11-22T11:00:19.50Z"]
)
def test_go_writes_one_time_in_many_ways(text: str) -> None:
    assert seconds(text) == 1795345219.5
