"""What `sloop doctor` finds: one line each, with the way out."""

from collections.abc import Iterable, Iterator, Mapping
from enum import StrEnum
from typing import Any

from runtime.dataclass import dataclass


class Verdict(StrEnum):
    """How bad it is."""

    OK = "ok"
    WARNING = "warning"
    BLOCKS = "blocks"


@dataclass(frozen=True, slots=True)
class Finding:
    """What was looked at, how it is, and, where it isn't well, what to do."""

    check: str
    verdict: Verdict
    message: str
    remedy: str = ""


def ok(check: str, message: str) -> Finding:
    """Return that something is well."""
    return Finding(check, Verdict.OK, message)


def warning(check: str, message: str, remedy: str) -> Finding:
    """Return that something will be missed one day, or is missed by some."""
    return Finding(check, Verdict.WARNING, message, remedy)


def blocks(check: str, message: str, remedy: str) -> Finding:
    """Return that sloop can't do its work as it is."""
    return Finding(check, Verdict.BLOCKS, message, remedy)


def document(findings: Iterable[Finding]) -> Mapping[str, Any]:
    """Return findings as plain data."""
    rows = [
        {"check": one.check, "verdict": one.verdict, "message": one.message, "remedy": one.remedy}
        for one in findings
    ]
    return {"blocked": any(row["verdict"] == Verdict.BLOCKS for row in rows), "checks": rows}


def told(findings: Mapping[str, Any]) -> Iterator[str]:
    """Say what was found, each in a line, the way out behind it; the whole in the last line."""
    rows = findings["checks"]
    width = max(len(row["check"]) for row in rows)
    for row in rows:
        remedy = f": {row['remedy']}" if row["remedy"] else ""
        yield f"{row['verdict']:<8} {row['check']:<{width}}  {row['message']}{remedy}"
    wrong = [sum(row["verdict"] == verdict for row in rows) for verdict in (Verdict.BLOCKS, Verdict.WARNING)]
    yield f"{len(rows)} checks: {wrong[0]} block, {wrong[1]} warn"
