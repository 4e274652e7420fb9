"""YAML's nodes from libyaml, and plain data from nodes."""

from collections.abc import Iterator
from typing import Any, cast

from yaml import CSafeLoader
from yaml.composer import ComposerError
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from schemas.scalars import Irregular, resolve

DEEPEST = 100
PLAIN = "plain"
TEXT = "tag:yaml.org,2002:str"
MERGE = "<<"
_TYPES: dict[str, tuple[type, ...]] = {
    "tag:yaml.org,2002:null": (type(None),),
    "tag:yaml.org,2002:bool": (bool,),
    "tag:yaml.org,2002:int": (int,),
    "tag:yaml.org,2002:float": (int, float),
}
COLLECTIONS = frozenset({PLAIN, "tag:yaml.org,2002:map", "tag:yaml.org,2002:seq"})


class Parser(CSafeLoader):
    """libyaml's parser, used for its nodes only; a plain scalar's meaning is decided later."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self._depth = 0

    def resolve(self, kind: type[Node], value: Any, implicit: Any) -> str:  # noqa: ARG002 (libyaml's call)
        """Return the tag of a node that has none."""
        return PLAIN if kind is not ScalarNode or implicit[0] else TEXT

    def descend_resolver(self, parent: Node | None, index: Any) -> None:  # noqa: ARG002 (libyaml's call)
        """Count a level on the way down; libyaml recurses in C, where too deep is a crash."""
        self._depth += 1
        if self._depth > DEEPEST and parent is not None:
            raise ComposerError(None, None, f"more than {DEEPEST} levels deep", parent.start_mark)

    def ascend_resolver(self) -> None:
        """Count a level on the way up."""
        self._depth -= 1


def compose(text: str) -> Iterator[Node]:
    """Yield the root of every document; raises YAMLError at the first that can't be read."""
    parser = Parser(text)
    while parser.check_node():
        root = parser.get_node()
        if root is not None:
            yield root


def build(node: Node) -> Any:
    """Return the plain data of a node; raises Irregular if it is none."""
    if type(node) is ScalarNode:
        return resolve(node.value) if node.tag == PLAIN else tagged(node)
    if node.tag not in COLLECTIONS:
        raise refused_tag(node)
    if type(node) is SequenceNode:
        return [build(child) for child in node.value]
    return _mapping(cast(MappingNode, node))


def tagged(node: ScalarNode) -> Any:
    """Return the value of a scalar with a tag; raises Irregular where the tag doesn't fit."""
    if node.tag == TEXT:
        return node.value
    value = resolve(node.value)
    if type(value) not in _TYPES.get(node.tag, ()):
        raise refused_tag(node)
    return value


def refused_tag(node: Node) -> Irregular:
    """Return the error that names a node's tag."""
    short = node.tag.replace("tag:yaml.org,2002:", "!!")
    return Irregular(f"tag {short} is not allowed here: write plain YAML")


def _mapping(node: MappingNode) -> dict[str, Any]:
    data = {}
    for key, value in node.value:
        if key.value == MERGE and key.tag == PLAIN:
            return _merged(node)
        data[name_of(key)] = build(value)
    if len(data) != len(node.value):
        raise Irregular
    return data


def name_of(key: Node) -> str:
    """Return a key's name; raises Irregular for a key that is no text."""
    name = build(key) if type(key) is ScalarNode else None
    if type(name) is not str:
        raise Irregular
    return name


def is_merge(key: Node) -> bool:
    """Say whether a key merges other mappings into its own."""
    return bool(key.value == MERGE and key.tag == PLAIN)


def merged_in(node: MappingNode) -> list[Node]:
    """Return the mappings that a mapping merges in, the strongest first."""
    values = [value for key, value in node.value if is_merge(key)]
    return [each for value in values for each in (value.value if type(value) is SequenceNode else [value])]


def own_pairs(node: MappingNode) -> list[tuple[Node, Node]]:
    """Return the pairs that stand in a mapping itself."""
    return [(key, value) for key, value in node.value if not is_merge(key)]


def _merged(node: MappingNode) -> dict[str, Any]:
    data: dict[str, Any] = {}
    for source in reversed(merged_in(node)):
        if type(source) is not MappingNode:
            raise Irregular
        data |= _mapping(source)
    own = {name_of(key): build(value) for key, value in own_pairs(node)}
    if len(own) != len(own_pairs(node)):
        raise Irregular
    return data | own
