"""What .sloopignore leaves out: the patterns of gitignore, with its rules."""

import re

from runtime.dataclass import dataclass

_PIECES = {
    "**/": "(?:.*/)?",
    "/**/": "/(?:.*/)?",
    "/**": "/.+",
    "?": "[^/]",
    "[": "(?!)",
    "\\": "(?!)",
}


_NAMED = {
    "digit": "0-9",
    "lower": "a-z",
    "upper": "A-Z",
    "alpha": "a-zA-Z",
    "alnum": "a-zA-Z0-9",
    "space": r"\s",
}
_MEMBER = re.compile(r"\[:\w+:\]|(?:\\.|.)-(?:\\.|.)|\\.|.", re.DOTALL)
_GLOB = re.compile(  # a bracket that is never closed stays alone, and matches nothing
    r"^\*\*/|/\*\*/|/\*\*$|\\.|\[[!^]?+(?>\\.|\[:\w+:\]|.)(?>\\.|\[:\w+:\]|[^\]])*\]|\*+|.", re.DOTALL
)


@dataclass(frozen=True, slots=True)
class Pattern:
    """One line of the file; the last one that matches a name decides."""

    expression: re.Pattern[str]
    negated: bool
    directories_only: bool


def parse(text: str) -> tuple[Pattern, ...]:
    """Read the patterns of a file, as https://git-scm.com/docs/gitignore has them."""
    lines = (_stripped(line) for line in text.removeprefix("\ufeff").splitlines())
    return tuple(_pattern(line) for line in lines if line.strip("/!") and not line.startswith("#"))


def ignored(name: str, patterns: tuple[Pattern, ...]) -> bool:
    """Tell whether a file, named from the top, is left out: by itself or with a directory above it."""
    parts = name.split("/")
    above = ("/".join(parts[:depth]) for depth in range(1, len(parts)))
    return any(_matched(directory, True, patterns) for directory in above) or _matched(name, False, patterns)


def _matched(name: str, directory: bool, patterns: tuple[Pattern, ...]) -> bool:
    fitting = (p for p in reversed(patterns) if directory or not p.directories_only)
    return next((not p.negated for p in fitting if p.expression.fullmatch(name)), False)


def _stripped(line: str) -> str:
    return re.sub(r"(?<!\\) +$", "", line.removesuffix("\r"))


def _pattern(line: str) -> Pattern:
    negated = line.startswith("!")
    glob = line[1:] if negated else line
    body = glob.removesuffix("/")
    anywhere = "" if "/" in body else "(?:.*/)?"
    expression = anywhere + "".join(_translated(body.removeprefix("/")))
    return Pattern(re.compile(expression, re.DOTALL), negated, glob.endswith("/"))


def _translated(glob: str) -> list[str]:
    return [_PIECES.get(piece) or _piece(piece) for piece in _GLOB.findall(glob)]


def _piece(piece: str) -> str:
    if piece.startswith("*"):
        return "[^/]*"
    return _one_of(piece[1:-1]) if piece.startswith("[") else re.escape(piece[-1])


def _one_of(inside: str) -> str:
    negated = inside[0] in "!^"
    members = "".join(_member(piece) for piece in _MEMBER.findall(inside[1:] if negated else inside))
    if not members:
        return "[^/]" if negated else "(?!)"
    return f"(?!/)[{'^' if negated else ''}{members}]"


def _member(piece: str) -> str:
    if piece.startswith("[:"):
        return _NAMED.get(piece[2:-2], "")
    ends: list[str] = [end[-1] for end in re.findall(r"\\.|.", piece, re.DOTALL)]
    if len(ends) == 1:
        return re.escape(ends[0])
    return f"{re.escape(ends[0])}-{re.escape(ends[2])}" if ends[0] <= ends[2] else ""
