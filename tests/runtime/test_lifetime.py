"""A process's age, told by the kernel."""

import os
import subprocess
import sys
import time

from runtime.lifetime import TICKS, lifetime


def test_a_process_grows_older_as_time_goes_by() -> None:
    before = time.monotonic()
    first = lifetime(os.getpid())
    while time.monotonic() < before + 2 / TICKS:
        pass

    assert 0 < first < lifetime(os.getpid())


def test_a_young_process_is_younger_than_who_started_it() -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as child:
        assert 0 <= lifetime(child.pid) < lifetime(os.getpid())
        child.communicate(b"\n")


def test_who_has_ended_has_no_age_even_if_nobody_was_told() -> None:
    with subprocess.Popen(["true"]) as child:
        os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
        unheard = lifetime(child.pid)

    assert (unheard, lifetime(child.pid)) == (0, 0)
