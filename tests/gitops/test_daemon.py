"""What the daemon is told by signals is heard, however many come at once."""

import os
import select
import signal
import subprocess
import sys
from collections.abc import Iterator

import pytest

from gitops.service import daemon

STORM = 300_000
TIMES = 100
PATIENCE = 30.0  # seconds
LISTENS = f"""\
import subprocess, sys, threading
from {daemon.__name__} import Orders
def start():
    while True:
        subprocess.run(["true"])
starters = int(sys.argv[1])
orders = Orders()
orders.hear()
for _ in range(starters):
    threading.Thread(target=start, daemon=True).start()
print("ready", flush=True)
over = False
while not over:
    orders.wait()
    over = orders.over  # it may be told while what was heard before is still being printed
    if starters:  # else there are more than anybody reads
        print("heard", flush=True)
"""


@pytest.fixture
def starters() -> int:
    """Return how many threads start one process after another meanwhile."""
    return 0


@pytest.fixture
def listener(starters: int) -> Iterator[subprocess.Popen[str]]:
    """Start a process that hears as the daemon does, until it is told to end."""
    command = [sys.executable, "-c", LISTENS, str(starters)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, bufsize=1) as running:
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


@pytest.mark.parametrize("starters", [3])
def test_what_comes_while_other_threads_start_processes_is_heard_at_once(
    listener: subprocess.Popen[str],
) -> None:
    assert listener.stdout
    for number in (*[signal.SIGHUP] * TIMES, signal.SIGTERM):
        listener.send_signal(number)
        assert select.select([listener.stdout], [], [], PATIENCE)[0], number
        assert listener.stdout.readline() == "heard\n"
    assert listener.wait(PATIENCE) == 0
