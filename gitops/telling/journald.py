"""Lines for systemd's journal, where a stream leads there: each with its level in front (sd-daemon(3))."""

import os
from enum import IntEnum
from typing import TextIO


class Level(IntEnum):
    """How much a line matters, in syslog's numbers."""

    ERROR = 3
    WARNING = 4
    INFO = 6


def leveled(text: str, level: Level, stream: TextIO) -> str:
    """Return a text as the stream should get it: with levels if the journal reads it, else as it is."""
    if not leads_to_journal(stream):
        return text
    return "\n".join(f"<{level}>{line}" for line in text.split("\n"))


def leads_to_journal(stream: TextIO) -> bool:
    """Say whether what is written there is read by the journal, which names the stream by its file."""
    named = os.environ.get("JOURNAL_STREAM")
    if not named:
        return False
    try:
        found = os.fstat(stream.fileno())
    except (OSError, ValueError, AttributeError):
        return False
    return named == f"{found.st_dev}:{found.st_ino}"
