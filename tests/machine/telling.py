"""Tells the person who ran make what is being done, apart from what a command prints."""

import sys


def tell(line: str) -> None:
    """Write one line to standard error, at once."""
    sys.stderr.write(line + "\n")
    sys.stderr.flush()
