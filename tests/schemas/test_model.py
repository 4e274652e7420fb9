"""Models are strict, frozen, and spelt as Kubernetes spells them."""

from collections.abc import Mapping
from typing import Any

import pytest
from pydantic import Field, ValidationError

from schemas.model import Fault, Many, Model, Texts, camel, complain


class Inner(Model):
    size: int = 3


class Outer(Model):
    name: str = "x"
    inner: Inner | None = None
    listed: Many[Inner] = ()
    texts: Texts[str, str] = Field(default_factory=dict)
    anything: Mapping[str, Any] = Field(default_factory=dict)


@pytest.mark.parametrize(
    ("name", "spelt"),
    [
        ("replicas", "replicas"),
        ("min_ready_seconds", "minReadySeconds"),
        ("host_ip", "hostIP"),
        ("ip_families", "ipFamilies"),
        ("host_pid", "hostPID"),
        ("cluster_ips", "clusterIPs"),
        ("set_hostname_as_fqdn", "setHostnameAsFQDN"),
        ("downward_api", "downwardAPI"),
        ("api_version", "apiVersion"),
        ("scale_io", "scaleIO"),
    ],
)
def test_a_field_is_spelt_as_in_kubernetes(name: str, spelt: str) -> None:
    assert camel(name) == spelt


def test_a_null_is_the_same_as_nothing() -> None:
    assert Outer.model_validate({"name": None, "inner": None, "listed": None}) == Outer()


def test_a_null_among_texts_is_the_empty_text() -> None:
    assert Outer.model_validate({"texts": {"a": None}}).texts == {"a": ""}


def test_a_null_inside_an_unknown_mapping_stays() -> None:
    assert Outer.model_validate({"anything": {"a": None}}).anything == {"a": None}


def test_a_list_becomes_a_tuple() -> None:
    assert Outer.model_validate({"listed": [{"size": 1}]}).listed == (Inner(size=1),)


@pytest.mark.parametrize(
    "data",
    [
        {"name": 1},
        {"inner": []},
        {"inner": {"size": "1"}},
        {"inner": {"size": True}},
        {"listed": {}},
        {"x": 1},
    ],
)
def test_another_type_is_an_error(data: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Outer.model_validate(data)


def test_a_value_does_not_change() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        Outer().name = "y"  # type: ignore[misc]


def test_faults_are_told_at_their_fields() -> None:
    with pytest.raises(ValidationError) as raised:
        complain([Fault(("a", 0), "wrong"), Fault(("b",), "wrong too")])

    assert [(each["loc"], each["msg"]) for each in raised.value.errors()] == [
        (("a", 0), "wrong"),
        (("b",), "wrong too"),
    ]


def test_no_fault_is_no_error() -> None:
    complain([])
