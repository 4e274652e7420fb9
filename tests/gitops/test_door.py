"""The door of a daemon, and the hook's own client that knocks at it, by a real socket."""

import os
import threading
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from gitops.alone import WAITING, alone
from gitops.hook import SOCKET, handed_over
from gitops.service.door import LARGEST, Line, open_door

SHA = "1" * 40


def answering(code: int | None, *lines: str) -> Callable[[Sequence[str], Line], int | None]:
    def answer(words: Sequence[str], say: Line) -> int | None:
        for line in (*lines, *(["|".join(words)] if code is not None else [])):
            say(line)
        return code

    return answer


def test_what_is_handed_over_is_answered_line_by_line_with_an_exit_code(
    state: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    state.mkdir()
    monkeypatch.setenv("GIT_QUARANTINE_PATH", "/quarantine")
    with open_door(state, answering(3, "one\ntwo"), print):
        code = handed_over("deploy", SHA, str(state))

    asked = f"deploy|{SHA}|{Path.cwd()}|GIT_QUARANTINE_PATH=/quarantine"
    assert (code, capsys.readouterr().out.splitlines()) == (3, ["one", "two", asked])


def test_a_state_directory_may_have_a_path_too_long_for_a_socket(tmp_path: Path) -> None:
    long = tmp_path / ("x" * 120)
    long.mkdir()

    with open_door(long, answering(0), print):
        assert handed_over("check", SHA, str(long)) == 0


def test_where_nobody_listens_or_it_is_nobodys_the_hook_does_the_work(state: Path) -> None:
    assert handed_over("check", SHA, str(state)) is None
    state.mkdir()
    with open_door(state, answering(None), print):
        assert handed_over("check", SHA, str(state)) is None
        assert (state / SOCKET).stat().st_mode & 0o777 == 0o600

    assert not (state / SOCKET).exists()
    assert handed_over("check", SHA, str(state)) is None


def test_a_request_that_is_too_large_is_nobodys(state: Path) -> None:
    state.mkdir()

    with open_door(state, answering(0), print):
        assert handed_over("check", "x" * (LARGEST + 1), str(state)) is None


def test_a_second_daemon_leaves_the_door_to_the_first_and_says_so(state: Path) -> None:
    state.mkdir()
    told: list[str] = []
    with open_door(state, answering(7), told.append):
        with open_door(state, answering(0), told.append):
            assert handed_over("check", SHA, str(state)) == 7
        assert handed_over("check", SHA, str(state)) == 7

    assert [line for line in told if "handed to another daemon" in line] == told != []


def test_the_socket_of_a_daemon_that_was_killed_is_in_nobodys_way(state: Path) -> None:
    state.mkdir()
    os.mknod(state / SOCKET)

    with open_door(state, answering(0), print):
        assert handed_over("check", SHA, str(state)) == 0


def test_a_source_is_left_to_a_command_until_it_hangs_up_and_then_looked_at(state: Path) -> None:
    state.mkdir()
    left, over, told = threading.Event(), threading.Event(), list[str]()

    def leave(words: Sequence[str], line: Line) -> int:
        assert list(words) == ["aside", "0123"]
        left.set()
        line("yours")
        while line.is_open(60):
            pass
        over.set()
        return 0

    with open_door(state, leave, print):
        with alone(state, "0123", told.append):
            assert left.is_set()
            assert not over.is_set()
        assert over.wait(5)
    assert told == []


def test_a_command_waits_for_the_end_of_a_pass_and_goes_on_where_there_is_no_daemon(state: Path) -> None:
    state.mkdir()
    told: list[str] = []
    waited = threading.Event()

    def tell(text: str) -> None:
        told.append(text)
        waited.set()

    with open_door(state, lambda *_: 0 if waited.wait(60) else None, print), alone(state, "0123", tell):
        assert told == [WAITING]
    with alone(state, "0123", tell):
        assert told == [WAITING]
