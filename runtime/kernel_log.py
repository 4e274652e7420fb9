"""What the kernel has said of containers that it killed, where Podman doesn't tell.

Podman 4.3 with conmon 2.1.6 reports no OOMKilled under cgroup v1.
"""

import errno
import os
import re
import time
from collections.abc import Iterable, Iterator

LOG = "/dev/kmsg"
RECORD = 8192  # bytes; the kernel gives one whole record for each read
KILLED = re.compile(r"oom-kill:constraint=CONSTRAINT_MEMCG.*task_memcg=[^,]*libpod-([0-9a-f]{64})")
SLACK = 1.0  # seconds by which the kernel's clock may differ from ours


def killed_for_memory(container: str, since: float) -> bool:
    """Say whether the kernel has killed something in a container for its memory limit since that moment.

    False, too, where its log can't be read: it needs root, and forgets what is long past.
    """
    try:
        log = os.open(LOG, os.O_RDONLY | os.O_NONBLOCK)
    except OSError:
        return False
    try:
        booted = time.time() - time.monotonic()
        return any(at + booted >= since - SLACK for id_, at in kills(_records(log)) if id_ == container)
    finally:
        os.close(log)


def kills(records: Iterable[str]) -> Iterator[tuple[str, float]]:
    """Yield the containers in which something was killed, and when, in seconds since the machine started."""
    for record in records:
        head, _, said = record.partition(";")
        if match := KILLED.match(said):
            yield match[1], int(head.split(",")[2]) / 1e6


def _records(log: int) -> Iterator[str]:
    while True:
        try:
            yield os.read(log, RECORD).decode(errors="replace")
        except OSError as error:
            if error.errno != errno.EPIPE:  # what was next has been overwritten: go on behind it
                return
