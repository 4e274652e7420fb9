"""Names keep the rules of Kubernetes' own tables."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from schemas import int_or_percent, names
from schemas.names import Rule

RULES: dict[str, Any] = json.loads((Path(__file__).parents[1] / "kubernetes/names.json").read_text())["rules"]


def _takes(check: Callable[[Any], object]) -> Callable[[Any], bool]:
    def takes(name: Any) -> bool:
        try:
            check(name)
        except ValueError:
            return False
        return True

    return takes


CHECKS: dict[str, Callable[[Any], bool]] = {
    "DNS1123Label": names.DNS_LABEL.allows,
    "DNS1123Subdomain": names.DNS_SUBDOMAIN.allows,
    "DNS1035Label": names.SERVICE_NAME.allows,
    "ValidPortNum": _takes(names.port_number),
    "ValidPortName": names.PORT_NAME.allows,
    "QualifiedName": _takes(names.label_key),
    "ValidLabelValue": names.LABEL_VALUE.allows,
    "ValidPercent": int_or_percent.is_percent,
    "ConfigMapKey": names.DATA_KEY.allows,
    "WildcardDNS1123Subdomain": names.WILDCARD_SUBDOMAIN.allows,
    "RelaxedEnvVarName": names.ENV_NAME.allows,
}


@pytest.mark.parametrize(("rule", "name"), [(rule, name) for rule in RULES for name in RULES[rule]["valid"]])
def test_a_valid_name_is_taken(rule: str, name: Any) -> None:
    assert CHECKS[rule](name)


@pytest.mark.parametrize(
    ("rule", "name"), [(rule, name) for rule in RULES for name in RULES[rule].get("invalid", ())]
)
def test_an_invalid_name_is_refused(rule: str, name: Any) -> None:
    assert not CHECKS[rule](name)


@pytest.mark.parametrize("key", ["", ".", "..", "..data", "a/b", "a b", "ä", "x" * 254, "a\n"])
def test_a_key_that_is_no_file_name_is_refused(key: str) -> None:
    assert not names.DATA_KEY.allows(key)


@pytest.mark.parametrize("rule", [rule for rule in vars(names).values() if isinstance(rule, Rule)])
def test_no_name_ends_with_a_line_break(rule: Rule) -> None:
    assert not rule.allows("a\n")


@pytest.mark.parametrize("path", ["a", "a/b", "..a", "", "a..b/c"])
def test_a_path_that_stays_inside_is_taken(path: str) -> None:
    assert names.inner_path(path) == path


@pytest.mark.parametrize("path", ["/a", "..", "a/../b", "../a", "a/.."])
def test_a_path_that_leads_out_is_refused(path: str) -> None:
    with pytest.raises(ValueError, match="relative path"):
        names.inner_path(path)


@pytest.mark.parametrize("text", ["10.0.0.1", "::1", "0.0.0.0", "fe80::1"])
def test_an_address_is_taken(text: str) -> None:
    assert names.ip_address(text) == text


@pytest.mark.parametrize("text", ["", "10.0.0", "localhost", "10.0.0.256", ":"])
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="IP address"):
        names.ip_address(text)


def test_a_relative_mount_path_starts_at_the_root() -> None:
    assert names.absolute_path("etc/app") == "/etc/app"
