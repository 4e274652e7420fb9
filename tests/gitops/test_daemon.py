"""What the daemon is told by signals is heard, however many come at once."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator

import pytest

from gitops.service import daemon

STORM = 300_000
LISTENS = f"""\
from {daemon.__name__} import Orders
orders = Orders()
orders.hear()
print("ready", flush=True)
while not orders.over:
    orders.wait()
"""


@pytest.fixture
def listener() -> Iterator[subprocess.Popen[str]]:
    """Start a process that hears as the daemon does, until it is told to end."""
    with subprocess.Popen([sys.executable, "-c", LISTENS], stdout=subprocess.PIPE, text=True) as running:
        assert running.stdout
        assert running.stdout.readline() == "ready\n"
        yield running
        running.kill()


@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGINT])
def test_a_storm_of_signals_stops_nobody_from_hearing_the_end(
    listener: subprocess.Popen[str], end: signal.Signals
) -> None:
    for _ in range(STORM):
        os.kill(listener.pid, signal.SIGHUP)
    listener.send_signal(end)

    assert listener.wait(60) == 0
