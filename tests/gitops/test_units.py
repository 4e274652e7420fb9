"""The text of the units; what systemd makes of them is for tests/systemd."""

from dataclasses import replace
from pathlib import Path

import pytest

from gitops.service.install import install
from gitops.service.units import MARK, Wish, enabled, quoted, units
from gitops.settings import Settings, SettingsError

TICK = Wish(user=False, period=60.0, words=("/opt/sloop", "--repo", "/srv/site.git"))


@pytest.mark.parametrize(
    ("word", "spelt"),
    [
        ("/opt/my sloop/bin", '"/opt/my sloop/bin"'),
        ("50%", "50%%"),
        ("$HOME", "$$HOME"),
        ("it's", '"it\'s"'),
        ('say "a\\b"', '"say \\"a\\\\b\\""'),
        ("", '""'),
        ("a;b", '"a;b"'),
    ],
)
def test_a_word_reaches_the_program_as_it_is(word: str, spelt: str) -> None:
    assert quoted(["sloop", word]) == f"sloop {spelt}"


def test_a_timer_ticks_after_the_last_one_ended_and_a_daemon_needs_none() -> None:
    daemon = replace(TICK, period=None)

    assert sorted(units(TICK)) == ["sloop.service", "sloop.timer"]
    assert "OnUnitInactiveSec=60s\nRandomizedDelaySec=6s\n" in units(TICK)["sloop.timer"]
    assert "apply --or-last-good" in units(TICK)["sloop.service"]
    assert "[Install]" not in units(TICK)["sloop.service"]
    assert sorted(units(daemon)) == ["sloop.service"]
    assert "Type=notify\n" in units(daemon)["sloop.service"]
    assert (enabled(TICK), enabled(daemon)) == ("sloop.timer", "sloop.service")


def test_every_unit_says_whose_it_is() -> None:
    assert {text.partition("\n")[0] for text in units(TICK).values()} == {MARK}


def test_a_users_unit_asks_for_nothing_that_only_root_may() -> None:
    own = units(replace(TICK, user=True, period=None))["sloop.service"]

    assert "WantedBy=default.target" in own
    assert [line for line in own.splitlines() if line.startswith(("Capability", "Protect", "Device"))] == []


@pytest.mark.parametrize(
    ("repo", "word"), [(None, "--repo"), ("https://ada:secret@example.org/site.git", "readable by all")]
)
def test_what_would_not_do_in_a_unit_is_refused_before_anything_is_written(
    repo: str | None, word: str, tmp_path: Path
) -> None:
    with pytest.raises(SettingsError, match=word) as refused:
        install(Settings(repo=repo, state=tmp_path), user=True, period=60.0)

    assert "secret" not in str(refused.value)
