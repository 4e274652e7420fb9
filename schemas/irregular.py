"""What is wrong with a document that is valid YAML but no plain data, told node by node."""

from collections.abc import Iterator
from typing import NamedTuple

from yaml.error import Mark
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from schemas.model import Path
from schemas.nodes import COLLECTIONS, PLAIN, build, merged_in, name_of, own_pairs, refused_tag
from schemas.scalars import Irregular

MOST_VALUES = 1_000_000
_LONG_TEXT = 64


class Irregularity(NamedTuple):
    """One thing that is wrong, at its mark in the text."""

    mark: Mark
    path: Path
    message: str


def irregularities(node: Node, path: Path = ()) -> Iterator[Irregularity]:
    """Yield everything that keeps a tree of nodes from being plain data. The tree has no cycles."""
    if isinstance(node, ScalarNode):
        yield from _of_scalar(node, path)
    elif node.tag not in COLLECTIONS:
        yield Irregularity(node.start_mark, path, str(refused_tag(node)))
    elif isinstance(node, SequenceNode):
        for index, child in enumerate(node.value):
            yield from irregularities(child, (*path, index))
    elif isinstance(node, MappingNode):
        yield from _of_mapping(node, path)


def _of_scalar(node: ScalarNode, path: Path) -> Iterator[Irregularity]:
    try:
        build(node)
    except Irregular as error:
        yield Irregularity(node.start_mark, path, str(error))


def _of_mapping(node: MappingNode, path: Path) -> Iterator[Irregularity]:
    for source in merged_in(node):
        if not isinstance(source, MappingNode):
            yield Irregularity(source.start_mark, path, "<< merges mappings only")
    first: dict[str, int] = {}
    for key, value in own_pairs(node):
        name = _readable_name(key)
        if name is None:
            yield Irregularity(key.start_mark, path, _key_message(key))
            continue
        if name in first:
            yield Irregularity(key.start_mark, (*path, name), f"duplicate key, first in line {first[name]}")
        first.setdefault(name, key.start_mark.line + 1)
        yield from irregularities(value, (*path, name))


def _readable_name(key: Node) -> str | None:
    try:
        return name_of(key)
    except Irregular:
        return None


def _key_message(key: Node) -> str:
    if isinstance(key, MappingNode):
        return "a key must be a text; if {{ }} belongs to a template, render it first"
    if not isinstance(key, ScalarNode) or key.tag != PLAIN:
        return "a key must be a text"
    return f'a key must be a text: write "{key.value}" in quotes'


class Weight(NamedTuple):
    """How many values a node stands for once its aliases are followed, and how deep it is."""

    values: int
    depth: int


def weigh(root: Node) -> Weight | None:
    """Return a document's weight with its aliases followed, in linear time; None if it contains itself."""
    known: dict[int, Weight | None] = {}
    return _weigh(root, known)


def _weigh(node: Node, known: dict[int, Weight | None]) -> Weight | None:
    if id(node) in known:
        return known[id(node)]
    if isinstance(node, ScalarNode):
        return Weight(1 + len(node.value) // _LONG_TEXT, 0)
    known[id(node)] = None
    weights = [_weigh(child, known) for child in _children(node)]
    if None in weights:
        return None
    total = sum(each.values for each in weights if each)
    deepest = max((each.depth for each in weights if each), default=0)
    known[id(node)] = Weight(1 + total, 1 + deepest)
    return known[id(node)]


def _children(node: Node) -> Iterator[Node]:
    for child in node.value:
        if isinstance(child, tuple):
            yield from child
        else:
            yield child
