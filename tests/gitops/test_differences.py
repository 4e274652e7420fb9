"""Field by field, what differs; a Secret's values only as far as that they differ."""

from typing import Any

import pytest

from gitops.planning.changes import Field
from gitops.planning.differences import differences, masked

KEY = b"the key of tests"
ANNOTATION = "kubectl.kubernetes.io/last-applied-configuration"


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ({"a": 1}, {"a": 1}, ()),
        ({"a": 1}, {"a": 2}, (Field("a", 1, 2),)),
        ({"a": 1}, {"a": "1"}, (Field("a", 1, "1"),)),
        ({}, {"a": {"b": 1}}, (Field("a", None, {"b": 1}),)),
        ({"a": 1}, {}, (Field("a", 1, None),)),
        ({"a": [1, 2]}, {"a": [1]}, (Field("a[1]", 2, None),)),
        ({"a": [{"b": 1}]}, {"a": [{"b": 2}]}, (Field("a[0].b", 1, 2),)),
        ({"a": {"b.c/d": 1}}, {"a": {"b.c/d": 2}}, (Field("a[b.c/d]", 1, 2),)),
        ({"b": 1, "a": 1}, {"b": 2, "a": 2}, (Field("a", 1, 2), Field("b", 1, 2))),
    ],
)
def test_differences_are_told_by_path_with_both_sides(
    old: dict[str, Any], new: dict[str, Any], expected: tuple[Field, ...]
) -> None:
    assert differences(old, new, KEY) == expected


def secret(value: str, **more: Any) -> dict[str, Any]:
    return {"kind": "Secret", "metadata": {"name": "login", "annotations": more}, "data": {"password": value}}


def test_a_changed_secret_is_told_as_changed_and_never_shown() -> None:
    (found,) = differences(secret("s3cr3t"), secret("other"), KEY)

    assert found.path == "data.password"
    assert found.old != found.new
    assert str(found.old).startswith("(hidden ")
    assert "s3cr3t" not in repr(found)


def test_the_same_secret_is_no_difference_and_under_another_key_looks_otherwise() -> None:
    assert differences(secret("s3cr3t"), secret("s3cr3t"), KEY) == ()
    assert masked(secret("s3cr3t"), KEY) != masked(secret("s3cr3t"), b"another")


def test_an_annotation_that_repeats_the_object_is_masked_too_and_others_are_not() -> None:
    shown = str(masked(secret("1", **{ANNOTATION: "s3cr3t", "team": "blue"}), KEY))

    assert "s3cr3t" not in shown
    assert "blue" in shown


@pytest.mark.parametrize("field", ["data", "stringData"])
def test_only_the_keys_of_a_secret_are_shown(field: str) -> None:
    document = {"kind": "Secret", "metadata": {"name": "login"}, field: {"password": "s3cr3t"}}

    shown = masked(document, KEY)

    assert list(shown[field]) == ["password"]
    assert "s3cr3t" not in str(shown)


def test_what_is_no_secret_is_shown_as_it_is() -> None:
    document = {"kind": "ConfigMap", "data": {"a": "b"}}

    assert masked(document, KEY) == document
