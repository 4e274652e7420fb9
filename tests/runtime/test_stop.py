"""A signal ends what is under way, but nothing halfway that would be waited for afterwards."""

import signal
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import text

from runtime.database import open_database
from runtime.stop import Stopped, shielded, stoppable


@pytest.fixture(autouse=True)
def hearing() -> Iterator[None]:
    """Hear SIGINT, which a shell has its background commands ignore."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_is_raised_where_it_comes(number: signal.Signals) -> None:
    with pytest.raises(Stopped, match=f"stopped by {number.name}"), stoppable():
        signal.raise_signal(number)
        pytest.fail("it went on")


def test_a_signal_waits_for_the_end_of_the_outermost_shield() -> None:
    reached = []
    with pytest.raises(Stopped), stoppable():
        with shielded():
            with shielded():
                signal.raise_signal(signal.SIGTERM)
            reached.append("inside")
        reached.append("after")

    assert reached == ["inside"]


def test_a_shield_of_another_thread_keeps_no_signal_from_the_main_one() -> None:
    entered, leave = threading.Event(), threading.Event()

    def stand() -> None:
        with shielded():
            entered.set()
            leave.wait(10)

    thread = threading.Thread(target=stand)
    thread.start()
    entered.wait(10)
    with pytest.raises(Stopped), stoppable():
        signal.raise_signal(signal.SIGTERM)
    leave.set()
    thread.join()


def test_a_signal_that_nobody_waited_for_is_forgotten_with_its_command() -> None:
    with pytest.raises(ValueError, match="another"), stoppable(), shielded():
        signal.raise_signal(signal.SIGTERM)
        raise ValueError("another")

    with stoppable(), shielded():
        pass


def test_what_is_being_written_is_written_whole_and_more_can_be_after_a_signal(tmp_path: Path) -> None:
    with closing(open_database(tmp_path, pytest.fail)) as database:
        with pytest.raises(Stopped), stoppable(), database.writing() as connection:
            signal.raise_signal(signal.SIGTERM)
            connection.execute(text("CREATE TABLE marks (number)"))
        with database.writing() as connection:
            connection.execute(text("INSERT INTO marks VALUES (1)"))
            assert connection.execute(text("SELECT number FROM marks")).scalar_one() == 1
