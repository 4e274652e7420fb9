"""Images by name, and when they are pulled."""

from typing import Literal

PullPolicy = Literal["Always", "IfNotPresent", "Never"]


def named(image: str) -> str:
    """Return an image's name as it is; raises ValueError where it can't be one."""
    if not image or image != image.strip():
        raise ValueError("must be an image's name, without spaces around it")
    return image


def default_policy(image: str) -> PullPolicy:
    """Return when an image is pulled of which nobody says so: ``Always`` for the tag ``latest`` or none."""
    return "Always" if tag_of(image) == "latest" else "IfNotPresent"


def tag_of(image: str) -> str:
    """Return an image's tag, ``latest`` where it has none, and "" for one that is named by digest."""
    name, _, digest = image.partition("@")
    tag = name.rpartition("/")[2].partition(":")[2]
    return "" if digest else tag or "latest"
