"""Who is said to hold a port."""

from typing import Any

import pytest

from runtime.podman_ports import port_taken
from runtime.resources import Owner, Pod, Port

POD = Pod("shop.web", Owner("Pod", "shop", "web"), {}, "1:0", "shop", (), ports=(Port(80, 8080),))
HOLDER: dict[str, Any] = {
    "Names": ["other"],
    "State": "running",
    "Ports": [{"host_port": 8079, "container_port": 80, "range": 3}],
}
ROOT = "cannot listen on the TCP port: listen tcp4 :8080: bind: address already in use"


@pytest.mark.parametrize(
    "said",
    [
        ROOT,
        "rootlessport listen tcp 0.0.0.0:8080: bind: address already in use",
        "pasta failed: Failed to bind port 8080 (Address already in use)",
        "Address already in use",
    ],
)
def test_the_port_and_its_holder_are_named(said: str) -> None:
    told = port_taken(said, POD, [HOLDER])

    assert told == "port 8080 is taken by the container other; stop that, or choose another port"


@pytest.mark.parametrize(
    "other",
    [{**HOLDER, "State": "exited"}, {**HOLDER, "Ports": None}, {**HOLDER, "Names": ["shop.web"]}],
    ids=["stopped", "without-ports", "itself"],
)
def test_who_holds_no_port_is_not_blamed(other: dict[str, Any]) -> None:
    assert "a program that isn't a container" in (port_taken(ROOT, POD, [other]) or "")


def test_another_reason_is_about_no_port() -> None:
    assert port_taken("no such file", POD, [HOLDER]) is None
