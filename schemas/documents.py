"""The documents of a file: bytes to plain data, every problem with its place."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from yaml.error import MarkedYAMLError, YAMLError
from yaml.nodes import Node
from yaml.reader import ReaderError

from schemas.irregular import MOST_VALUES, irregularities, weigh
from schemas.nodes import DEEPEST, build, compose
from schemas.positions import Origin, field_path
from schemas.problems import Problem
from schemas.scalars import Irregular

LARGEST_FILE = 4 * 2**20
_PAIR = re.compile(r"(?<!\\)((?:\\\\)*)(\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2})")


@dataclass(frozen=True, slots=True)
class Document:
    """The plain data of a document, and where it stands."""

    origin: Origin
    data: Any


def documents(file: str, content: bytes) -> Iterator[Document | Problem]:
    """Yield the documents of a file that can be read, and a problem for each that can't.

    After text that isn't YAML nothing more of the file is read.
    """
    if len(content) > LARGEST_FILE:
        yield Problem(file, 0, 0, "", f"larger than {LARGEST_FILE // 2**20} MiB")
        return
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        yield _not_utf8(file, content, error.start)
        return
    try:
        yield from _documents(file, _joined(text) if file.endswith(".json") else text)
    except YAMLError as error:
        yield _not_yaml(file, text, error)


def _joined(text: str) -> str:
    """JSON may spell a character as a pair of surrogates, which YAML doesn't know."""
    return _PAIR.sub(lambda pair: pair[1] + json.loads(f'"{pair[2]}"'), text)


def _documents(file: str, text: str) -> Iterator[Document | Problem]:
    has_aliases = "&" in text and "*" in text
    room = MOST_VALUES
    for root in compose(text):
        weight = weigh(root) if has_aliases else None
        if has_aliases and weight is None:
            yield _at(file, root, "an alias contains itself")
            continue
        room -= weight.values if weight else 0
        if room < 0:
            yield _at(file, root, f"aliases stand for more than {MOST_VALUES} values: write less of them")
            return
        if weight and weight.depth > DEEPEST:
            yield _at(file, root, f"more than {DEEPEST} levels deep")
            continue
        yield from _document(Origin(file, *_slice(text, root)), root)


def _at(file: str, node: Node, message: str) -> Problem:
    return Problem(file, node.start_mark.line + 1, node.start_mark.column + 1, "", message)


def _slice(text: str, root: Node) -> tuple[int, str]:
    start = text.rfind("\n", 0, root.start_mark.index) + 1
    return root.start_mark.line, text[start : root.end_mark.index]


def _document(origin: Origin, root: Node) -> Iterator[Document | Problem]:
    try:
        yield Document(origin, build(root))
    except Irregular:
        for mark, path, message in irregularities(root):
            yield Problem(origin.file, mark.line + 1, mark.column + 1, field_path(path), message)


def _not_utf8(file: str, content: bytes, start: int) -> Problem:
    line = content.count(b"\n", 0, start) + 1
    column = start - content.rfind(b"\n", 0, start)
    return Problem(file, line, column, "", "not UTF-8: save the file as UTF-8")


def _not_yaml(file: str, text: str, error: YAMLError) -> Problem:
    if isinstance(error, MarkedYAMLError):
        mark = error.problem_mark or error.context_mark
        words = ", ".join(part for part in (error.problem, error.context) if part)
        return Problem(
            file, mark.line + 1 if mark else 0, mark.column + 1 if mark else 0, "", f"not YAML: {words}"
        )
    if isinstance(error, ReaderError):
        before = text.encode()[: error.position]
        line, column = before.count(b"\n") + 1, error.position - before.rfind(b"\n")
        return Problem(file, line, column, "", f"not YAML: {error.reason}")
    return Problem(file, 0, 0, "", f"not YAML: {error}")
