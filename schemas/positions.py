"""Where in a file a field stands: looked up only when there is a problem with it."""

from dataclasses import dataclass

from schemas.model import Path


@dataclass(frozen=True, slots=True)
class Origin:
    """The text of the document that an object was written in, and its place in the file."""

    file: str
    first_line: int
    text: str
    prefix: Path = ()
