"""docs/support.md says of every kind and field what the models say of it."""

import json
import re
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from schemas.kinds import KINDS
from schemas.support import page
from schemas.verdicts import NAMED

HERE = Path(__file__).parent
KUBERNETES = json.loads((HERE / "kubernetes/fields.json").read_text())["fields"]


def sections() -> Mapping[str, Mapping[str, str]]:
    """Return the class of each field, by section."""
    parts = re.split(r"^## (.+)$", page(), flags=re.MULTILINE)
    return {name: rows(text) for name, text in zip(parts[1::2], parts[2::2], strict=True)}


def rows(text: str) -> Mapping[str, str]:
    return dict(re.findall(r"^\| `(\w+)(?:\[\])?`.*? \| ([\w ]+) \|", text, re.MULTILINE))


SECTIONS = sections()


def test_the_page_says_what_the_models_say(expected: Callable[[Path, str], str]) -> None:
    assert expected(HERE.parent / "docs/support.md", page()) == page()


def test_every_kind_that_is_known_stands_on_the_page() -> None:
    listed = set(re.findall(r"^\| \[?(\w+)\S* \| (\S*v\w+) \|", page(), re.MULTILINE))

    assert listed == {(kind, version) for version, kind in [*KINDS, *NAMED]}


@pytest.mark.parametrize(
    "model", sorted(model for model in KUBERNETES if model.rpartition(".")[2] in SECTIONS)
)
def test_every_field_that_kubernetes_has_stands_in_its_section(model: str) -> None:
    assert set(KUBERNETES[model]) == set(SECTIONS[model.rpartition(".")[2]])


def test_the_sections_are_the_models_that_are_looked_at() -> None:
    left_out = {model.rpartition(".")[2] for model in KUBERNETES} - SECTIONS.keys()

    assert {"PodSpec", "Container", "Probe", "ServicePort"} <= SECTIONS.keys()
    assert {"Affinity", "Toleration"} <= left_out


@pytest.mark.parametrize(
    ("model", "field", "word"),
    [
        ("Container", "image", "honoured"),
        ("Container", "lifecycle", "honoured"),
        ("PodSpec", "affinity", "noted"),
        ("PodSpec", "hostUsers", "in part refused"),
        ("PodSpec", "readinessGates", "refused"),
        ("Resources", "limits", "in part noted and refused"),
        ("Service", "spec", "in part refused"),
        ("PersistentVolumeSpec", "persistentVolumeReclaimPolicy", "in part noted"),
    ],
)
def test_a_field_has_the_class_of_its_marks(model: str, field: str, word: str) -> None:
    assert SECTIONS[model][field] == word


def test_every_link_leads_to_a_section_and_no_section_is_there_twice() -> None:
    heads = [head.lower() for head in re.findall(r"^## (.+)$", page(), re.MULTILINE)]

    assert len(heads) == len(set(heads))
    assert set(re.findall(r"\]\(#(\w+)\)", page())) <= set(heads)
