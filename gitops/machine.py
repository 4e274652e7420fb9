"""What this machine has, as pods may be told it."""

import os
import socket
from contextlib import suppress
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from reconcilers.world import Machine

ELSEWHERE = ("192.0.2.1", 9)  # nobody has it (RFC 5737)


def this_machine() -> Machine:
    """Return its processors, its memory, and the address by which it reaches others."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return Machine(os.cpu_count() or 1, memory, _address(), _zone(), rootless=os.geteuid() != 0)


def _zone() -> str:
    """Return the name of the time zone of this machine's clocks, as TZ or /etc/localtime have it."""
    given = os.environ.get("TZ", "").removeprefix(":")
    place = given or os.path.realpath("/etc/localtime")
    name = place.partition("zoneinfo/")[2] or given
    return name if _is_zone(name) else "UTC"


def _is_zone(name: str) -> bool:
    with suppress(ZoneInfoNotFoundError, ValueError, OSError):
        return bool(name) and ZoneInfo(name) is not None
    return False


def free_memory() -> int | None:
    """Return how many bytes of memory nobody uses, as the kernel reckons; None where it doesn't say."""
    for line in Path("/proc/meminfo").read_text().splitlines():
        if line.startswith("MemAvailable:"):
            return int(line.split()[1]) * 1024
    return None


def _address() -> str:
    """Return where packets to elsewhere would come from; none is sent."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as line, suppress(OSError):
        line.connect(ELSEWHERE)
        return str(line.getsockname()[0])
    return "127.0.0.1"
