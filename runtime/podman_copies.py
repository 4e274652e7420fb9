"""Containers that carry sloop's labels without being sloop's: `podman commit` and `clone` copy labels."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from runtime.grouping import given_name

MADE = "sloop/made"  # an annotation; `podman commit` doesn't copy those (seen with 4.3)


def copies(
    containers: Iterable[Mapping[str, Any]], annotations_of: Callable[[str], Mapping[str, str]]
) -> frozenset[str]:
    """Return the ids of the listed containers that only look like ours.

    One that bears the name that sloop gave is ours.  Under another name it is if a hand renamed it: then
    nobody else of ours has that name, and it has our annotation.  ``annotations_of`` an id is asked
    about those alone, so that looking costs nothing more where nobody meddled.
    """
    labelled = [(one["Id"], one["Names"][0], name) for one in containers if (name := _given(one))]
    named = {name for _, name, label in labelled if name == label}
    others = [(id_, label) for id_, name, label in labelled if name != label]
    return frozenset(id_ for id_, label in others if label in named or MADE not in annotations_of(id_))


def _given(container: Mapping[str, Any]) -> str:
    """Return the name that sloop gave, "" for what has no label of ours; an infra container is its pod's."""
    return "" if container.get("IsInfra") else given_name(container.get("Labels") or {})
