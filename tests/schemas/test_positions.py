"""Every field is found again in the text it was written in."""

import pytest

from schemas.positions import Origin, field_path

TEXT = """\
kind: Pod
spec:
  containers:
    - name: a
      env: [{name: A, value: x}]
  base: &base {image: b}
  other:
    <<: *base
    more: {<<: [*base]}
"""


@pytest.mark.parametrize(
    ("path", "value", "key"),
    [
        ((), (11, 1), (11, 1)),
        (("kind",), (11, 7), (11, 1)),
        (("spec", "containers", 0), (14, 7), (14, 7)),
        (("spec", "containers", 0, "env", 0, "value"), (15, 30), (15, 23)),
        (("spec", "other", "image"), (16, 23), (16, 16)),
        (("spec", "other", "more", "image"), (16, 23), (16, 16)),
        (("spec", "containers", 0, "image"), (14, 7), (14, 7)),
        (("spec", "containers", 9), (14, 5), (14, 5)),
        (("spec", "nobody", "knows"), (13, 3), (13, 3)),
    ],
)
def test_a_field_has_its_place(
    path: tuple[str | int, ...], value: tuple[int, int], key: tuple[int, int]
) -> None:
    origin = Origin("pod.yaml", 10, TEXT)

    assert origin.locate(path) == value
    assert origin.locate(path, at_key=True) == key


def test_a_place_inside_a_list_counts_from_the_item() -> None:
    origin = Origin("pod.yaml", 0, TEXT, ("spec", "containers", 0))

    problem = origin.problem(("name",), "wrong")

    assert str(problem) == "pod.yaml:4:13: spec.containers[0].name: wrong"


def test_text_that_is_no_yaml_has_its_first_line() -> None:
    assert Origin("x", 4, "a: [").locate(("a",)) == (5, 1)
    assert Origin("x", 4, "").locate(("a",)) == (5, 1)
    assert Origin("x", 4, "a: [").written(("a",)) is None


@pytest.mark.parametrize(
    ("path", "written"), [(("kind",), "Pod"), (("spec",), None), (("spec", "nobody"), None)]
)
def test_a_scalar_is_given_as_it_was_written(path: tuple[str, ...], written: str | None) -> None:
    assert Origin("x", 0, TEXT).written(path) == written


@pytest.mark.parametrize(
    ("path", "spelt"),
    [
        ((), ""),
        (("spec", "containers", 0, "image"), "spec.containers[0].image"),
        (("data", "nginx.conf"), 'data["nginx.conf"]'),
        (("metadata", "labels", "app.kubernetes.io/name"), 'metadata.labels["app.kubernetes.io/name"]'),
        (("items", 1), "items[1]"),
    ],
)
def test_a_path_is_spelt_as_people_do(path: tuple[str | int, ...], spelt: str) -> None:
    assert field_path(path) == spelt
