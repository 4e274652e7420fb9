"""Which containers that carry our labels are ours."""

from typing import Any

import pytest

from runtime.podman_copies import MADE, copies

OURS = {MADE: "true"}


def listed(name: str, label: str = "") -> dict[str, Any]:
    return {"Id": f"id-{name}", "Names": [name], "Labels": {"sloop/pod": label} if label else None}


@pytest.mark.parametrize(
    ("containers", "copied"),
    [
        ([listed("web", "web")], set()),
        ([listed("stranger")], set()),
        ([listed("renamed", "web")], set()),
        ([listed("renamed", "web"), listed("web")], set()),
        ([listed("clone", "web"), listed("web", "web")], {"id-clone"}),
    ],
    ids=["named", "unlabelled", "renamed", "renamed while a stranger took the name", "cloned"],
)
def test_a_pod_bears_its_name_or_was_renamed(containers: list[dict[str, Any]], copied: set[str]) -> None:
    assert copies(containers, lambda _: OURS) == copied


def test_a_container_of_an_image_that_copied_our_labels_is_a_copy() -> None:
    assert copies([listed("experiment", "web")], lambda _: {}) == {"id-experiment"}


def test_nobody_is_asked_about_where_nobody_meddled() -> None:
    def asked(container: str) -> dict[str, str]:
        raise AssertionError(container)

    assert copies([listed("web", "web"), listed("api", "api"), listed("stranger")], asked) == set()
