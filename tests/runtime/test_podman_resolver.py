"""Whether the resolver lives is told from its file; where that can't be told, it is left alone."""

from pathlib import Path

import pytest

from runtime.podman_resolver import PROCESS, _lives, _place


@pytest.mark.parametrize(
    ("written", "lives"),
    [
        (str(2**22 + 1), False),  # no process has such a number
        ("1", False),  # another program has its number by now
        ("", True),  # it is being written
        ("nonsense", True),
    ],
)
def test_a_process_is_the_resolver_or_is_not(tmp_path: Path, written: str, lives: bool) -> None:
    file = tmp_path / PROCESS
    file.write_text(written)

    assert _lives(file) is lives


def test_without_a_file_nobody_lives(tmp_path: Path) -> None:
    assert not _lives(tmp_path / PROCESS)


def test_the_place_of_a_process_that_ended_is_not_known() -> None:
    with pytest.raises(OSError):
        _place(2**22 + 1)
