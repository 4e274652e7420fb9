"""The subnets that this machine reaches otherwise than by its default route."""

import ipaddress
from pathlib import Path

TABLE = Path("/proc/net/route")


def routes() -> tuple[str, ...]:
    """Return the IPv4 subnets in the kernel's table, as `10.0.0.0/8`; none where there is no table."""
    try:
        return routes_in(TABLE.read_text())
    except OSError:
        return ()


def routes_in(table: str) -> tuple[str, ...]:
    """Read the kernel's table.  Its numbers are hexadecimal, in this machine's order of bytes."""
    rows = [line.split() for line in table.splitlines()[1:]]
    subnets = {f"{_address(row[1])}/{_address(row[7])}" for row in rows if len(row) > 7}
    found = {ipaddress.IPv4Network(subnet, strict=False) for subnet in subnets}
    return tuple(str(subnet) for subnet in sorted(found) if subnet.prefixlen)


def _address(number: str) -> ipaddress.IPv4Address:
    return ipaddress.IPv4Address(bytes.fromhex(number)[::-1])
