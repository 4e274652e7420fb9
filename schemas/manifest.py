"""A manifest: a typed object together with where and how it was written."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from schemas.kinds import Object
from schemas.positions import Origin


@dataclass(frozen=True, slots=True)
class Manifest:
    """A typed object, and the document it was read from.

    ``document`` is the plain data as the user wrote it; nobody changes it. Neither it nor a
    Secret's values are in the ``repr``.
    """

    object: Object
    file: str
    line: int
    document: Mapping[str, Any] = field(repr=False)
    origin: Origin = field(repr=False, compare=False)
