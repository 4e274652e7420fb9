"""Documents as text for people: a line per object, what differs under it, the summary last."""

import difflib
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

Document = Mapping[str, Any]

CAUSED_BY_GIT = "From git:"
ASKED_HERE = "Asked for on this machine:"
DRIFTED_HERE = "Drifted on this machine:"
LONGEST = 100  # characters of a value that are shown


def changes(document: Document) -> Iterator[str]:
    """Yield what changes: what git changed apart from what drifted, the steps, the summary."""
    yield from announced(document)
    if document["steps"]:
        yield "Steps:"
        yield from (f"  {step(one)}" for one in document["steps"])
    yield from notices(document)
    yield summary(document)


def announced(document: Document) -> Iterator[str]:
    """Yield what changes, before it does; its steps follow one by one."""
    by_cause: dict[str, list[Document]] = {CAUSED_BY_GIT: [], ASKED_HERE: [], DRIFTED_HERE: []}
    for change in document["changes"]:
        by_cause[_where_from(change)].append(change)
    for title, found in by_cause.items():
        yield from _section(title, found)


def counted(number: int, noun: str) -> str:
    """Return a number with its noun: ``1 file``, ``2 files``."""
    return f"{number} {noun}{'' if number == 1 else 's'}"


def step(one: Document) -> str:
    """Return a step in one line."""
    needs = f" (after {', '.join(map(str, one['needs']))})" if one["needs"] else ""
    return f"{one['number']:>3} {one['verb']} {one['resource']}: {one['reason']}{needs}{_of(one)}"


def _of(one: Document) -> str:
    return f"  ({one['source']})" if "source" in one else ""


def summary(document: Document) -> str:
    """Return the last line: how many changes of which sort, and to which commit."""
    counts = document["summary"]
    words = [
        f"{counts[verdict]} to {verdict}"
        for verdict in ("create", "update", "delete", "adopt")
        if counts[verdict]
    ]
    words += [f"{counts['drift']} drifted"] if counts["drift"] else []
    told = ", ".join(words) or "nothing to do"
    where = f"revision {document['revision'][:7]}" if document["revision"] else ""
    several = f"{len(document['sources'])} sources" if document.get("sources") else ""
    return f"{told} ({'; '.join(filter(None, [where or several, counts.get('outcome')]))})"


def status(document: Document) -> Iterator[str]:
    """Yield one line per object, what is wrong with it behind, and the whole in the last line."""
    rows = [
        (
            f"{one['kind']}/{one['name']}",
            one["namespace"] or "",
            one["sync"],
            one["health"],
            one["ready"],
            one["reason"],
        )
        for one in document["objects"]
    ]
    heads = ("OBJECT", "NAMESPACE", "SYNC", "HEALTH", "READY", "REASON")
    yield from table(*_with_source(document["objects"], heads, rows))
    for one in document.get("sources", [document]):
        yield from _how_it_fares(one, f"{one['source']}: " if "sources" in document else "")
    yield from document.get("strays", ())


def _how_it_fares(source: Document, before: str) -> Iterator[str]:
    why = (source.get("suspended"), source.get("behind"), *source.get("abandoned", ()))
    yield from (f"{before}{line}" for line in why if line)
    revision, place = (source["revision"] or "")[:7], source.get("url", source["source"])
    yield f"{before}{source['sync']}, {source['health']} (revision {revision} of {place})"


def _with_source(
    documents: Sequence[Document], heads: tuple[str, ...], rows: Sequence[tuple[str, ...]]
) -> tuple[tuple[str, ...], Sequence[tuple[str, ...]]]:
    """Put the source in front of each row, where several are told of."""
    if not any("source" in one for one in documents):
        return heads, rows
    return ("SOURCE", *heads), [(one["source"], *row) for one, row in zip(documents, rows, strict=True)]


def history(runs: Sequence[Document]) -> Iterator[str]:
    """Yield one line per run, newest first."""
    rows = [
        (
            run["revision"][:7],
            (run["finished"] or run["started"])[:19].replace("T", " "),
            run["outcome"] or "Running",
            run["trigger"],
            run["author"],
            run["subject"] + (f" ({_in_a_line(run['message'])})" if run["message"] else ""),
        )
        for run in runs
    ]
    heads = ("REVISION", "WHEN (UTC)", "OUTCOME", "TRIGGER", "AUTHOR", "SUBJECT")
    yield from table(*_with_source(runs, heads, rows))


def _in_a_line(message: str) -> str:
    first, *more = message.splitlines()
    return f"{first} and {len(more)} more" if more else first


def revisions(found: Sequence[Document]) -> Iterator[str]:
    """Yield one line per revision of an object, newest first."""
    rows = [
        (
            str(one["revision"]),
            one["template"],
            (one["since"] or "?")[:19].replace("T", " "),
            one["commit"][:7],
            one["author"],
            one["cause"],
        )
        for one in found
    ]
    yield from table(("REVISION", "TEMPLATE", "SINCE (UTC)", "COMMIT", "AUTHOR", "CAUSE"), rows)


def events(found: Sequence[Document]) -> Iterator[str]:
    """Yield one line per event."""
    rows = [
        (one["time"][:19].replace("T", " "), one["type"], one["reason"], one["object"] or "", one["message"])
        for one in found
    ]
    yield from table(*_with_source(found, ("TIME (UTC)", "TYPE", "REASON", "OBJECT", "MESSAGE"), rows))


def last_output(document: Document) -> Iterator[str]:
    """Yield the last lines that pods have said."""
    for one in document["output"]:
        yield f"Last output of {one['pod']}:"
        yield from (f"  {line}" for line in one["lines"] or ["(none)"])


def notices(document: Document) -> Iterator[str]:
    """Yield what is worth knowing."""
    return (f"notice: {notice}" for notice in document["notices"])


def table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Yield rows under their heads, columns as wide as their widest cell."""
    everything = [heads, *rows]
    widths = [max(len(row[column]) for row in everything) for column in range(len(heads))]
    for row in everything:
        yield "   ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()


def _where_from(change: Document) -> str:
    if change["asked"]:
        return ASKED_HERE
    return DRIFTED_HERE if change["verdict"] == "drift" else CAUSED_BY_GIT


def _section(title: str, found: Sequence[Document]) -> Iterator[str]:
    if found:
        yield title
    for change in found:
        yield from _change(change)


def _change(change: Document) -> Iterator[str]:
    place = f"{change['namespace']}/" if change["namespace"] else ""
    consequence = "" if change["consequence"] == "none" else f"  [{_consequence(change)}]"
    yield f"  {change['verdict']:<6} {change['kind']} {place}{change['name']}{consequence}{_of(change)}"
    if change["cause"]:
        yield f"         because: {change['cause']}"
    for field in change["fields"]:
        yield from (f"         {line}" for line in _field(field))


def _consequence(change: Document) -> str:
    seconds = change["seconds"]
    return str(change["consequence"]) + (
        f": out of service for about {seconds:.1f} s last time" if seconds else ""
    )


def _field(field: Document) -> Iterator[str]:
    old, new = field["old"], field["new"]
    if isinstance(old, str) and isinstance(new, str) and "\n" in old + new:
        yield f"{field['path']}:"
        lines = difflib.unified_diff(old.splitlines(), new.splitlines(), lineterm="", n=1)
        yield from (f"  {line}" for line in list(lines)[2:])
    else:
        yield f"{field['path']}: {_value(old)} -> {_value(new)}"


def _value(value: Any) -> str:
    text = "(none)" if value is None else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 3]}..."
