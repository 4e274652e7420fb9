import fcntl
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from runtime.lock import Holder, LockError, LockTimeout, hold, lock_directory

HOLDING = """
import sys
from pathlib import Path
from runtime.lock import hold
with hold(Path(sys.argv[1]), "engine", said="sloop apply --repo x"):
    print("held", flush=True)
    sys.stdin.read()
"""


@contextmanager
def another_process(directory: Path) -> Iterator[subprocess.Popen[str]]:
    """Have the lock held by another process until its input is closed."""
    command = [sys.executable, "-c", HOLDING, str(directory)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        yield process


def release(process: subprocess.Popen[str]) -> None:
    assert process.stdin is not None
    process.stdin.close()


def test_a_free_lock_is_taken_without_a_word(tmp_path: Path) -> None:
    told: list[Holder] = []

    with hold(tmp_path, "engine", said="sloop apply", waiting=told.append):
        signed = json.loads((tmp_path / "engine.lock").read_text())

    assert (told, signed["pid"], signed["command"]) == ([], os.getpid(), "sloop apply")


def test_a_lock_can_be_taken_again_and_again(tmp_path: Path) -> None:
    for _ in range(3):
        with hold(tmp_path, "engine", said="sloop apply", timeout=0):
            pass


def test_who_waits_is_told_once_by_whom_and_goes_on_when_it_is_free(tmp_path: Path) -> None:
    told: list[Holder] = []

    with another_process(tmp_path) as process:

        def waiting(holder: Holder) -> None:
            told.append(holder)
            release(process)

        with hold(tmp_path, "engine", said="sloop apply", waiting=waiting, timeout=30):
            pass

    assert [(one.pid, one.command) for one in told] == [(process.pid, "sloop apply --repo x")]


def test_who_waits_too_long_is_told_who_holds_it(tmp_path: Path) -> None:
    with another_process(tmp_path) as process:
        complaint = rf"`sloop apply --repo x` \(process {process.pid}\) is still at work after 0.05 s"
        with (
            pytest.raises(LockTimeout, match=complaint) as caught,
            hold(tmp_path, "engine", said="sloop apply", timeout=0.05),
        ):
            pass
        release(process)

    assert caught.value.holder.command == "sloop apply --repo x"


def test_a_lock_that_came_too_late_is_free_for_others(tmp_path: Path) -> None:
    with another_process(tmp_path) as process:
        with pytest.raises(LockTimeout), hold(tmp_path, "engine", said="late", timeout=0.01):
            pass
        release(process)

    with hold(tmp_path, "engine", said="sloop apply", timeout=30):
        pass


def test_a_killed_process_frees_its_lock(tmp_path: Path) -> None:
    with another_process(tmp_path) as process:
        process.send_signal(signal.SIGKILL)

        with hold(tmp_path, "engine", said="sloop apply", timeout=30):
            pass


def test_a_child_does_not_inherit_the_lock(tmp_path: Path) -> None:
    with hold(tmp_path, "engine", said="sloop apply"):
        child = subprocess.Popen(["cat"], stdin=subprocess.PIPE, close_fds=False)

    with child, hold(tmp_path, "engine", said="sloop apply", timeout=0):
        assert child.poll() is None


def test_threads_exclude_each_other(tmp_path: Path) -> None:
    inside: list[int] = []
    most: list[int] = []

    def work() -> None:
        for _ in range(20):
            with hold(tmp_path, "engine", said="sloop run", timeout=30):
                inside.append(1)
                most.append(len(inside))
                inside.pop()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert (max(most), len(most)) == (1, 80)


def test_different_names_do_not_exclude_each_other(tmp_path: Path) -> None:
    with hold(tmp_path, "one", said="sloop apply"), hold(tmp_path, "two", said="sloop apply", timeout=0):
        pass


@pytest.mark.parametrize("content", ["", "{", "[1]", '{"pid": 7}', "x" * 9000])
def test_stale_or_strange_content_is_harmless(tmp_path: Path, content: str) -> None:
    (tmp_path / "engine.lock").write_text(content)

    with (
        hold(tmp_path, "engine", said="sloop apply"),
        pytest.raises(LockTimeout) as caught,
        hold(tmp_path, "engine", said="second", timeout=0),
    ):
        pass

    assert caught.value.holder.command == "sloop apply"


@pytest.mark.parametrize("content", ["", "{", "[1]", '{"pid": 7}', "x" * 9000])
def test_a_holder_that_has_not_signed_yet_is_another_process(tmp_path: Path, content: str) -> None:
    (tmp_path / "engine.lock").write_text(content)

    with (tmp_path / "engine.lock").open() as taken:
        fcntl.flock(taken, fcntl.LOCK_EX)
        with pytest.raises(LockTimeout, match=r"^another process is still at work: wait"):
            with_lock_at_once(tmp_path)


def with_lock_at_once(directory: Path) -> None:
    with hold(directory, "engine", said="sloop apply", timeout=0):
        pass


def test_a_long_command_is_cut(tmp_path: Path) -> None:
    with (
        hold(tmp_path, "engine", said="⛵\udc80" * 5000),
        pytest.raises(LockTimeout) as caught,
        hold(tmp_path, "engine", said="second", timeout=0),
    ):
        pass

    assert caught.value.holder.command == "⛵\udc80" * 250


def test_the_directory_is_made_for_our_eyes_only(tmp_path: Path) -> None:
    with hold(tmp_path / "new", "engine", said="sloop apply"):
        modes = [(tmp_path / "new" / name).stat().st_mode & 0o777 for name in (".", "engine.lock")]

    assert modes == [0o700, 0o600]


def test_a_directory_that_others_may_write_to_is_refused(tmp_path: Path) -> None:
    tmp_path.chmod(0o777)

    complaint = "can be written to by others: make it your own"
    with pytest.raises(LockError, match=complaint), hold(tmp_path, "engine", said="sloop apply"):
        pass


def test_a_prepared_link_is_not_followed(tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_text("precious")
    (tmp_path / "engine.lock").symlink_to(victim)
    (tmp_path / "linked").symlink_to(tmp_path, target_is_directory=True)

    for directory, name in ((tmp_path, "engine"), (tmp_path / "linked", "other")):
        with pytest.raises(LockError, match="cannot lock"), hold(directory, name, said="sloop apply"):
            pass

    assert victim.read_text() == "precious"


def test_a_file_where_the_directory_should_be_is_an_error_of_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    complaint = r"cannot lock .*file/engine\.lock: .*; make .* of your own$"
    with pytest.raises(LockError, match=complaint), hold(tmp_path / "file", "engine", said="sloop apply"):
        pass


@pytest.mark.parametrize(
    ("user", "environment", "expected"),
    [
        (0, {"XDG_RUNTIME_DIR": "/run/user/0"}, "/run/sloop"),
        (1000, {"XDG_RUNTIME_DIR": "/run/user/1000"}, "/run/user/1000/sloop"),
    ],
)
def test_locks_have_one_place_for_each_user(user: int, environment: dict[str, str], expected: str) -> None:
    assert str(lock_directory(user, environment)) == expected


def test_without_a_runtime_directory_users_have_folders_of_their_own() -> None:
    assert lock_directory(1000, {}).name == "sloop-1000"
