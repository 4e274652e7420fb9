import io

import pytest

from gitops.execute import Result
from gitops.planning.steps import Pull, Remove, Start, Step
from gitops.telling.teller import Live, Plain, Silent, told, under_way
from runtime.resources import Image

PULL = Step(1, Pull(Image("app:2", "Always")), None, "its policy is to look for a newer one")
START = Step(2, Start("shop.web-0"), None, "it ended", needs=(1,))
REMOVE = Step(3, Remove("pod/shop.web-1"), None, "too many", needs=(2,))


def test_the_last_line_names_what_goes_on_and_counts_what_waits() -> None:
    assert under_way([PULL, START, REMOVE]) == "... pull image/app:2; 2 waiting for that"
    assert under_way([REMOVE]) == "... remove pod/shop.web-1"
    assert under_way([]) == ""


def test_a_terminal_keeps_what_has_ended_and_overwrites_what_goes_on() -> None:
    terminal = io.StringIO()
    live = Live(terminal)
    live.planned([PULL, START])

    live.ended(Result(PULL))
    live.ended(Result(START, error="no such file"))

    lines = terminal.getvalue().split("\n")
    assert [line.rpartition("\x1b[K")[2] for line in lines] == [
        told(Result(PULL)),
        told(Result(START, "no such file")),
        "",
    ]
    assert "start pod/shop.web-0" in lines[1]


def test_every_end_is_told_in_one_line() -> None:
    assert told(Result(PULL, notice="kept the local one")).startswith("  done    pull image/app:2: kept")
    assert told(Result(PULL, error="nobody there")).startswith("  failed  pull image/app:2: nobody")
    assert told(Result(START, held=True)).startswith("  held    start pod/shop.web-0: what it needs")
    assert told(Result(START, "it is gone", transient=True)) == "  held    start pod/shop.web-0: it is gone"


def test_who_answers_a_script_keeps_standard_output_clean(capsys: pytest.CaptureFixture[str]) -> None:
    silent = Silent()
    silent.planned([PULL])
    silent.ended(Result(PULL))
    silent.notice("the ledger was lost")

    told_here = capsys.readouterr()
    assert told_here.out == ""
    assert told_here.err == "notice: the ledger was lost\n"


def test_plain_lines_hold_no_control_characters(capsys: pytest.CaptureFixture[str]) -> None:
    plain = Plain()
    plain.planned([PULL])
    plain.ended(Result(PULL))

    assert "\x1b" not in capsys.readouterr().out
