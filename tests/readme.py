"""Reads the README: its examples, and what it shows of their output."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()


@dataclass(frozen=True, slots=True)
class Example:
    """A block that a reader types; ``shown`` is the output that stands below it, "" where none does."""

    script: str
    shown: str


def examples(text: str = README) -> Iterator[Example]:
    """Yield the blocks marked ``sh``, in order.  Those marked ``shell`` set a machine up, and are not run."""
    blocks = re.findall(r"^```(sh|text)\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    for (kind, script), (following, output) in zip(blocks, [*blocks[1:], ("", "")], strict=True):
        if kind == "sh":
            yield Example(script, output if following == "text" else "")
