"""The subnets that this machine reaches otherwise than by its default route."""

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
    found = {(row[1], int(row[7], 16).bit_count()) for row in rows if len(row) > 7}
    return tuple(sorted(f"{_dotted(subnet)}/{length}" for subnet, length in found if length))


def _dotted(number: str) -> str:
    return ".".join(str(byte) for byte in reversed(bytes.fromhex(number)))
