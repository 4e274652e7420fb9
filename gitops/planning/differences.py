"""Field by field, what differs between two documents.  deepdiff explains; it never decides."""

from collections.abc import Iterator, Mapping
from typing import Any

from gitops.planning.changes import Field
from runtime.resources import digest, short

HIDDEN_ANNOTATION = "kubectl.kubernetes.io/last-applied-configuration"  # repeats the whole object
KINDS = {
    "values_changed": "both",
    "type_changes": "both",
    "dictionary_item_added": "new",
    "iterable_item_added": "new",
    "dictionary_item_removed": "old",
    "iterable_item_removed": "old",
}


def differences(old: Mapping[str, Any], new: Mapping[str, Any], key: bytes) -> tuple[Field, ...]:
    """Return the differences by path; a Secret's values are masked before any comparison exists."""
    from deepdiff import DeepDiff  # late: it takes longer to load than most passes to run

    found = DeepDiff(masked(old, key), masked(new, key), view="tree")
    fields = [_field(level, KINDS[kind]) for kind, levels in found.items() for level in levels]
    return tuple(sorted(fields, key=lambda field: field.path))


def masked(document: Mapping[str, Any], key: bytes) -> Mapping[str, Any]:
    """Return a document in which a Secret's values are replaced by what tells only that they differ."""
    if document.get("kind") != "Secret":
        return document
    return {field: _masked(field, value, key) for field, value in document.items()}


def _masked(field: str, value: Any, key: bytes) -> Any:
    if field in ("data", "stringData") and isinstance(value, Mapping):
        return {name: _hidden(text, key) for name, text in value.items()}
    if field == "metadata" and isinstance(value, Mapping):
        return {name: _masked_annotations(name, one, key) for name, one in value.items()}
    return value


def _masked_annotations(name: str, value: Any, key: bytes) -> Any:
    if name != "annotations" or not isinstance(value, Mapping):
        return value
    return {one: _hidden(text, key) if one == HIDDEN_ANNOTATION else text for one, text in value.items()}


def _hidden(text: Any, key: bytes) -> str:
    return f"(hidden {short(digest(text, key))[:6]})"


def _field(level: Any, sides: str) -> Field:
    old = level.t1 if sides in ("both", "old") else None
    new = level.t2 if sides in ("both", "new") else None
    return Field("".join(_path(level.path(output_format="list"))).removeprefix("."), old, new)


def _path(parts: list[Any]) -> Iterator[str]:
    for part in parts:
        yield f"[{part}]" if isinstance(part, int) or "." in part else f".{part}"
