"""What is found of the proxies' image, and what to do where there is none."""

import pytest

from gitops.doctor.findings import Verdict
from gitops.doctor.proxy import proxy
from runtime.proxies import BUILT, OFFICIAL


@pytest.mark.parametrize(
    ("setting", "images", "installed", "verdict", "word"),
    [
        ("", {OFFICIAL}, "", Verdict.OK, "official image is here"),
        ("", {BUILT}, "", Verdict.OK, "made of this machine's own"),
        ("", set(), "2.6.12", Verdict.OK, "HAProxy 2.6.12, if the official image can't be pulled"),
        ("", set(), "", Verdict.WARNING, "this machine has no HAProxy"),
        (BUILT, {OFFICIAL}, "2.6.12", Verdict.OK, "it will be made of this machine's HAProxy 2.6.12"),
        (BUILT, set(), "", Verdict.WARNING, "this machine has no HAProxy"),
        ("example.org/haproxy:3", set(), "2.6.12", Verdict.WARNING, "isn't here yet"),
        ("example.org/haproxy:3", {"example.org/haproxy:3"}, "", Verdict.OK, "is here"),
    ],
)
def test_it_is_told_which_image_proxies_will_have(
    setting: str, images: set[str], installed: str, verdict: Verdict, word: str
) -> None:
    found = proxy(setting, frozenset(images), installed)

    assert found.verdict is verdict
    assert word in found.message
    assert bool(found.remedy) == (verdict is not Verdict.OK)
