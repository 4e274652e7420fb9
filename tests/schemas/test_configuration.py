"""sloop.yaml: what is taken from it, and where what is wrong with it stands."""

import pytest

from schemas.configuration import Configuration, read
from schemas.durations import seconds
from schemas.shape import entries

TWO = """\
sources:
  - {name: shop, url: /srv/shop.git, interval: 1m}
  - {name: shop, url: "", intervall: 3}
pool: 10.1.1.1/8
"""


def told(text: str) -> list[str]:
    """Return all that is wrong with a file."""
    return [str(problem) for problem in read("sloop.yaml", text.encode()).problems]


def test_every_problem_is_told_with_its_place_and_the_nearest_name() -> None:
    assert told(TWO) == [
        "sloop.yaml:3:23: sources[1].url: must not be empty",
        "sloop.yaml:3:27: sources[1].intervall: unknown field (did you mean `interval`?)",
        "sloop.yaml:4:7: pool: must be an IPv4 network such as 10.144.0.0/12: 10.1.1.1/8 has host bits set",
    ]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("- a\n", "1:1: must be a mapping"),
        ("a: [\n", "not YAML"),
        ("node: a\n---\nnode: b\n", "3:1: a configuration is one document"),
        ("node: a\nnode: b\n", "2:1: node: "),
        ("sources: {name: a}\n", "1:10: sources: must be a list"),
        ("sources: [{name: A, url: x}]\n", "sources[0].name: must be lower-case"),
        ("sources: [{name: a, url: x, interval: soon}]\n", "no duration"),
        (
            "sources: [{name: a, url: x}, {name: a, url: z}]\n",
            "sources[1].name: another source has this name",
        ),
        ("sources: [{name: a, url: x}]\nrepo: z\n", "2:7: repo: stands beside `sources`"),
        ("repo: 3\n", 'write "3"'),
        ("sources: [{name: a, url: 'https://u:p@h/x'}]\n", "url: must not hold a password"),
        ("sources: [{name: a, url: /x, login: {user: a, passwordFile: b}}]\n", "login: is for http://"),
        ("sources: [{name: a, url: 'https://h/x', ssh: {key: b}}]\n", "ssh: is for ssh://"),
        ("sources: [{name: a, url: x, signedBy: {}}]\n", "names no file"),
    ],
)
def test_what_cannot_be_used_is_a_problem(text: str, problem: str) -> None:
    assert any(problem in one for one in told(text)), told(text)


@pytest.mark.parametrize("text", ["", "# nothing\n", "---\n", "{}\n"])
def test_an_empty_file_sets_nothing(text: str) -> None:
    found = read("sloop.yaml", text.encode())

    assert (found.value, found.problems) == ({}, ())


def test_only_what_is_written_is_set() -> None:
    found = read("sloop.yaml", b"podman: unix:///x\nsources: [{name: a, url: b, timeout: 1h30m}]\n")

    assert found.value == {"podman": "unix:///x", "sources": [{"name": "a", "url": "b", "timeout": 5400.0}]}


@pytest.mark.parametrize(
    ("text", "number"), [("90", 90), ("90s", 90), ("5m", 300), ("1h30m", 5400), ("250ms", 0.25), (7, 7)]
)
def test_a_duration_is_read_in_seconds(text: object, number: float) -> None:
    assert seconds(text) == number


@pytest.mark.parametrize("text", ["", "soon", "5d", "-1", "m", "1h 30m", None, True])
def test_what_is_no_duration_is_said_to_be_none(text: object) -> None:
    with pytest.raises(ValueError, match="no duration"):
        seconds(text)


def test_every_field_is_taken_or_refused_as_a_whole() -> None:
    assert {entry.kind for entry in entries(Configuration)} == {"honoured"}
