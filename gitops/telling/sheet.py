"""What ``describe`` found, for people: a line per field, the same fields for every object."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from gitops.git.git_error import printable
from gitops.telling.show import last_output, table

Document = Mapping[str, Any]

AS_WRITTEN = frozenset(  # fields whose keys are the user's own words
    {
        "annotations",
        "binaryData",
        "containers",
        "data",
        "default",
        "defaultRequest",
        "endpoints",
        "labels",
        "max",
        "maxLimitRequestRatio",
        "min",
        "nodeLabels",
        "requests",
        "selector",
        "targetPorts",
    }
)
APART = frozenset({"events", "notices", "output"})
MOMENTS = frozenset({"created", "ended", "started", "time"})


def sheet(document: Document) -> Iterator[str]:
    """Yield all about one object; what is empty is left out."""
    fields = {key: value for key, value in document.items() if key not in APART}
    yield from _fields({**fields, "git": _git(document["git"])})
    if document["events"]:
        yield "Events:"
        heads = ("TIME (UTC)", "TYPE", "REASON", "MESSAGE")
        rows = [
            [_text(one, key) for key in ("time", "type", "reason", "message")] for one in document["events"]
        ]
        yield from (f"  {line}" for line in table(heads, rows))
    yield from last_output(document)


def _git(git: Document | None) -> Document:
    if git is None:
        return {}
    by = git["touched"]
    touched = f"{by['revision'][:7]} {by['author']}, {_text(by, 'time')}: {by['subject']}" if by else ""
    return {"file": f"{git['file']}:{git['line']}", "revision": git["revision"][:7], "lastTouched": touched}


def _fields(fields: Document, indent: str = "", *, raw: bool = False) -> Iterator[str]:
    shown = {key: value for key, value in fields.items() if _told(key, value)}
    heads = {key: f"{key if raw else _title(key)}:" for key in shown}
    width = max(map(len, heads.values()), default=0) + 2
    for key in shown:
        yield from _field(indent, heads[key].ljust(width), key, shown)


def _told(key: str, value: Any) -> bool:
    """Say whether a field is worth a line: not what is empty, nor that memory sufficed."""
    return value not in (None, "", [], {}) and not (key == "outOfMemory" and value is False)


def _field(indent: str, head: str, key: str, fields: Document) -> Iterator[str]:
    match fields[key]:
        case Mapping() as nested:
            yield f"{indent}{head.rstrip()}"
            yield from _fields(nested, f"{indent}  ", raw=key in AS_WRITTEN)
        case [Mapping(), *_] as several:
            yield f"{indent}{head.rstrip()}"
            yield from _several(several, f"{indent}  ")
        case [first, *more]:
            yield f"{indent}{head}{printable(str(first))}"
            yield from (f"{indent}{' ' * len(head)}{printable(str(one))}" for one in more)
        case str(text) if "\n" in text:
            yield f"{indent}{head.rstrip()}"
            yield from (f"{indent}  {line}" for line in printable(text).splitlines())
        case _:
            yield f"{indent}{head}{_text(fields, key)}"


def _several(documents: Sequence[Document], indent: str) -> Iterator[str]:
    for one in documents:
        yield f"{indent}{one['name']}:"
        yield from _fields({key: value for key, value in one.items() if key != "name"}, f"{indent}  ")


def _title(key: str) -> str:
    """Return ``exitCode`` as ``Exit code``."""
    return re.sub(r"(?<=[a-z])([A-Z])", lambda match: f" {match[1].lower()}", key).capitalize()


def _text(document: Document, key: str) -> str:
    value = document[key]
    if isinstance(value, bool):
        return "yes" if value else "no"
    return _moment(value) if key in MOMENTS else printable(str(value))


def _moment(time: str) -> str:
    return time[:19].replace("T", " ")
