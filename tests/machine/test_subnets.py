"""A private engine's addresses are nobody else's."""

import sys

import pytest

from tests.machine import subnets
from tests.machine.subnets import Subnet


@pytest.mark.parametrize(
    ("taken", "chosen"),
    [
        ([], "10.200.0.0/16"),
        ([Subnet("10.200.7.0/24")], "10.201.0.0/16"),
        ([Subnet("10.192.0.0/11")], "10.224.0.0/16"),
        ([Subnet("192.168.0.0/16"), Subnet("10.89.0.0/16")], "10.200.0.0/16"),
    ],
)
def test_the_first_block_that_overlaps_with_nothing_is_chosen(taken: list[Subnet], chosen: str) -> None:
    assert subnets.free(taken) == chosen


def test_an_address_is_read_as_the_kernel_prints_it() -> None:
    assert subnets.address(f"{int.from_bytes(bytes([10, 89, 0, 1]), sys.byteorder):08X}") == "10.89.0.1"


def test_the_default_route_takes_no_address() -> None:
    assert Subnet("0.0.0.0/0") not in subnets.routes()
