"""Where in a file a field stands: looked up only when there is a problem with it."""

import re
from dataclasses import dataclass
from functools import lru_cache

from yaml.error import Mark, YAMLError
from yaml.nodes import MappingNode, Node, SequenceNode

from schemas.model import Path
from schemas.nodes import compose, is_merge, merged_in
from schemas.problems import Problem

_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")


@dataclass(frozen=True, slots=True)
class Origin:
    """The text of the document that an object was written in, and its place in the file.

    ``first_line`` counts from 0; ``prefix`` leads to the object inside a List.
    """

    file: str
    first_line: int
    text: str
    prefix: Path = ()

    def problem(self, path: Path, message: str, *, at_key: bool = False) -> Problem:
        """Return a problem with the field at a path, placed at its value or at its key."""
        whole = self.prefix + path
        line, column = self.locate(path, at_key=at_key)
        return Problem(self.file, line, column, field_path(whole), message)

    def locate(self, path: Path, *, at_key: bool = False) -> tuple[int, int]:
        """Return line and column, from 1, of a field; of what is nearest around it if it isn't there."""
        root = _compose_one(self.text)
        if root is None:
            return self.first_line + 1, 1
        mark = _mark_of(root, self.prefix + path, at_key)
        return self.first_line + mark.line + 1, mark.column + 1

    def written(self, path: Path) -> str | None:
        """Return the text of a scalar as it was written, None for anything else."""
        root = _compose_one(self.text)
        node = _follow(root, self.prefix + path) if root else None
        return node.value if node is not None and isinstance(node.value, str) else None


def field_path(path: Path) -> str:
    """Spell a path as people do: ``spec.containers[0].image``, ``data["nginx.conf"]``."""
    return "".join(_step(step) for step in path).removeprefix(".")


def _step(step: str | int) -> str:
    if isinstance(step, int):
        return f"[{step}]"
    return f".{step}" if _WORD.fullmatch(step) else f'["{step}"]'


@lru_cache(maxsize=1)
def _compose_one(text: str) -> Node | None:
    try:
        return next(compose(text), None)
    except YAMLError:
        return None


def _mark_of(root: Node, path: Path, at_key: bool) -> Mark:
    node, mark = root, root.start_mark
    for step in path:
        pair = _child(node, step)
        if pair is None:
            return node.start_mark
        node, mark = pair[1], pair[0].start_mark
    return mark if at_key else node.start_mark


def _follow(root: Node, path: Path) -> Node | None:
    node = root
    for step in path:
        pair = _child(node, step)
        if pair is None:
            return None
        node = pair[1]
    return node


def _child(node: Node, step: str | int) -> tuple[Node, Node] | None:
    if isinstance(node, SequenceNode) and isinstance(step, int) and step < len(node.value):
        return node.value[step], node.value[step]
    if isinstance(node, MappingNode) and isinstance(step, str):
        return _pairs(node).get(step) or _merged_child(node, step)
    return None


@lru_cache(maxsize=8)
def _pairs(node: MappingNode) -> dict[str, tuple[Node, Node]]:
    return {
        key.value: (key, value)
        for key, value in reversed(node.value)
        if not is_merge(key) and type(key.value) is str
    }


def _merged_child(node: MappingNode, step: str) -> tuple[Node, Node] | None:
    found = (_child(source, step) for source in merged_in(node))
    return next((pair for pair in found if pair), None)
