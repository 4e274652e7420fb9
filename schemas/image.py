"""Images by name, and when they are pulled."""

import re
from typing import Literal

PullPolicy = Literal["Always", "IfNotPresent", "Never"]

# Source: github.com/distribution/reference, whose grammar registries and engines share.
_WORD = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
_HOST = r"(?:[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?|\[[0-9a-fA-F:]+\])(?::[0-9]+)?"
_TAG = r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}"
_DIGEST = r"[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]+"
_NAME = re.compile(rf"(?:{_HOST}/)?{_WORD}(?:/{_WORD})*(?::{_TAG})?(?:@{_DIGEST})?")


def named(image: str) -> str:
    """Return an image's name as it is; raises ValueError where it can't be one."""
    if not _NAME.fullmatch(image):
        raise ValueError("must be an image's name, such as docker.io/library/busybox:1.37, in lower case")
    return image


def default_policy(image: str) -> PullPolicy:
    """Return when an image is pulled of which nobody says so: ``Always`` for the tag ``latest`` or none."""
    return "Always" if tag_of(image) == "latest" else "IfNotPresent"


def tag_of(image: str) -> str:
    """Return an image's tag, ``latest`` where it has none, and "" for one that is named by digest."""
    name, _, digest = image.partition("@")
    tag = name.rpartition("/")[2].partition(":")[2]
    return "" if digest else tag or "latest"
