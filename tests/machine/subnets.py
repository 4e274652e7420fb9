"""Chooses addresses for a private engine that nobody on this machine uses."""

import ipaddress
import socket
import struct
from collections.abc import Collection
from pathlib import Path

Subnet = ipaddress.IPv4Network
BLOCKS = [Subnet(f"10.{second}.0.0/16") for second in range(200, 255)]


def routes() -> list[Subnet]:
    """Return the subnets that this machine reaches directly, from /proc/net/route."""
    rows = [line.split() for line in Path("/proc/net/route").read_text().splitlines()[1:]]
    return [subnet for row in rows if (subnet := Subnet((address(row[1]), address(row[7])))).prefixlen]


def address(column: str) -> str:
    """Read an address as the kernel prints it: hexadecimal, in the machine's byte order."""
    return socket.inet_ntoa(struct.pack("=L", int(column, 16)))


def free(taken: Collection[Subnet]) -> str:
    """Return the first block that overlaps with none of ``taken``."""
    return str(next(block for block in BLOCKS if not any(block.overlaps(subnet) for subnet in taken)))
