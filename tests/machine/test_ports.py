"""The demo takes a port that nobody has."""

import socket

import pytest

from tests.machine import ports


@pytest.mark.parametrize("address", ["127.0.0.1", ""])
def test_a_port_that_somebody_listens_on_is_passed_over(address: str) -> None:
    with socket.create_server((address, 0)) as taken:
        port = taken.getsockname()[1]

        assert not ports.is_free(port, "127.0.0.1")
        assert ports.free([port, 0]) == 0


def test_the_first_free_candidate_is_taken() -> None:
    with socket.create_server(("127.0.0.1", 0)) as gone:
        port = gone.getsockname()[1]

    assert ports.free([port, 0]) == port
