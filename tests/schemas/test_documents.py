"""Files become plain data, or problems; within bounds, whatever they hold."""

from typing import Any

import pytest

from schemas.documents import LARGEST_FILE, Document, documents
from schemas.problems import Problem


def _data(content: bytes) -> list[Any]:
    return [each.data if isinstance(each, Document) else str(each) for each in documents("f", content)]


@pytest.mark.parametrize(
    ("content", "data"),
    [
        (b"", []),
        (b"# nothing\n", []),
        (b"---\n---\n", [None, None]),
        (b"a: 1\n---\nb: 2\n", [{"a": 1}, {"b": 2}]),
        (b"--- {a: 1}\n--- [b]\n...\n", [{"a": 1}, ["b"]]),
        (b"a: &x {b: 1}\nc: *x\n", [{"a": {"b": 1}, "c": {"b": 1}}]),
        (b"a: &x {b: 1, c: 2}\nd: {<<: *x, b: 3}\n", [{"a": {"b": 1, "c": 2}, "d": {"b": 3, "c": 2}}]),
        (
            b"- &x {a: 1}\n- &y {a: 2, b: 2}\n- <<: [*x, *y]\n",
            [[{"a": 1}, {"a": 2, "b": 2}, {"a": 1, "b": 2}]],
        ),
        (b'"<<": {a: 1}\n', [{"<<": {"a": 1}}]),
        (b"a: '1'\nb: !!str 2\nc: |\n  3\n", [{"a": "1", "b": "2", "c": "3\n"}]),
        (b"{a: 1, # why\n b: [x, z,],}\n", [{"a": 1, "b": ["x", "z"]}]),
        (b"a: 1\r\nb: |\r\n  x\r\n  y\r\n", [{"a": 1, "b": "x\ny\n"}]),
        (b"\xef\xbb\xbfa: 1\n", [{"a": 1}]),
        (b'{"a":\t"\\u00e9\\/"}', [{"a": "\u00e9/"}]),
        (b"%YAML 1.1\n---\na: 1\n", [{"a": 1}]),
    ],
)
def test_a_file_is_read_as_kubernetes_reads_it(content: bytes, data: list[Any]) -> None:
    assert _data(content) == data


def test_a_document_knows_its_text_and_its_line() -> None:
    found = [
        each
        for each in documents("f", b"a: 1\n---\n\nb:\n  c: 2\n--- {d: 3}\n")
        if isinstance(each, Document)
    ]

    assert [(each.origin.first_line, each.origin.text) for each in found] == [
        (0, "a: 1\n"),
        (3, "b:\n  c: 2\n"),
        (5, "--- {d: 3}"),
    ]


def test_what_stands_before_an_error_is_still_read() -> None:
    good, bad = documents("f", b"a: 1\n---\nb: [\n")

    assert isinstance(good, Document)
    assert isinstance(bad, Problem)


def test_a_file_that_is_too_large_is_not_read() -> None:
    content = b"a" * (LARGEST_FILE + 1)

    assert _data(content) == ["f: larger than 4 MiB"]


@pytest.mark.parametrize("opening", [b"[", b"- ", b"{a: ", b"? ", b"- ["])
def test_depth_ends_before_the_machine_does(opening: bytes) -> None:
    found = _data(opening * 200_000)

    assert len(found) == 1
    assert "f:" in found[0]


def test_a_bomb_of_long_texts_goes_off_as_well() -> None:
    text = b"a: &a " + b"x" * 1_000_000 + b"\nb: [" + b",".join([b"*a"] * 1000) + b"]\n"

    assert _data(text) == ["f:1:1: aliases stand for more than 1000000 values: write less of them"]


def test_bombs_in_many_documents_count_together() -> None:
    bomb = b"a: &a [" + b"x," * 500 + b"]\nb: [" + b"*a," * 500 + b"]\n"

    found = _data(b"---\n".join([bomb] * 20))

    assert "more than 1000000 values" in found[-1]
    assert len(found) < 6
