"""No value of a Secret is quoted, whoever quotes it."""

import pytest

from gitops.planning.mask import masker
from tests.reconcilers.given import manifests

SECRET = """
    apiVersion: v1
    kind: Secret
    metadata: {name: login, namespace: shop}
    stringData: {long: s3cr3t-and-more, short: s3cr3t, tiny: abc, empty: ""}
    data: {encoded: ZnJvbS1iYXNlNjQK}  # from-base64, and a newline
"""
CONFIG = """
    apiVersion: v1
    kind: ConfigMap
    metadata: {name: conf, namespace: shop}
    data: {COLOUR: crimson}
"""


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("cannot set PASSWORD=s3cr3t: no", "cannot set PASSWORD=(hidden): no"),
        ("s3cr3t-and-more", "(hidden)"),
        ("s3cr3t s3cr3t", "(hidden) (hidden)"),
        ("x from-base64 y", "x (hidden) y"),
        ("abc and crimson", "abc and crimson"),
        ("", ""),
    ],
)
def test_values_are_hidden_the_longest_first_and_nothing_else_is(text: str, expected: str) -> None:
    assert masker(manifests(SECRET, CONFIG))(text) == expected


def test_without_secrets_nothing_is_hidden() -> None:
    assert masker(manifests(CONFIG))("crimson s3cr3t") == "crimson s3cr3t"
