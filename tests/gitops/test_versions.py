"""Ranges of versions, as semver.org orders versions and npm reads ranges."""

import pytest

from gitops.git.versions import newest, version_of, within

ORDERED = ["1.0.0-alpha", "1.0.0-alpha.1", "1.0.0-alpha.beta", "1.0.0-beta", "1.0.0-beta.2", "1.0.0-beta.11"]
ORDERED += ["1.0.0-rc.1", "1.0.0", "1.0.1", "1.2.0", "1.10.0", "2.0.0"]


def test_versions_are_ordered_as_semver_says() -> None:
    found = [version for tag in reversed(ORDERED) if (version := version_of(tag))]

    assert sorted(found) == found[::-1]
    assert len(found) == len(ORDERED)


@pytest.mark.parametrize(
    ("wanted", "inside", "outside"),
    [
        ("^1.2.3", "1.2.3 1.9.0", "1.2.2 2.0.0 2.0.0-rc.1"),
        ("^1.2", "1.2.0 1.9.9", "1.1.9 2.0.0"),
        ("^1", "1.0.0 1.9.9", "0.9.0 2.0.0"),
        ("^0.2.3", "0.2.3 0.2.9", "0.3.0 1.0.0"),
        ("^0.0.3", "0.0.3", "0.0.4"),
        ("^0.0", "0.0.9", "0.1.0"),
        ("~1.2.3", "1.2.3 1.2.9", "1.3.0"),
        ("~1.2", "1.2.0 1.2.9", "1.3.0"),
        ("~1", "1.0.0 1.9.9", "2.0.0"),
        ("1.x", "1.0.0 1.9.9", "0.9.0 2.0.0"),
        ("1.2.*", "1.2.0 1.2.9", "1.3.0"),
        ("*", "0.0.0 9.9.9", "1.0.0-rc.1"),
        ("1.2.3", "1.2.3", "1.2.4"),
        (">=1.2 <2", "1.2.0 1.9.9", "1.1.9 2.0.0"),
        (">1.2", "1.3.0", "1.2.9"),
        ("<=1.2", "1.2.9", "1.3.0"),
        (">= 1.2.3", "1.2.3", "1.2.2"),
        ("^1 || ^3", "1.5.0 3.0.0", "2.0.0"),
        (">=1.2.3-rc.2", "1.2.3-rc.2 1.2.3-rc.3 1.2.3 2.0.0", "1.2.3-rc.1 1.3.0-rc.1"),
        ("^1.2.3-rc.2", "1.2.3-rc.2 1.9.0", "2.0.0-rc.1"),
    ],
)
def test_a_range_holds_what_it_should(wanted: str, inside: str, outside: str) -> None:
    holds = within(wanted)

    assert [one for one in inside.split() if not holds(version_of(one))] == []  # type: ignore[arg-type]
    assert [one for one in outside.split() if holds(version_of(one))] == []  # type: ignore[arg-type]


@pytest.mark.parametrize("wanted", ["", "one", "^", "1 ||", "^1,2", ">="])
def test_what_is_no_range_is_said_to_be_none(wanted: str) -> None:
    with pytest.raises(ValueError, match="range of versions"):
        within(wanted)


def test_the_highest_version_is_chosen_and_other_tags_are_left_alone() -> None:
    tags = ["v1.9.0", "v1.10.0", "v2.0.0-rc.1", "nightly", "1.2", "v01.20.0"]

    assert newest(tags, "^1") == "v1.10.0"
    assert newest(tags, "^3") is None
