"""Who stays after a check to deploy what was checked: heard to the end, and gone if nobody comes."""

import subprocess
import sys
from pathlib import Path

import pytest

from gitops.hook import handed_over, places, standby
from tests.machine.engine import until

SHA = "1" * 40
CHECKED = f"""
import os, sys, time
from pathlib import Path
from gitops.service import standby

def deploy():
    print("one")
    print("two", flush=True)
    {{ending}}

standby.WAIT = {{wait}}
standby.stay(Path(sys.argv[1]), "{SHA}", deploy)
"""


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / "state"


def check(state: Path, *, ending: str = "return 3", wait: float = 20) -> None:
    """Let a process check a commit, and come to its end; a copy of it stays."""
    code = CHECKED.format(ending=ending, wait=wait)
    done = subprocess.run(
        [sys.executable, "-c", code, str(state)], capture_output=True, check=True, timeout=20, text=True
    )
    assert (done.stdout, done.stderr) == ("", "")  # so nobody holds what git reads to its end


def test_the_second_hook_tells_what_it_says_and_ends_as_it_does(
    state: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    check(state)

    code = handed_over("deploy", SHA, str(state), standby(SHA))

    assert (code, capsys.readouterr().out) == (3, "one\ntwo\n")
    assert list(state.iterdir()) == []


def test_only_a_hook_that_deploys_asks_who_has_stayed() -> None:
    assert standby(SHA) in places("deploy", SHA)
    assert standby(SHA) not in places("check", SHA)


def test_where_it_dies_the_hook_does_the_work_itself(state: Path, capsys: pytest.CaptureFixture[str]) -> None:
    check(state, ending="os._exit(1)")

    assert handed_over("deploy", SHA, str(state), standby(SHA)) is None
    assert capsys.readouterr().out == "one\ntwo\n"


def test_it_goes_where_nobody_comes(state: Path) -> None:
    check(state, wait=0.1)

    until(lambda: not list(state.iterdir()))

    assert list(state.iterdir()) == []
    assert handed_over("deploy", SHA, str(state), standby(SHA)) is None


def test_where_nobody_can_stay_the_check_is_over_all_the_same(tmp_path: Path) -> None:
    (tmp_path / "state").touch()

    check(tmp_path / "state")

    assert handed_over("deploy", SHA, str(tmp_path / "state"), standby(SHA)) is None
